/** What a request asks for, and what becomes of it: never more than the profile gives, whatever the request says. */

import { keyIdentifier } from '../core/certificate.ts';
import type { CertificateRequest, Requested } from '../core/csr.ts';
import { equalBytes } from '../core/der.ts';
import { EXTENSION, type Extension, readSubjectKeyIdentifier } from '../core/extensions.ts';
import { extensionName } from '../core/known-extensions.ts';
import type { LeafRequest } from '../core/options.ts';
import { findLeafProfile, LEAF_PROFILES, type Profile } from '../core/profiles.ts';
import { commonName } from '../core/subject.ts';
import type { Warning } from '../core/validity.ts';

/** What became of one extension that a request asked for. */
export interface ReviewedExtension {
  readonly oid: string;
  /** Null for an extension that local-ca does not know. */
  readonly name: string | null;
  /** What was asked for, as text. */
  readonly asked: string;
  readonly given: 'yes' | 'partly' | 'no';
  /** Why not; empty when it is given. */
  readonly why: string;
}

/** A request, and the certificate that would be made from it. */
export interface Reviewing {
  readonly csr: CertificateRequest;
  readonly requested: Requested;
  readonly leaf: LeafRequest;
  readonly rsa: boolean;
}

type Verdict = Omit<ReviewedExtension, 'oid' | 'name'>;
type Judge = (reviewing: Reviewing, extension: Extension) => Verdict;

const list = (items: readonly string[]) => items.join(', ');
const missingFrom = (from: readonly string[], wanted: readonly string[]) => wanted.filter((one) => !from.includes(one));

function judge(asked: readonly string[], given: readonly string[], why: string): Verdict {
  const missing = missingFrom(given, asked);
  if (missing.length === 0) return { asked: list(asked), given: 'yes', why: '' };
  return { asked: list(asked), given: missing.length < asked.length ? 'partly' : 'no', why };
}

const names: Judge = ({ requested, leaf }) => {
  const asked = [...requested.names.map(({ text }) => text), ...requested.unfitNames];
  const given = leaf.names.map(({ text }) => text);
  return judge(asked, given, `not ${list(missingFrom(given, asked))}`);
};

const keyUsages = ({ keyUsage, keyUsageRsa }: Profile, rsa: boolean) => [...keyUsage, ...(rsa ? keyUsageRsa : [])];

const keyUsage: Judge = ({ requested, leaf: { profile }, rsa }) => {
  const given = keyUsages(profile, rsa);
  return judge(requested.keyUsage ?? [], given, `the profile ${profile.name} gives ${list(given)}`);
};

const extendedKeyUsage: Judge = ({ requested, leaf: { profile } }) =>
  judge(
    requested.extendedKeyUsage ?? [],
    profile.extendedKeyUsage,
    `the profile ${profile.name} gives ${list(profile.extendedKeyUsage)}`,
  );

const basicConstraints: Judge = ({ requested }) =>
  requested.authority
    ? { asked: 'CA:TRUE', given: 'no', why: 'a request never makes a CA' }
    : { asked: 'CA:FALSE', given: 'yes', why: '' };

const subjectKeyIdentifier: Judge = ({ csr }, { value }) => {
  const isSame = equalBytes(readSubjectKeyIdentifier(value), keyIdentifier(csr.publicKey));
  return { asked: '', given: isSame ? 'yes' : 'no', why: isSame ? '' : 'it is made from the key' };
};

const JUDGES: Readonly<Record<string, Judge>> = {
  [EXTENSION.subjectAltName]: names,
  [EXTENSION.keyUsage]: keyUsage,
  [EXTENSION.extendedKeyUsage]: extendedKeyUsage,
  [EXTENSION.basicConstraints]: basicConstraints,
  [EXTENSION.subjectKeyIdentifier]: subjectKeyIdentifier,
};

const never: Judge = () => ({ asked: '', given: 'no', why: 'local-ca does not copy it from a request' });

export const reviewExtensions = (reviewing: Reviewing): ReviewedExtension[] =>
  reviewing.csr.extensions.map((extension) => ({
    oid: extension.oid,
    name: extensionName(extension.oid) ?? null,
    ...(JUDGES[extension.oid] ?? never)(reviewing, extension),
  }));

// --- what somebody should know -----------------------------------------------------------------------------------

export function reviewWarnings(reviewing: Reviewing): Warning[] {
  return [...authorityWarnings(reviewing), ...usageWarnings(reviewing), ...commonNameWarnings(reviewing)];
}

function authorityWarnings({ requested }: Reviewing): Warning[] {
  if (!requested.authority) return [];
  const message =
    'the request asks to become a CA (CA:TRUE), which it does not: local-ca init --intermediate makes one';
  return [{ code: 'authority-not-given', message }];
}

/** A request's word is no reason to give more; whoever signs may name the profile that does. */
function usageWarnings({ requested: { extendedKeyUsage: asked = [] }, leaf: { profile } }: Reviewing): Warning[] {
  const missing = missingFrom(profile.extendedKeyUsage, asked);
  if (missing.length === 0) return [];
  const fitting = LEAF_PROFILES.map(findLeafProfile).filter(
    (other) => missingFrom(other.extendedKeyUsage, asked).length === 0,
  );
  // The one that gives least beyond what was asked for.
  const [best] = fitting.toSorted((a, b) => a.extendedKeyUsage.length - b.extendedKeyUsage.length);
  const remedy = best === undefined ? 'no profile gives that' : `--profile ${best.name} gives it`;
  const message = `the request asks for ${list(missing)}, which a certificate of the profile ${profile.name} is not good for; ${remedy}`;
  return [{ code: 'usage-not-given', message }];
}

/** Some old clients look at it, and the others do not. */
function commonNameWarnings({ leaf: { subject, names } }: Reviewing): Warning[] {
  const common = commonName(subject);
  const isHost = names.some(({ kind }) => kind === 'dns' || kind === 'ip');
  if (!isHost || common === undefined || names.some(({ text }) => text === common.toLowerCase())) return [];
  const message = `its common name ${JSON.stringify(common)} is not among its names, where clients look`;
  return [{ code: 'common-name', message }];
}
