/**
 * Does a certificate stand for a host? RFC 6125 and RFC 9525 as clients apply them today: the SubjectAltName alone
 * (Go, Chrome and Node no longer look at the common name), and a wildcard for exactly one left label.
 */
import { LocalCaError } from '../errors.ts';
import { attempt } from './attempt.ts';
import { equalBytes } from './der.ts';
import { EXTENSION, type GeneralName, readGeneralNames } from './extensions.ts';
import { generalNameText, latin1 } from './name-text.ts';
import { parseName, type SubjectName } from './names.ts';
import { type Certificate, extensionValue } from './parse.ts';
import { commonName, decodeSubject } from './subject.ts';
import { quote } from './text.ts';

export const matchesHost = (certificate: Certificate, host: string): boolean =>
  hostMismatch(certificate, host) === undefined;

/** Why the certificate does not stand for this host; undefined when it does. Throws LOCAL_CA_NAME_INVALID. */
export function hostMismatch(certificate: Certificate, host: string): string | undefined {
  const wanted = parseHost(host);
  const names = alternativeNames(certificate);
  if (names.some((name) => matches(name, wanted))) return undefined;
  if (names.length > 0) return `it is for ${names.map(generalNameText).join(', ')}, not for ${wanted.text}`;
  const common = attempt(() => commonName(decodeSubject(certificate.subject)));
  const aside = common === undefined ? '' : `; clients no longer look at its common name ${quote(common)}`;
  return `it has no SubjectAltName that could match ${wanted.text}${aside}`;
}

/** The names of the SubjectAltName; none without that extension. */
export function alternativeNames(certificate: Pick<Certificate, 'extensions'>): GeneralName[] {
  const value = extensionValue(certificate, EXTENSION.subjectAltName);
  return value === undefined ? [] : readGeneralNames(value);
}

/** A host name without wildcard, or an address. Throws LOCAL_CA_NAME_INVALID. */
export function parseHost(host: string): SubjectName {
  const name = parseName(host);
  if ((name.kind === 'dns' && !name.text.startsWith('*')) || name.kind === 'ip') return name;
  throw new LocalCaError(
    'LOCAL_CA_NAME_INVALID',
    `${quote(host)} is not a host to connect to`,
    'Give one host name or IP address, like db1.example.test.',
  );
}

function matches(name: GeneralName, wanted: SubjectName): boolean {
  if (name.kind !== wanted.kind) return false;
  if (name.kind === 'ip') return equalBytes(name.bytes, wanted.bytes);
  return matchesPattern(latin1(name.bytes).toLowerCase(), wanted.text);
}

/** OpenSSL, GnuTLS, Node and browsers want two labels after the wildcard, so that `*.test` is not everybody. */
function matchesPattern(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const domain = pattern.slice(1);
  return /^(\.[^.*]+){2,}$/.test(domain) && host.slice(host.indexOf('.')) === domain && host.indexOf('.') > 0;
}
