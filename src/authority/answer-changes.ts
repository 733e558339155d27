/**
 * What another CA made of a request: names that it left out, a shorter life, other uses. A CA is free to do so, and the person
 * who asked learns of it here and not from a client.
 */
import { type CertificateDescription, describeCertificate } from '../core/describe.ts';
import { FINDINGS } from '../core/findings.ts';
import { algorithmOfSpki } from '../core/keys.ts';
import { nameText } from '../core/name-text.ts';
import type { Certificate } from '../core/parse.ts';
import type { Profile } from '../core/profiles.ts';
import { isWeakSignature } from '../core/signature.ts';
import { type Attribute, decodeSubject, sameSubject } from '../core/subject.ts';
import { quote } from '../core/text.ts';
import { lifeWarnings, type Warning } from '../core/validity.ts';

/** What the request asked for. */
export interface Requested {
  /** As `parseName` writes them. */
  readonly names: readonly string[];
  /** Name, DER. */
  readonly subject: Uint8Array;
  readonly profile: Profile;
  /** A request cannot say how long, but a person may have been promised something. */
  readonly days?: number;
}

interface Comparison {
  readonly requested: Requested;
  readonly leaf: Certificate;
  /** The leaf, read so that damage in it does not matter. */
  readonly got: CertificateDescription;
}

type Check = (comparison: Comparison) => (Warning | false)[];

/** The most important first; the texts are for the person who runs the server. */
export function compareAnswer(requested: Requested, leaf: Certificate, now: Date): Warning[] {
  const comparison = { requested, leaf, got: describeCertificate(leaf, now) };
  return CHECKS.flatMap((check) => check(comparison)).filter((warning) => warning !== false);
}

const warning = (code: string, message: string): Warning => ({ code, message });
const list = (items: readonly string[]) => items.join(', ');
/** Case apart. */
export const missingFrom = (from: readonly string[], wanted: readonly string[]) => {
  const present = new Set(from.map((text) => text.toLowerCase()));
  return wanted.filter((text) => !present.has(text.toLowerCase()));
};

const validity: Check = ({ got }) => [
  got.state === 'expired' && warning('expired', `it expired on ${got.notAfter}: ask the CA for a new one`),
  got.state === 'not-yet-valid' &&
    warning('not-yet-valid', `it is valid from ${got.notBefore} on: clients refuse it until then, or a clock is wrong`),
];

const form: Check = ({ leaf, got }) => [
  got.authority &&
    warning(
      'authority',
      "it is a CA's certificate: clients may refuse it for a server, and its key could sign for any name",
    ),
  leaf.version === 1 && warning('version-1', FINDINGS['version-1'].about),
  isWeakSignature(leaf) && warning('weak-signature', `it is signed with ${got.signature}, which clients refuse`),
];

const names: Check = ({ requested, got }) => {
  if (got.names.length === 0 && requested.names.length > 0) {
    return [
      warning(
        'no-names',
        `it has no SubjectAltName: clients look for the name there (${list(requested.names)}) and refuse it`,
      ),
    ];
  }
  const dropped = missingFrom(got.names, requested.names);
  const added = missingFrom(requested.names, got.names);
  return [
    dropped.length > 0 &&
      warning('names-dropped', `the CA left out ${list(dropped)}: clients that connect by that name will refuse it`),
    added.length > 0 && warning('names-added', `the CA added ${list(added)}, which was not asked for`),
  ];
};

const extendedUsage: Check = ({ requested: { profile }, got }) => {
  const usages = got.extendedKeyUsage;
  if (usages === null) {
    const wanted = list(profile.extendedKeyUsage);
    return [
      warning(
        'usage-missing',
        `it has no extendedKeyUsage, where ${wanted} was asked for: SQL Server, for one, wants it`,
      ),
    ];
  }
  const missing = usages.includes('anyExtendedKeyUsage') ? [] : missingFrom(usages, profile.extendedKeyUsage);
  const added = missingFrom(profile.extendedKeyUsage, usages);
  return [
    missing.length > 0 &&
      warning(
        'usage-missing',
        `it is not good for ${list(missing)}, which was asked for: its extendedKeyUsage is ${list(usages)}`,
      ),
    added.length > 0 && warning('usage-added', `it is also good for ${list(added)}, which was not asked for`),
  ];
};

/** Without the extension every use is allowed (RFC 5280 4.2.1.3). */
const keyUsage: Check = ({ requested: { profile }, leaf, got }) => {
  if (got.keyUsage === null) return [];
  const isRsa = algorithmOfSpki(leaf.publicKey)?.family === 'rsa';
  const missing = missingFrom(got.keyUsage, [...profile.keyUsage, ...(isRsa ? profile.keyUsageRsa : [])]);
  return [
    missing.length > 0 &&
      warning(
        'key-usage-missing',
        `its keyUsage (${list(got.keyUsage) || 'empty'}) lacks ${list(missing)}: some clients refuse it`,
      ),
  ];
};

// --- how long ----------------------------------------------------------------------------------------------------

const DAY = 86_400_000;
const SHORT = 90;

const life: Check = ({ requested, leaf, got }) => {
  const days = Math.round((leaf.notAfter.getTime() - leaf.notBefore.getTime()) / DAY);
  const isCut = requested.days !== undefined && days < requested.days - 1;
  const isShort = requested.days === undefined && days < SHORT;
  const until = `it lives ${days} days, until ${got.notAfter.slice(0, 10)}`;
  return [
    isCut && warning('life-cut', `${until}, where ${requested.days} were asked for: renew it before`),
    isShort && warning('short-life', `${until}: renew it in time, with a reminder or by itself`),
    ...lifeWarnings(leaf, true),
  ];
};

// --- the subject -------------------------------------------------------------------------------------------------

const subject: Check = ({ requested, leaf }) => {
  if (sameSubject(requested.subject, leaf.subject)) return [];
  const [asked, got] = [requested.subject, leaf.subject].map((name) => decodeSubject(name).flat());
  const changes = subjectChanges(asked ?? [], got ?? []);
  const text =
    changes.length === 0 ? `its parts are in another order, ${quote(nameText(leaf.subject))}` : changes.join('; ');
  return [warning('subject-changed', `the CA changed the subject: ${text}`)];
};

/** By type, since an attribute may stand more than once (OU, DC). */
function subjectChanges(asked: readonly Attribute[], got: readonly Attribute[]): string[] {
  const types = [...new Set([...asked, ...got].map(({ type }) => type))];
  return types.flatMap((type) => {
    const of = (name: readonly Attribute[]) => name.filter((one) => one.type === type).map(({ value }) => value);
    const [before, after] = [missingFrom(of(got), of(asked)), missingFrom(of(asked), of(got))];
    if (before.length === 0 && after.length === 0) return [];
    if (after.length === 0) return [`${type} ${before.map(quote).join(', ')} was left out`];
    if (before.length === 0) return [`${type} ${after.map(quote).join(', ')} was added`];
    return [`${type} is ${after.map(quote).join(', ')} in place of ${before.map(quote).join(', ')}`];
  });
}

const CHECKS: readonly Check[] = [validity, form, names, subject, extendedUsage, keyUsage, life];
