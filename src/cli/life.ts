/** Everything that has an end, as `status` shows it: certificates, the CAs, revocation lists, and what waits. */

import type { AuthorityList } from '../authority/lists.ts';
import { dueAt, isDue, type Within } from '../core/duration.ts';
import { parseCertificate } from '../core/parse.ts';
import type { AuthorityRecord, CertificateRecord, RequestRecord, TargetRecord } from '../store/store.ts';
import { listRemedy } from './revocation-lists.ts';
import type { Session } from './session.ts';

type LifeState = 'valid' | 'due' | 'expired' | 'waiting' | 'failed';

/** One line of `status`. */
export interface Life {
  readonly kind:
    | 'certificate'
    | 'root'
    | 'intermediate'
    | 'old root'
    | 'old intermediate'
    | 'crl'
    | 'request'
    | 'deployment';
  /** A label, or the name of a CA. */
  readonly name: string;
  readonly serial: string | null;
  readonly state: LifeState;
  readonly notBefore: Date | null;
  /** Null for what has no end: a request that waits, a deployment. */
  readonly notAfter: Date | null;
  /** When something should be done. */
  readonly dueAt: Date | null;
  /** What to do then. */
  readonly advice: string;
  /** Names it for ever: what takes its place by a renewal has the same. */
  readonly key: string;
}

/** Soonest first; what has no end of its own comes before what has. */
export async function livesOf(session: Session, within: Within | undefined, now: Date): Promise<Life[]> {
  const { ca, home } = session;
  const certificates = await ca.list({ state: 'valid' });
  const targets = await home.store.targets();
  const deployed = new Set(targets.filter(({ wish }) => wish === 'enabled').map(({ label }) => label));
  const lives = [
    ...targets.flatMap(troubleOf),
    ...(await home.store.requests()).map(waitOf),
    ...certificates.map((record) => certificateLife(record, deployed, within, now)),
    ...authorityLives(session, await home.caKeys.list(), within, now),
    ...replacedRoots(session, within, now),
    ...replacedIntermediates(session, now),
    ...(await ca.revocationLists()).flatMap((one) => listLife(session, one, now)),
  ];
  return lives.sort((a, b) => (a.notAfter?.getTime() ?? 0) - (b.notAfter?.getTime() ?? 0));
}

export const needsAttention = ({ state }: Life): boolean =>
  state === 'due' || state === 'expired' || state === 'failed';

const stateIn = (validity: { notBefore: Date; notAfter: Date }, within: Within | undefined, now: Date): LifeState => {
  if (validity.notAfter <= now) return 'expired';
  return isDue(validity, within, now) ? 'due' : 'valid';
};

function certificateLife(
  record: CertificateRecord,
  deployed: ReadonlySet<string>,
  within: Within | undefined,
  now: Date,
): Life {
  const { label, serial, notBefore, notAfter, issuerId } = record;
  const renew = issuerId === null ? `local-ca csr create --renew ${label}` : `local-ca renew ${label}`;
  // What `deploy run` takes for due does not depend on what was asked here.
  const byItself = deployed.has(label) && issuerId !== null && (within === undefined || isDue(record, undefined, now));
  return {
    kind: 'certificate',
    name: label,
    serial,
    state: stateIn(record, within, now),
    notBefore,
    notAfter,
    dueAt: dueAt(record, within),
    advice: byItself ? `local-ca deploy run ${label}` : renew,
    key: `certificate ${label}`,
  };
}

/** Those that count now. */
const authorityLives = ({ ca }: Session, keys: readonly string[], within: Within | undefined, now: Date): Life[] =>
  ca.chain.map((authority, i) => {
    const { role, name } = authority;
    const signing = ca.chain[i + 1] ?? authority;
    const command = `local-ca renew --ca ${role}`;
    const advice = keys.includes(signing.keyId) ? command : `${command}, where the key of ${signing.name} is`;
    return { ...authorityLife(authority, within, now), advice, key: `${role} ${name}` };
  });

function authorityLife({ id, role, name, certificate }: AuthorityRecord, within: Within | undefined, now: Date) {
  const { notBefore, notAfter } = parseCertificate(certificate);
  const validity = { notBefore, notAfter };
  return {
    kind: role,
    name,
    serial: id,
    state: stateIn(validity, within, now),
    ...validity,
    dueAt: dueAt(validity, within),
  };
}

/** Clients that still hold to one of them trust nothing when it ends. Once it is revoked, nobody does. */
const replacedRoots = ({ ca }: Session, within: Within | undefined, now: Date): Life[] =>
  ca.authorities
    .filter(
      ({ id, role, revocation }) => role === 'root' && revocation === null && !ca.chain.some((one) => one.id === id),
    )
    .filter(({ certificate }) => parseCertificate(certificate).notAfter > now)
    .map((authority) => ({
      ...authorityLife(authority, within, now),
      kind: 'old root' as const,
      advice: `give clients the new trust files; when all have them: local-ca revoke ${authority.id}`,
      key: `root ${authority.id}`,
    }));

/**
 * Those with keys of their own, which count beside the one that signs now. Nothing is due when they end: what they signed has
 * ended by then, and was due itself.
 */
const replacedIntermediates = ({ ca }: Session, now: Date): Life[] =>
  ca.authorities
    .filter(({ role, keyId, revocation }) => {
      const isOther = ({ keyId: other }: AuthorityRecord) => other !== keyId;
      // A cross certificate has the key of a root.
      const known = [...ca.chain, ...ca.authorities.filter((one) => one.role === 'root')];
      return role === 'intermediate' && revocation === null && known.every(isOther);
    })
    .filter(({ certificate }) => parseCertificate(certificate).notAfter > now)
    .map((authority) => ({
      ...authorityLife(authority, undefined, now),
      kind: 'old intermediate' as const,
      state: 'valid',
      dueAt: null,
      advice: `renew what it signed; when all servers have that: local-ca revoke ${authority.id}`,
      key: `intermediate ${authority.id}`,
    }));

/** A list that ends makes clients refuse everything, so that a third of its life is kept in reserve. */
function listLife({ ca, home }: Session, one: AuthorityList, now: Date): Life[] {
  const { authority, list } = one;
  if (list === undefined) return [];
  const validity = { notBefore: list.thisUpdate, notAfter: list.nextUpdate };
  const share: Within = { kind: 'life', share: 2 / 3 };
  // A root that was replaced has the name of the one that took its place.
  const isCurrent = ca.chain.some(({ id }) => id === authority.id);
  return [
    {
      kind: 'crl',
      name: authority.name,
      serial: String(list.number),
      state: stateIn(validity, share, now),
      ...validity,
      dueAt: dueAt(validity, share),
      advice: listRemedy(one, home.path),
      key: `crl ${isCurrent ? `${authority.role} ${authority.name}` : authority.keyId}`,
    },
  ];
}

const waitOf = ({ id, label, createdAt }: RequestRecord): Life => ({
  kind: 'request',
  name: label,
  serial: null,
  state: 'waiting',
  notBefore: createdAt,
  notAfter: null,
  dueAt: null,
  advice: 'local-ca csr accept FILE, when the CA has answered',
  key: `request ${id}`,
});

function troubleOf({ id, label, folder, problem, serial }: TargetRecord): Life[] {
  if (problem === null) return [];
  return [
    {
      kind: 'deployment',
      name: `${label} in ${folder}`,
      serial,
      state: 'failed',
      notBefore: null,
      notAfter: null,
      dueAt: null,
      advice: `${problem}; local-ca deploy run --now`,
      key: `deployment ${id}`,
    },
  ];
}
