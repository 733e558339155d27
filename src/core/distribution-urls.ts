/** Addresses that go into certificates, for clients to fetch revocation lists from and to ask OCSP responders at. */
import { LocalCaError } from '../errors.ts';
import { quote } from './text.ts';
import type { Warning } from './validity.ts';

export interface DistributionOptions {
  /** Where clients fetch the CA's revocation list: http, https or ldap URLs. */
  crlUrls?: readonly string[] | undefined;
  /** Where clients ask whether a certificate is revoked: http or https URLs of OCSP responders. */
  ocspUrls?: readonly string[] | undefined;
}

export interface Distribution {
  readonly crlUrls: readonly string[];
  readonly ocspUrls: readonly string[];
}

export function normalizeDistribution({ crlUrls = [], ocspUrls = [] }: DistributionOptions): Distribution {
  return {
    crlUrls: checkUrls(crlUrls, 'a revocation list', ['http', 'https', 'ldap']),
    ocspUrls: checkUrls(ocspUrls, 'an OCSP responder', ['http', 'https']),
  };
}

/** RFC 3986's characters and no others: Java refuses a certificate whose URI has one more. */
const URI = /^([\w.~:/?#[\]@!$&'()*+,;=-]|%[\dA-F]{2})+$/i;

function checkUrls(urls: readonly string[], what: string, schemes: readonly string[]): string[] {
  for (const url of urls) {
    const scheme = /^[a-z]+(?=:\/\/)/i.exec(url)?.[0].toLowerCase() ?? '';
    if (!schemes.includes(scheme)) throw invalid(url, what, `it does not start with ${schemes.join('://, ')}://`);
    if (!URI.test(url)) throw invalid(url, what, 'it has a character that no URL has');
    // A directory needs no host: ldap:///CN=... asks the client's own.
    if (!URL.canParse(url) || /^https?:\/\/([/?#]|$)/i.test(url)) throw invalid(url, what, 'it has no host');
    if (new URL(url).username !== '') throw invalid(url, what, 'everybody who sees a certificate reads its user name');
  }
  return [...new Set(urls)];
}

const invalid = (url: string, what: string, why: string) =>
  new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${quote(url)} cannot be the address of ${what}: ${why}`,
    'Write it like http://pki.example.test/ca.crl; percent-encode spaces and what is not ASCII.',
  );

export const distributionWarnings = ({ crlUrls, ocspUrls }: Distribution): Warning[] =>
  [...crlUrls, ...ocspUrls]
    .filter((url) => /^https:/i.test(url))
    .map((url) => ({
      code: 'https-distribution',
      message: `many clients fetch revocation data over http only, and will not from ${url}; what is there is signed, so http is safe`,
    }));
