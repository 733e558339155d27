/** What each kind of change does to an inventory in memory. */
import { certificateKey, foreignKey, listKey, type MemoryTables } from './memory-tables.ts';
import { type Appliers, applyChange, type ChangeOf, duplicate, unknownAuthority, unknownSerial } from './rules.ts';
import type { CertificateRecord, Change, RevocationListRecord, TargetRecord } from './store.ts';

/** Everything that can be refused is refused before anything is changed. */
export function checkChanges(tables: MemoryTables, changes: readonly Change[]): void {
  const seen = new Set<string>();
  const targets = new Map(tables.targets);
  for (const change of changes) {
    if (change.kind === 'certificate') checkCertificate(tables, change.record, seen);
    if (change.kind === 'revocation') checkOwn(tables, change.serial);
    if (change.kind === 'revocation-list') checkList(tables, change.record, seen);
    if (change.kind === 'target-gone') targets.delete(change.id);
    if (change.kind === 'target') checkTarget(targets, change.record);
  }
}

function checkCertificate(tables: MemoryTables, record: CertificateRecord, seen: Set<string>): void {
  const key = certificateKey(record);
  if (record.issuerId !== null && (tables.certificates.has(key) || seen.has(key)))
    throw duplicate('serial', record.serial);
  if (record.issuerId !== null && !tables.authorities.has(record.issuerId)) throw unknownAuthority(record.issuerId);
  seen.add(key);
}

function checkOwn({ certificates, authorities }: MemoryTables, serial: string): void {
  if (!certificates.has(serial) && !authorities.has(serial)) throw unknownSerial(serial);
}

function checkList({ lists }: MemoryTables, record: RevocationListRecord, seen: Set<string>): void {
  const key = listKey(record);
  if (lists.has(key) || seen.has(key)) throw duplicate('revocation list', String(record.number));
  seen.add(key);
}

/** `targets` are those that there will be. */
function checkTarget(targets: Map<string, TargetRecord>, record: TargetRecord): void {
  const { id, folder } = record;
  if ([...targets.values()].some((one) => one.folder === folder && one.id !== id)) throw duplicate('target', folder);
  targets.set(id, record);
}

/** `checkChanges` comes first. */
export function applyToTables(tables: MemoryTables, change: Change): void {
  applyChange(APPLIERS, tables, change);
}

const APPLIERS: Appliers<MemoryTables> = {
  certificate: (tables, { record }) => addCertificate(tables, record),
  revocation: setRevocation,
  'kept-key': setKeyId,
  chain: ({ certificates }, { serial, fingerprint, chain }) =>
    amend(certificates, foreignKey(serial, fingerprint), { chain }),
  request: ({ requests }, { record }) => requests.set(record.id, record),
  'request-done': ({ requests }, { id }) => requests.delete(id),
  placement: ({ placements }, { record }) => placements.set(record.label, record),
  'revocation-list': ({ lists }, { record }) => lists.set(listKey(record), record),
  target: ({ targets }, { record }) => targets.set(record.id, record),
  'target-gone': ({ targets }, { id }) => targets.delete(id),
  event: ({ events }, { event }) => events.push(event),
};

function addCertificate(tables: MemoryTables, record: CertificateRecord): void {
  const key = certificateKey(record);
  const earlier = tables.newestOf(record.label);
  if (earlier?.state === 'valid') amend(tables.certificates, certificateKey(earlier), { state: 'superseded' });
  tables.certificates.set(key, record);
  tables.newest.set(record.label, key);
}

/** What is released from hold counts again, unless its label has gone over to a newer one. */
function setRevocation(tables: MemoryTables, { serial, revocation }: ChangeOf<'revocation'>): void {
  const { authorities, certificates, newest } = tables;
  amend(authorities, serial, { revocation });
  const released = newest.get(certificates.get(serial)?.label ?? '') === serial ? 'valid' : 'superseded';
  amend(certificates, serial, { revocation, state: revocation === null ? released : 'revoked' });
}

function setKeyId({ certificates }: MemoryTables, { keyId, serial, fingerprint }: ChangeOf<'kept-key'>): void {
  const isOwn = certificates.get(serial)?.fingerprintSha256 === fingerprint;
  amend(certificates, isOwn ? serial : foreignKey(serial, fingerprint), { keyId });
}

function amend<T extends object>(map: Map<string, T>, key: string, change: Partial<T>): void {
  const record = map.get(key);
  if (record !== undefined) map.set(key, { ...record, ...change });
}
