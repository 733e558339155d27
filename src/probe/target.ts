/** The URL of a server that can be looked at. */
import { nearNames } from '../core/near.ts';
import { LocalCaError } from '../errors.ts';
import { parameterIn, STARTS, startOf } from './starts.ts';

export interface Target {
  /** One of STARTS. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** What of the URL's parameters changes how TLS begins: `encrypt=strict`. */
  readonly parameter?: string;
}

export const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** Reads a URL like `https://host`, `tls://host:1433` or `postgres://host`. Throws LOCAL_CA_OPTION_INVALID. */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  const start = startOf({ scheme });
  // WHATWG URLs have hosts of their own kind for schemes that they do not know, so a known one lends its rules.
  const known = url === undefined || url.hostname === '' ? undefined : lend(text);
  if (url === undefined || known === undefined || start === undefined) throw notATarget(text, scheme);
  const port = Number(url.port || known.port || start.port);
  const parameter = parameterIn(start, url.searchParams);
  const host = known.hostname.replace(/^\[|\]$/g, '');
  return { scheme, host, port, ...(parameter === undefined ? {} : { parameter }) };
}

/** The URL that says all of a target, and nothing more: no user, no password. */
export function urlOf({ scheme, host, port, parameter }: Target): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${address}:${port}${parameter === undefined ? '' : `?${parameter}`}`;
}

function lend(text: string): URL | undefined {
  const other = text.replace(/^[^:]+/, 'https');
  return URL.canParse(other) ? new URL(other) : undefined;
}

/** A database's URL may have a password in it, and whoever forgets the scheme has it there all the same. */
const withoutPassword = (text: string) => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');

const notATarget = (text: string, scheme: string) =>
  new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${JSON.stringify(withoutPassword(text))} is not a server that can be looked at`,
    startOf({ scheme }) === undefined ? hintFor(scheme) : 'Write it like tls://db1.example.test:6514.',
  );

const MOST_SUGGESTIONS = 3;

const COMMON = 'tls, https, postgres, mysql, mssql, redis, mongodb, ldap, smtp, imap';

function hintFor(scheme: string): string {
  const near = nearest(scheme).slice(0, MOST_SUGGESTIONS);
  if (near.length > 0) return `Did you mean ${near.map((name) => `${name}://`).join(' or ')}?`;
  return `Write it like tls://db1.example.test:6514; known are ${COMMON} and more: docs/probing.md has all.`;
}

/** Among so many short words, many are near: one that has the other in it is meant first. */
function nearest(scheme: string): string[] {
  const near = scheme === '' ? [] : nearNames(scheme, Object.keys(STARTS));
  const alike = near.filter((name) => name.includes(scheme) || scheme.includes(name));
  return alike.length > 0 ? alike : near;
}
