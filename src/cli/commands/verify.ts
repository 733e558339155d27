import { parseCrl } from '../../core/crl.ts';
import type { Finding } from '../../core/findings.ts';
import { nameText } from '../../core/name-text.ts';
import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { PURPOSE_NAMES, type Purpose } from '../../core/purposes.ts';
import { type Verification, verifyChain } from '../../core/verify.ts';
import { LocalCaError } from '../../errors.ts';
import { lookAt } from '../../probe/look.ts';
import { isUrl, parseTarget, type Target, urlOf } from '../../probe/target.ts';
import type { Command, Context, Flags } from '../command.ts';
import type { Io } from '../io.ts';
import { certificatesOf, crlsOf, readInput } from '../read-file.ts';
import { certificatesToTrust, nothingIn } from '../roots.ts';
import { withAuthority } from '../session.ts';
import { oneOf, secretFrom } from '../values.ts';

export const verify: Command = {
  name: 'verify',
  args: '<file>',
  summary: 'Check a certificate, or what a server serves, as a client would',
  flags: [
    { flags: '--ca <file>', about: "the roots to trust (default: this home's CA)" },
    { flags: '--host <name>', about: 'the name or address that a client connects to' },
    { flags: '--crl <file>', about: 'revocation lists; every CA of the chain is looked up in them' },
    {
      flags: '--purpose <purpose>',
      about: `what it must be good for: ${PURPOSE_NAMES.join(', ')}`,
      ...oneOf('--purpose', PURPOSE_NAMES),
    },
    { flags: '--password <password>', about: 'opens a PKCS#12 or Java key store' },
    { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
  ],
  examples: [
    ['local-ca verify db1.chain.pem --host db1.example.test', "against this home's CA"],
    ['local-ca verify db1.crt.pem --ca ca.pem --host 10.0.0.5', 'against the roots in a file'],
    ['local-ca verify https://db1.example.test --ca ca.pem', 'what a live server serves, for its own name'],
  ],
  exits: [[3, 'a client would refuse it']],
  run: async (context, [file = ''], flags) => {
    const target = isUrl(file) ? parseTarget(file) : undefined;
    const host = (flags.host as string | undefined) ?? target?.host;
    const given = target === undefined ? await certificatesIn(file, flags) : await servedBy(context.io, target, host);
    const [leaf, ...others] = given.map(parseCertificate);
    if (leaf === undefined) throw nothingIn(file);
    const roots = await rootsFrom(context, flags);
    const crl = flags.crl as string | undefined;
    const crls = crl === undefined ? undefined : (await crlsOf(await readInput(crl), crl)).map(parseCrl);
    const verification = await verifyChain({
      leaf,
      intermediates: others,
      roots,
      at: context.ambient.now(),
      purpose: (flags.purpose as Purpose | undefined) ?? (host === undefined ? undefined : 'server'),
      host,
      crls,
      ambient: context.ambient,
    });
    // A URL may have a password in it.
    tell(context.io, target === undefined ? file : urlOf(target), verification);
    return verification.ok ? 0 : 3;
  },
};

/** A client that connects to this name also asks for it. */
async function servedBy(io: Io, target: Target, servername: string | undefined): Promise<readonly Uint8Array[]> {
  const { chain, keyUnproven } = await lookAt(target, { servername });
  if (keyUnproven) io.warn('the server broke off before it had proven that it holds the key of its certificate');
  return chain;
}

const certificatesIn = async (file: string, flags: Flags) =>
  certificatesOf(await readInput(file), file, secretFrom(flags, 'password'));

function wantRoots(error: unknown): never {
  if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_HOME_MISSING') throw error;
  throw new LocalCaError(error.code, error.message, 'Give the roots to trust with --ca FILE.', { cause: error });
}

/** What is in the file is trusted as given; without a file, this home's root. */
async function rootsFrom(context: Context, flags: Flags): Promise<Certificate[]> {
  const file = flags.ca as string | undefined;
  if (file !== undefined) return certificatesToTrust(file);
  const chain = await withAuthority(context, flags, async ({ ca }) => ca.chain).catch(wantRoots);
  return chain.slice(-1).map(({ certificate }) => parseCertificate(certificate));
}

function tell(io: Io, file: string, { ok, chain, findings }: Verification): void {
  const verdict = ok ? io.style('green', 'ok') : io.style('red', 'refused');
  const subjects = chain.map((certificate) => nameText(certificate.subject) || certificate.serial);
  io.result(
    {
      ok,
      chain: subjects,
      findings: findings.map(({ code, severity, certificate, message }) => ({ code, severity, certificate, message })),
    },
    [`${file}: ${verdict}`, ...findings.map(line), `chain: ${subjects.join('  <-  ')}`].join('\n'),
  );
}

const line = ({ severity, code, certificate, message }: Finding) =>
  `  ${severity} ${code}: ${message} (${certificate})`;
