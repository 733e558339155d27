/** Name constraints (RFC 5280 4.2.1.10): asked before signing, and again when a chain is verified. */
import { children, equalBytes, readWhole, sequence, TAG } from './der.ts';
import { EXTENSION, type GeneralName, type GeneralNameKind, readNameConstraints } from './extensions.ts';
import { generalNameText, latin1, nameText, subtreeText } from './name-text.ts';
import { GENERAL_NAME_TAG } from './names.ts';
import type { Certificate } from './parse.ts';
import { commonName, decodeSubject, sameSubject } from './subject.ts';

export interface ConstrainedSubject {
  readonly names: readonly GeneralName[];
  /** Name, DER. */
  readonly subject: Uint8Array;
}

export interface ConstraintViolation {
  readonly authority: Certificate;
  /** The name, as text. */
  readonly name: string;
  /** Ends the sentence "may not sign NAME: ...". */
  readonly why: string;
}

/** The first name that one of these authorities may not sign; undefined when they may sign them all. */
export function constraintViolation(
  authorities: readonly Certificate[],
  subject: ConstrainedSubject,
): ConstraintViolation | undefined {
  for (const authority of authorities) {
    const extension = authority.extensions.find(({ oid }) => oid === EXTENSION.nameConstraints);
    if (extension === undefined) continue;
    const violation = violationOf(extension.value, extension.critical, subject);
    if (violation !== undefined) return { authority, ...violation };
  }
  return undefined;
}

type Violation = Omit<ConstraintViolation, 'authority'>;

function violationOf(value: Uint8Array, critical: boolean, subject: ConstrainedSubject): Violation | undefined {
  try {
    const constraints = readNameConstraints(value);
    for (const name of constrainedNames(subject)) {
      const why = refusal(name, constraints.permitted, constraints.excluded, critical);
      if (why !== undefined) return { name: generalNameText(name), why };
    }
    return undefined;
  } catch {
    // What cannot be read cannot be obeyed, so nothing may be signed under it.
    return { name: nameText(subject.subject), why: 'its name constraints cannot be read' };
  }
}

// --- which names a certificate presents ---------------------------------------------------------------------------

function constrainedNames({ names, subject }: ConstrainedSubject): GeneralName[] {
  const distinguished = decodeSubject(subject);
  // RFC 5280 asks for these when there is no SubjectAltName; OpenSSL always looks at them, and so do we.
  const mailboxes = distinguished.flat().filter(({ type }) => type === 'emailAddress');
  const host = names.some(({ kind }) => kind === 'dns') ? undefined : commonName(distinguished);
  return [
    ...names,
    ...(distinguished.length === 0 ? [] : [{ kind: 'directory', tag: GENERAL_NAME_TAG.directory, bytes: subject }]),
    ...mailboxes.map(({ value }) => textName('email', value)),
    ...(host !== undefined && looksLikeHost(host) ? [textName('dns', host)] : []),
  ] as GeneralName[];
}

const textName = (kind: 'email' | 'dns', text: string): GeneralName => ({
  kind,
  tag: GENERAL_NAME_TAG[kind],
  bytes: new Uint8Array(Buffer.from(text, 'latin1')),
});

/** Old clients match a host against the CN when there is no DNS name beside it, so it is held to the same rule. */
const looksLikeHost = (text: string) =>
  /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(text);

// --- one name against the subtrees -----------------------------------------------------------------------------

type Verdict = 'inside' | 'outside' | 'unclear';

function refusal(
  name: GeneralName,
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
  critical: boolean,
): string | undefined {
  const sameForm = (base: GeneralName) => base.tag === name.tag;
  const [allow, deny] = [permitted.filter(sameForm), excluded.filter(sameForm)];
  if (allow.length + deny.length === 0) return undefined;
  const match = MATCHERS[name.kind];
  if (match === undefined) {
    return critical ? 'its name constraints are of a kind that local-ca cannot check' : undefined;
  }
  const hit = deny.find((base) => match(base.bytes, name.bytes, true) !== 'outside');
  if (hit !== undefined) return `its name constraints exclude ${subtreeText(hit)}`;
  if (allow.length === 0 || allow.some((base) => match(base.bytes, name.bytes, false) === 'inside')) return undefined;
  return `its name constraints permit only ${allow.map(subtreeText).join(', ')}`;
}

/** `excluding` asks whether any name that this one could stand for is inside: only a wildcard stands for several. */
type Matcher = (base: Uint8Array, name: Uint8Array, excluding: boolean) => Verdict;

const verdict = (inside: boolean): Verdict => (inside ? 'inside' : 'outside');

const matchText =
  (match: (base: string, name: string, excluding: boolean) => Verdict): Matcher =>
  (base, name, excluding) =>
    base.length === 0 ? 'inside' : match(latin1(base), latin1(name), excluding);

const MATCHERS: { readonly [kind in GeneralNameKind]?: Matcher } = {
  dns: matchText((base, name, excluding) => {
    const [tree, host] = [base.toLowerCase(), name.toLowerCase()];
    return verdict(isBelow(host, tree) || host === tree || (excluding && wildcardReaches(host, tree)));
  }),
  email: matchText((base, name) => {
    const at = name.lastIndexOf('@');
    if (at < 1) return 'unclear';
    return verdict(base.includes('@') ? sameMailbox(base, name) : isHostOf(base, name.slice(at + 1)));
  }),
  uri: matchText((base, name) => {
    const host = URL.canParse(name) ? new URL(name).hostname : '';
    // RFC 5280: a URI without a host name cannot be placed, and has to be refused.
    return host === '' || /^\[|^[\d.]+$/.test(host) ? 'unclear' : verdict(isHostOf(base, host));
  }),
  ip: (base, name) => {
    if (base.length !== 8 && base.length !== 32) return 'unclear';
    const size = base.length / 2;
    return verdict(name.length === size && name.every((byte, i) => sameBits(byte, base[i], base[size + i])));
  },
  directory: (base, name) => {
    const [tree, rdns] = [children(readWhole(base, TAG.sequence)), children(readWhole(name, TAG.sequence))];
    const prefix = sequence(...rdns.slice(0, tree.length).map(({ bytes }) => bytes));
    return verdict(equalBytes(base, prefix) || sameSubject(base, prefix));
  },
};

/** Below a domain, which some CAs write with a leading dot. */
const isBelow = (host: string, tree: string) => host.endsWith(tree.startsWith('.') ? tree : `.${tree}`);

/** `*.a.test` also stands for `b.a.test`. */
function wildcardReaches(host: string, tree: string): boolean {
  return host.startsWith('*.') && tree.slice(tree.indexOf('.')) === host.slice(1);
}

/** For mailboxes and URIs a plain host is that host alone, and `.domain` what is below it (RFC 5280 4.2.1.10). */
function isHostOf(base: string, host: string): boolean {
  const [tree, name] = [base.toLowerCase(), host.toLowerCase()];
  return tree.startsWith('.') ? name.endsWith(tree) : name === tree;
}

/** The part before @ is case-sensitive, the host is not (RFC 5321 2.4). */
function sameMailbox(a: string, b: string): boolean {
  const [atA, atB] = [a.lastIndexOf('@'), b.lastIndexOf('@')];
  return a.slice(0, atA) === b.slice(0, atB) && a.slice(atA).toLowerCase() === b.slice(atB).toLowerCase();
}

const sameBits = (a: number, b = 0, mask = 0) => (a & mask) === (b & mask);
