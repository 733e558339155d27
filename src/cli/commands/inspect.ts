import { parseCrl } from '../../core/crl.ts';
import { parseCsr, proofOfPossession } from '../../core/csr.ts';
import {
  type CertificateDescription,
  type CrlDescription,
  describeCertificate,
  describeCrl,
  describeCsr,
  describeKey,
} from '../../core/describe.ts';
import { parseCertificate } from '../../core/parse.ts';
import { lookAt } from '../../probe/look.ts';
import { isUrl, parseTarget, type Target, urlOf } from '../../probe/target.ts';
import type { Command, Context } from '../command.ts';
import { servedJson } from '../probing/json.ts';
import { type Found, readContents, readInput } from '../read-file.ts';
import { timeLeft } from '../records.ts';
import { secretFrom } from '../values.ts';

export const inspect: Command = {
  name: 'inspect',
  args: '<file>',
  summary: 'Show what is in a file, or what a server serves',
  flags: [
    { flags: '--password <password>', about: 'opens a key, a PKCS#12 or a Java key store' },
    { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
  ],
  examples: [
    [
      'local-ca inspect ca.jks',
      'PEM, DER, P7B, P12, JKS, keys, requests, revocation lists and zips of these are told apart by themselves',
    ],
    ['openssl s_client -connect db1:443 </dev/null | local-ca inspect -', 'from standard input'],
    ['local-ca inspect https://db1.example.test', 'the chain that a live server serves'],
  ],
  run: async (context, [source = ''], flags) => {
    const { head, found } = isUrl(source)
      ? await fromServer(parseTarget(source))
      : await fromFile(source, secretFrom(flags, 'password'));
    const entries: Entry[] = [];
    for (const one of found) entries.push(await describe(context, one));
    context.io.result({ ...head, entries }, textOf(head, entries, context.ambient.now()));
    return undefined;
  },
};

type Head = { readonly source: string; readonly format: string } & Partial<ReturnType<typeof servedJson>>;

interface Inspected {
  readonly head: Head;
  readonly found: readonly Found[];
}

async function fromFile(source: string, password: string | undefined): Promise<Inspected> {
  const { format, found } = await readContents(await readInput(source), source, password);
  return { head: { source, format }, found };
}

/** The URL that was given may have a password in it. */
async function fromServer(target: Target): Promise<Inspected> {
  const served = await lookAt(target);
  const found = served.chain.map((der): Found => ({ kind: 'certificate', der }));
  return { head: { source: urlOf(target), format: 'tls', ...servedJson(served) }, found };
}

type Entry = Readonly<Record<string, unknown>> & { readonly kind: Found['kind'] };

async function describe({ ambient }: Context, one: Found): Promise<Entry> {
  const at = ambient.now();
  const place = {
    ...(one.path === undefined ? {} : { path: one.path }),
    ...(one.alias === undefined ? {} : { alias: one.alias }),
  };
  switch (one.kind) {
    case 'certificate':
      return {
        kind: one.kind,
        ...place,
        trusted: one.trusted === true,
        ...describeCertificate(parseCertificate(one.der), at),
      };
    case 'csr': {
      const csr = parseCsr(one.der);
      return {
        kind: one.kind,
        ...place,
        ...describeCsr(csr),
        proofOfPossession: await proofOfPossession(csr, ambient),
      };
    }
    case 'crl':
      return { kind: one.kind, ...place, ...describeCrl(parseCrl(one.der), at) };
    case 'private-key':
      return { kind: one.kind, ...place, ...describeKey(one.key) };
    default:
      return { kind: one.kind, ...place, title: one.title };
  }
}

// --- for people --------------------------------------------------------------------------------------------------

/** Left out of the text: said in other words, or for machines. */
const QUIET = new Set([
  'kind',
  'extensions',
  'state',
  'daysLeft',
  'trusted',
  'selfIssued',
  'version',
  'fingerprintSha1',
  'publicKeySha256',
]);

const TITLES: Readonly<Record<Found['kind'], string>> = {
  certificate: 'certificate',
  csr: 'certificate request',
  crl: 'revocation list',
  'private-key': 'private key (not shown)',
  'encrypted-private-key': 'encrypted private key',
  'public-key': 'public key',
  other: 'something else',
};

function textOf(head: Head, entries: readonly Entry[], now: Date): string {
  const count = `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`;
  return [`${headText(head)}: ${count}`, ...entries.map((entry) => entryText(entry, now))].join('\n\n');
}

function headText({ format, protocol, cipher, alpn, way, ...clients }: Head): string {
  const asked = clients.asksForClientCertificate === true ? 'asks for a client certificate' : '';
  const asks = clients.requiresClientCertificate === true ? 'wants a client certificate' : asked;
  return [format, protocol, cipher, alpn, way, asks].filter(Boolean).join(', ');
}

function entryText(entry: Entry, now: Date): string {
  const lines = Object.entries(entry)
    .filter(([key, value]) => !QUIET.has(key) && !isEmpty(value))
    .map(([key, value]) => `  ${key.padEnd(18)} ${(LIST_TEXTS[key] ?? valueText)(value)}`);
  return [`${TITLES[entry.kind]}${stateText(entry, now)}`, ...lines, ...unknownCritical(entry)].join('\n');
}

/** As many as a screen has lines; --json has them all. */
const MOST_REVOKED = 20;

/** What only a revocation list has: its number, as every other program writes it, and a line for each serial. */
const LIST_TEXTS: Readonly<Record<string, (value: unknown) => string>> = {
  number: (hex) => numberText(String(hex)),
  revoked: (value) => {
    const all = value as CrlDescription['revoked'];
    const rows = all.slice(0, MOST_REVOKED).map(({ serial, revokedAt, reason, invalidSince }) => {
      const since = invalidSince === null ? '' : `, invalid since ${invalidSince}`;
      return `    ${serial}  ${revokedAt}  ${reason ?? 'no reason given'}${since}`;
    });
    const more = all.length - rows.length;
    return [String(all.length), ...rows, ...(more === 0 ? [] : [`    and ${more} more: --json has them all`])].join(
      '\n',
    );
  },
};

/** Numbers may have 20 bytes (RFC 5280 5.2.3), and millions of digits take minutes to convert. */
const numberText = (hex: string): string => (hex.length > 40 ? `0x${hex}` : String(BigInt(`0x${hex}`)));

const isEmpty = (value: unknown) => value === null || value === false || (Array.isArray(value) && value.length === 0);

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (value === null || typeof value !== 'object') return String(value);
  return Object.entries(value)
    .filter(([, part]) => !isEmpty(part))
    .map(([key, part]) => `${key} ${valueText(part)}`)
    .join('; ');
}

function stateText({ kind, ...entry }: Entry, now: Date): string {
  if (kind === 'crl' && entry.nextUpdate) return `, ${timeLeft(new Date(String(entry.nextUpdate)), now)}`;
  if (kind !== 'certificate') return '';
  const { state, notAfter, trusted } = entry as unknown as CertificateDescription & { trusted: boolean };
  const left = state === 'not-yet-valid' ? 'not yet valid' : timeLeft(new Date(notAfter), now);
  return `, ${left}${trusted ? ', trusted' : ''}`;
}

function unknownCritical({ extensions }: Entry): string[] {
  const list = (extensions ?? []) as CertificateDescription['extensions'];
  return list
    .filter(({ state }) => state !== 'decoded')
    .map(({ oid, name, critical, state }) => `  ${state} extension ${name ?? oid}${critical ? ', critical' : ''}`);
}
