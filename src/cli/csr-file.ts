/** A certificate request that somebody hands in, and how it is shown. */
import { type CertificateRequest, parseCsr } from '../core/csr.ts';
import type { CsrDescription } from '../core/describe.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { readContents, readInput } from './read-file.ts';

/** The one request in a file, PEM or DER; `-` is standard input. */
export async function readCsrFile(path: string): Promise<CertificateRequest> {
  const { found } = await readContents(await readInput(path), path, undefined);
  const [first, ...more] = found.flatMap((one) => (one.kind === 'csr' ? [one.der] : []));
  if (first !== undefined && more.length === 0) return parseCsr(first);
  const what = first === undefined ? 'no certificate request' : `${more.length + 1} certificate requests`;
  throw new LocalCaError(
    'LOCAL_CA_CSR_INVALID',
    `${quote(path)} holds ${what}`,
    'Give a file with one PKCS#10 request; local-ca inspect FILE tells what it is.',
  );
}

export type Lines = readonly (readonly [title: string, text: string])[];

/** What is there, one thing to a line. */
export const linesText = (lines: Lines): string =>
  lines
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${title.padEnd(14)} ${text}`)
    .join('\n');

export function csrLines(csr: CsrDescription, isProven: boolean): Lines {
  const { authority, keyUsage, extendedKeyUsage, extensions, attributes } = csr;
  const others = extensions.filter(({ state }) => state !== 'decoded').map(({ oid, name }) => name ?? oid);
  return [
    ['subject', csr.subject || '(empty)'],
    ['names', csr.names.join(', ') || '(none)'],
    ['unfit names', csr.unfitNames?.join(', ') ?? '(cannot be read)'],
    ['key', csr.keyType],
    ['signed with', `${csr.signature}, ${isProven ? 'by its own key' : 'NOT BY ITS OWN KEY'}`],
    ['asks to be', authority ? 'a CA' : ''],
    ['key usage', keyUsage?.join(', ') ?? ''],
    ['good for', extendedKeyUsage?.join(', ') ?? ''],
    ['Windows CA', csr.microsoftTemplate === null ? '' : `template ${csr.microsoftTemplate}`],
    ['other', others.join(', ')],
    ...Object.entries(attributes).map(([name, text]) => ['attribute', `${name}: ${text}`] as const),
  ];
}
