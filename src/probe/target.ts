/** The URL of a server that can be looked at. */
import { LocalCaError } from '../errors.ts';
import { STARTS, startOf } from './starts.ts';

export interface Target {
  /** One of STARTS. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

export const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** Reads a URL like `https://host`, `tls://host:1433` or `postgres://host`. Throws LOCAL_CA_OPTION_INVALID. */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  const start = startOf(scheme);
  // WHATWG URLs have hosts of their own kind for schemes that they do not know, so a known one lends its rules.
  const known = url === undefined || url.hostname === '' ? undefined : lend(text);
  if (url === undefined || known === undefined || start === undefined) throw notATarget(text);
  const port = Number(url.port || known.port || start.port);
  return { scheme, host: known.hostname.replace(/^\[|\]$/g, ''), port };
}

function lend(text: string): URL | undefined {
  const other = text.replace(/^[^:]+/, 'https');
  return URL.canParse(other) ? new URL(other) : undefined;
}

/** A database's URL may have a password in it. */
const withoutPassword = (text: string) => text.replace(/\/\/.*@/, '//');

const notATarget = (text: string) =>
  new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${JSON.stringify(withoutPassword(text))} is not a server that can be looked at`,
    `Write it like tls://db1.example.test:6514; known are ${Object.keys(STARTS).join(', ')}.`,
  );
