/** What a name that is allowed would nevertheless break, and where. Measured with the programs that it names. */
import { parseName, type SubjectName } from '../../core/names.ts';

/** A name as a table row sees it. */
interface Asked {
  readonly name: SubjectName;
  /** As it was typed. */
  readonly text: string;
  readonly labels: readonly string[];
  /** All names of the certificate. */
  readonly all: readonly SubjectName[];
}

interface Row {
  readonly code: string;
  applies(asked: Asked): boolean;
  says(asked: Asked): string;
}

export interface Advice {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly text: string;
}

const isDns = ({ name }: Asked) => name.kind === 'dns';
const isWildcard = (asked: Asked) => isDns(asked) && asked.name.text.startsWith('*.');

const isShort = ({ kind, text }: SubjectName) => kind === 'dns' && !text.includes('.');

/** A full name, or an address that is not this machine's own. */
const isForOthers = ({ kind, text }: SubjectName) =>
  kind === 'ip' ? text !== '::1' && !text.startsWith('127.') : text.includes('.');

/** Suffixes that nobody can register, and that therefore cannot be somebody else's (RFC 2606, 6761, 6762, 8375, 9476). */
const PRIVATE = [
  'test',
  'example',
  'invalid',
  'localhost',
  'local',
  'internal',
  'home.arpa',
  'alt',
  'onion',
  'lan',
  'home',
  'corp',
  'mail',
  'localdomain',
  'intranet',
  'private',
];

/** Reserved for documentation (RFC 2606 3). */
const DOCUMENTATION = ['example.com', 'example.net', 'example.org'];

const isBelow = (text: string, suffixes: readonly string[]) =>
  suffixes.some((suffix) => text === suffix || text.endsWith(`.${suffix}`));

const ROWS: readonly Row[] = [
  {
    code: 'wide-wildcard',
    applies: (asked) => isWildcard(asked) && asked.labels.length === 2,
    says: ({ name }) =>
      `browsers, OpenSSL, GnuTLS and Node refuse ${name.text}: a wildcard needs two labels after it, like *.db.${name.text.slice(2)}`,
  },
  {
    code: 'wildcard',
    applies: (asked) => isWildcard(asked) && asked.labels.length > 2,
    says: ({ name }) =>
      `${name.text} stands for one label, not for ${name.text.slice(2)} itself; FreeTDS built with OpenSSL matches no wildcard at all: list its hosts where it connects`,
  },
  {
    code: 'address-only',
    applies: ({ name, all }) => name.kind === 'ip' && all[0] === name && all.every((other) => other.kind === 'ip'),
    says: () =>
      'only addresses, no host name: FreeTDS and old programs compare names alone, and a new address needs a new certificate; add the host name if there is one',
  },
  {
    code: 'underscore',
    applies: (asked) => isDns(asked) && asked.name.text.includes('_'),
    says: ({ name }) =>
      `${name.text} has an underscore, which host names may not have (RFC 952): strict programs refuse it`,
  },
  {
    code: 'single-label',
    applies: (asked) => isShort(asked.name) && asked.name.text !== 'localhost' && !asked.all.some(isForOthers),
    says: ({ name }) =>
      `${name.text} works where clients type just that; those who type ${name.text}.example.test or an address need these listed too`,
  },
  {
    code: 'mdns',
    applies: (asked) => isDns(asked) && isBelow(asked.name.text, ['local']),
    says: ({ name }) =>
      `${name.text} is found by multicast DNS (RFC 6762) in its own network only: other networks, containers and most servers do not see it`,
  },
  {
    code: 'public-domain',
    applies: (asked) =>
      isDns(asked) && asked.labels.length > 1 && !isBelow(asked.name.text, [...PRIVATE, ...DOCUMENTATION]),
    says: ({ name }) =>
      `${name.text} is in the public DNS: only machines that trust your CA will accept it, and visitors from outside will not`,
  },
  {
    code: 'long-name',
    applies: ({ name }) => name.text.length > 64,
    says: ({ name }) =>
      `${name.text.slice(0, 20)}… has ${name.text.length} characters, and a common name holds 64 (RFC 5280): programs that look at that alone will not find it`,
  },
  {
    code: 'converted',
    applies: (asked) => isDns(asked) && /(^|\.)xn--/.test(asked.name.text) && !/(^|\.)xn--/i.test(asked.text),
    says: ({ name, text }) =>
      `${text} is written ${name.text} in the certificate; programs convert it before they compare`,
  },
];

/** What one should know about a name, among the other names of the certificate. Throws LOCAL_CA_NAME_INVALID. */
export function nameAdvice(text: string, all: readonly string[] = [text]): Advice[] {
  const name = parseName(text);
  const others = all.map((other) => (other === text ? name : parseName(other)));
  const asked = { name, text, labels: name.text.split('.'), all: others };
  return ROWS.filter((row) => row.applies(asked)).map((row) => ({ code: row.code, text: row.says(asked) }));
}

/** On all names together; each said once. */
export function adviceOn(names: readonly string[]): Advice[] {
  const all = names.flatMap((name) => nameAdvice(name, names));
  return all.filter(({ text }, i) => all.findIndex((other) => other.text === text) === i);
}
