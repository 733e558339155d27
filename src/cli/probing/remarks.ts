/** What `probe` can say about a server, in one table: what `verify` finds, and what only a live server can have. */
import { FINDINGS, type FindingCode } from '../../core/findings.ts';

/** A note says what may well be as it should: it is no reason for an exit code. */
type Weight = 'problem' | 'note';

export interface RemarkRow {
  readonly weight: Weight;
  readonly about: string;
  /** What to do about it, where that is the same each time. */
  readonly hint?: string;
}

/** Of revocation lists, which nobody gives here. */
type ListCode = Extract<FindingCode, `crl-${string}`>;
type ChainCode = Exclude<FindingCode, ListCode>;

const CHAIN_HINTS: Partial<Record<ChainCode, string>> = {
  untrusted:
    'If its CA is one of yours, give the root with --ca FILE. A server that sends its own certificate alone has to send those between it and the root, too.',
  host: 'Connect by a name that it has, or issue a certificate for this one. --host NAME checks another name.',
  revoked: 'Give the server another certificate: local-ca issue makes one.',
  'not-yet-valid': 'Check the clocks of this machine and of the server.',
};

const ofChain = (code: ChainCode): RemarkRow => {
  const hint = CHAIN_HINTS[code];
  const { severity, about } = FINDINGS[code];
  return { weight: severity === 'error' ? 'problem' : 'note', about, ...(hint === undefined ? {} : { hint }) };
};

const isChainCode = (code: string): code is ChainCode => Object.hasOwn(FINDINGS, code) && !code.startsWith('crl-');

const CHAIN_REMARKS = Object.fromEntries(
  Object.keys(FINDINGS)
    .filter(isChainCode)
    .map((code) => [code, ofChain(code)]),
) as Record<ChainCode, RemarkRow>;

const OWN_REMARKS = {
  'chain-incomplete': {
    weight: 'problem',
    about: 'The server does not send every certificate between its own and the root; many clients then refuse it.',
    hint: 'Give the server the file with the whole chain (NAME.chain.pem), not the certificate alone.',
  },
  due: { weight: 'problem', about: 'It ends soon, by the rule of `local-ca status`, or within what was asked for.' },
  outdated: { weight: 'problem', about: 'The certificate was renewed, and the server still serves the one before.' },
  'old-protocol': {
    weight: 'problem',
    about: 'It speaks nothing newer than TLS 1.1, which clients refuse (RFC 8996).',
    hint: 'Allow TLS 1.2 and 1.3 in the configuration of the server, or renew its TLS library.',
  },
  'client-refused': {
    weight: 'problem',
    about: 'The server did not accept the client certificate that was given with `--cert`.',
    hint: 'Check that it is valid, made for clients, and of a CA that the server trusts for them.',
  },
  'key-unproven': {
    weight: 'problem',
    about: 'The server broke off for want of a client certificate before it proved that it has the key of its own.',
    hint: 'With RSA key exchange that comes last. Give a client certificate with --cert FILE and --key FILE, or allow ECDHE in the configuration of the server.',
  },
  'client-certificate': {
    weight: 'note',
    about: 'The server lets in no client without a certificate.',
    hint: 'Give one with --cert FILE and --key FILE to see whether it is accepted.',
  },
  'root-sent': {
    weight: 'note',
    about: 'The server also sends the root: clients have it or do not trust it, and it only costs time.',
  },
  'not-on-record': {
    weight: 'note',
    about: 'A CA of this home signed it, and the inventory does not have it.',
    hint: 'That is so after an older copy of the home was put back, and of what a CA signed before it was taken over. If it is neither, find out who has the key of the CA.',
  },
  'another-on-record': {
    weight: 'note',
    about: 'The inventory has a valid certificate for this name, and the server serves one of somebody else.',
    hint: 'If the server is to have it, put its files there and have the server read them again.',
  },
} as const satisfies Record<string, RemarkRow>;

export type RemarkCode = ChainCode | keyof typeof OWN_REMARKS;

/** The codes are a contract; docs/probing.md has each. */
export const REMARKS: Readonly<Record<RemarkCode, RemarkRow>> = { ...CHAIN_REMARKS, ...OWN_REMARKS };

export interface Remark {
  readonly code: RemarkCode;
  readonly message: string;
  readonly hint: string | null;
}

/** In the table's words, or in closer ones. */
export const remark = (code: RemarkCode, message = REMARKS[code].about, hint = REMARKS[code].hint): Remark => ({
  code,
  message,
  hint: hint ?? null,
});

export const isProblem = ({ code }: Remark): boolean => REMARKS[code].weight === 'problem';

/** Undefined for a code of revocation lists. */
export const chainCode = (code: FindingCode): ChainCode | undefined => (isChainCode(code) ? code : undefined);
