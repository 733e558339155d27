/** What a certificate can be verified for, as a table. OpenSSL, Go and the RFC agree on these but for anyExtendedKeyUsage. */

import { type Finding, finding } from './findings.ts';
import { type Certificate, extendedKeyUsageOf, keyUsageOf } from './parse.ts';
import type { EXTENDED_KEY_USAGE, KeyUsage } from './profiles.ts';

interface PurposeRow {
  readonly extendedKeyUsage: readonly (keyof typeof EXTENDED_KEY_USAGE)[];
  /** Any one of these will do. */
  readonly keyUsage: readonly KeyUsage[];
}

const TLS_SERVER: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];
const TLS_CLIENT: readonly KeyUsage[] = ['digitalSignature', 'keyAgreement'];

const PURPOSES = {
  server: { extendedKeyUsage: ['serverAuth'], keyUsage: TLS_SERVER },
  client: { extendedKeyUsage: ['clientAuth'], keyUsage: TLS_CLIENT },
  peer: { extendedKeyUsage: ['serverAuth', 'clientAuth'], keyUsage: TLS_CLIENT },
  'code-signing': { extendedKeyUsage: ['codeSigning'], keyUsage: ['digitalSignature'] },
  email: {
    extendedKeyUsage: ['emailProtection'],
    keyUsage: ['digitalSignature', 'contentCommitment', 'keyEncipherment', 'keyAgreement'],
  },
} as const satisfies Record<string, PurposeRow>;

export type Purpose = keyof typeof PURPOSES;
export const PURPOSE_NAMES = Object.keys(PURPOSES) as readonly Purpose[];

/** An extendedKeyUsage in a CA limits what stands below it, as all clients read it. */
export function extendedUsageFindings(certificate: Certificate, purpose: Purpose): Finding[] {
  const usages = extendedKeyUsageOf(certificate);
  if (usages === undefined) return [];
  const lacking = PURPOSES[purpose].extendedKeyUsage.filter((usage) => !usages.includes(usage));
  if (lacking.length === 0) return [];
  if (usages.includes('anyExtendedKeyUsage')) return [finding('any-purpose', certificate)];
  const message = `it may not be used for ${purpose}: its extendedKeyUsage is ${usages.join(', ') || 'empty'}`;
  return [finding('purpose', certificate, message)];
}

export function keyUsageFindings(leaf: Certificate, purpose: Purpose): Finding[] {
  const usages = keyUsageOf(leaf);
  const wanted: readonly KeyUsage[] = PURPOSES[purpose].keyUsage;
  if (usages === undefined || wanted.some((usage) => usages.includes(usage))) return [];
  const message = `its keyUsage (${usages.join(', ') || 'empty'}) has none of ${wanted.join(', ')}`;
  return [finding('key-usage', leaf, message)];
}
