import { parseCrl } from '../../core/crl.ts';
import type { Finding } from '../../core/findings.ts';
import { nameText } from '../../core/name-text.ts';
import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { PURPOSE_NAMES, type Purpose } from '../../core/purposes.ts';
import { type Verification, verifyChain } from '../../core/verify.ts';
import { LocalCaError } from '../../errors.ts';
import { lookAt } from '../../probe/look.ts';
import { isUrl, parseTarget } from '../../probe/target.ts';
import type { Command, Context, Flags } from '../command.ts';
import type { Io } from '../io.ts';
import { certificatesOf, crlsOf, readInput } from '../read-file.ts';
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
    const given = target === undefined ? await certificatesIn(file, flags) : (await lookAt(target)).chain;
    const [leaf, ...others] = given.map(parseCertificate);
    if (leaf === undefined) throw nothingIn(file);
    const roots = await rootsFrom(context, flags);
    const crl = flags.crl as string | undefined;
    const crls = crl === undefined ? undefined : (await crlsOf(await readInput(crl), crl)).map(parseCrl);
    const host = (flags.host as string | undefined) ?? target?.host;
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
    tell(context.io, file, verification);
    return verification.ok ? 0 : 3;
  },
};

const certificatesIn = async (file: string, flags: Flags) =>
  certificatesOf(await readInput(file), file, secretFrom(flags, 'password'));

const nothingIn = (file: string) =>
  new LocalCaError('LOCAL_CA_INPUT_UNKNOWN', `${file} has no certificate`, 'local-ca inspect FILE tells what it is.');

function wantRoots(error: unknown): never {
  if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_HOME_MISSING') throw error;
  throw new LocalCaError(error.code, error.message, 'Give the roots to trust with --ca FILE.', { cause: error });
}

/** From the file; a self-signed certificate there is a root, and without one the file's certificates are trusted as given. */
async function rootsFrom(context: Context, flags: Flags): Promise<Certificate[]> {
  const file = flags.ca as string | undefined;
  if (file === undefined) {
    const chain = await withAuthority(context, flags, async ({ ca }) => ca.chain).catch(wantRoots);
    return chain.slice(-1).map(({ certificate }) => parseCertificate(certificate));
  }
  const given = (await certificatesOf(await readInput(file), file, undefined)).map(parseCertificate);
  if (given.length === 0) throw nothingIn(file);
  return given;
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
