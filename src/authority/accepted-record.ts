/** What the home remembers of a certificate that another CA signed: all that its renewal will ask for. */
import { attempt } from '../core/attempt.ts';
import { algorithmOfSpki } from '../core/keys.ts';
import { generalNameText } from '../core/name-text.ts';
import { parseName } from '../core/names.ts';
import { checkLabel, normalizeLeaf } from '../core/options.ts';
import {
  type Certificate,
  certificateSubject,
  extendedKeyUsageOf,
  fingerprintSha256,
  subjectAltNamesOf,
} from '../core/parse.ts';
import { findLeafProfile, LEAF_PROFILES, type Profile } from '../core/profiles.ts';
import { commonName, formatSubject } from '../core/subject.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, RequestRecord } from '../store/store.ts';

export interface AcceptedFacts {
  /** From the issuer upwards. */
  readonly chain: readonly Uint8Array[];
  /** Undefined when no request waited. */
  readonly request: RequestRecord | undefined;
  /** What somebody said otherwise than the request. */
  readonly label: string | undefined;
  readonly template: string | undefined;
  readonly now: Date;
}

/** The key is not yet kept. Throws LOCAL_CA_LABEL_INVALID and LOCAL_CA_CERTIFICATE_INVALID. */
export function acceptedRecord(leaf: Certificate, facts: AcceptedFacts): CertificateRecord {
  const { request, chain, now } = facts;
  const names = namesOf(leaf, request);
  return {
    serial: leaf.serial,
    label: checkLabel(facts.label ?? request?.label ?? labelFrom(names, now)),
    profile: request?.profile ?? profileOf(leaf).name,
    template: facts.template ?? request?.template ?? null,
    names,
    subject: formatSubject(certificateSubject(leaf)),
    keyType: algorithmOfSpki(leaf.publicKey)?.keyType ?? 'unknown',
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    fingerprintSha256: fingerprintSha256(leaf.der),
    certificate: leaf.der,
    issuerId: null,
    chain,
    state: 'valid',
    revocation: null,
    issuedAt: now,
    keyId: null,
  };
}

/** Kinds that local-ca could not ask for again are left out. */
function namesOf(leaf: Certificate, request: RequestRecord | undefined): readonly string[] {
  const texts = (attempt(() => subjectAltNamesOf(leaf)) ?? []).map(generalNameText);
  const names = texts.filter((text) => attempt(() => parseName(text)) !== undefined);
  if (names.length > 0) return names;
  const common = commonName(certificateSubject(leaf));
  return request?.names ?? (common === undefined ? [] : [common]);
}

function labelFrom([first = '']: readonly string[], now: Date): string {
  const label = attempt(() => normalizeLeaf({ names: [first] }, now).label);
  if (label !== undefined) return label;
  throw new LocalCaError(
    'LOCAL_CA_LABEL_INVALID',
    `the certificate has no name that could be its label (${quote(first)})`,
    'Give it one with --label.',
  );
}

/** The one with just these uses; a server's when there is none. */
function profileOf(leaf: Certificate): Profile {
  const usages = attempt(() => extendedKeyUsageOf(leaf)) ?? [];
  const isSame = ({ extendedKeyUsage }: Profile) =>
    extendedKeyUsage.length === usages.length && extendedKeyUsage.every((usage) => usages.includes(usage));
  return LEAF_PROFILES.map(findLeafProfile).find(isSame) ?? findLeafProfile('server');
}
