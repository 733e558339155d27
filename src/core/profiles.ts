/** What a certificate may be used for, as a table (RFC 5280 4.2.1.3, 4.2.1.12). */
import { LocalCaError } from '../errors.ts';
import { quote } from './text.ts';

/** Extended key usages by their usual names. */
export const EXTENDED_KEY_USAGE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

/** Bits of KeyUsage, in their order (RFC 5280 4.2.1.3). */
export const KEY_USAGE = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGE)[number];

export interface Profile {
  readonly name: string;
  readonly title: string;
  readonly authority: boolean;
  readonly keyUsage: readonly KeyUsage[];
  /** Added for RSA keys only: an elliptic-curve key encrypts nothing. */
  readonly keyUsageRsa: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly (keyof typeof EXTENDED_KEY_USAGE)[];
}

const authority = (name: string, title: string): Profile => ({
  name,
  title,
  authority: true,
  keyUsage: ['keyCertSign', 'cRLSign'],
  keyUsageRsa: [],
  extendedKeyUsage: [],
});

const leaf = (
  name: string,
  title: string,
  extendedKeyUsage: Profile['extendedKeyUsage'],
  keyUsageRsa: Profile['keyUsageRsa'] = ['keyEncipherment'],
): Profile => ({ name, title, authority: false, keyUsage: ['digitalSignature'], keyUsageRsa, extendedKeyUsage });

const PROFILES: readonly Profile[] = [
  authority('root', 'A root CA'),
  authority('intermediate', 'An intermediate CA'),
  leaf('server', 'A server', ['serverAuth']),
  // RFC 5280 4.2.1.12 lets clientAuth go with digitalSignature and keyAgreement, and not with keyEncipherment.
  leaf('client', 'A client', ['clientAuth'], []),
  leaf('peer', 'A cluster member, both server and client', ['serverAuth', 'clientAuth']),
  leaf('code-signing', 'A signer of programs', ['codeSigning'], []),
  leaf('email', 'A mailbox (S/MIME)', ['emailProtection']),
];

/** What `profile` may be. */
export const LEAF_PROFILES: readonly string[] = PROFILES.filter((row) => !row.authority).map((row) => row.name);

export const authorityProfile = (role: 'root' | 'intermediate'): Profile =>
  PROFILES.find((row) => row.name === role) as Profile;

/** The profile that a person named. Throws LOCAL_CA_PROFILE_UNKNOWN. */
export function findLeafProfile(text: string): Profile {
  const found = PROFILES.find((row) => row.name === text.toLowerCase() && !row.authority);
  if (found !== undefined) return found;
  throw new LocalCaError(
    'LOCAL_CA_PROFILE_UNKNOWN',
    `unknown profile ${quote(text)}`,
    `Use one of: ${LEAF_PROFILES.join(', ')}.`,
  );
}
