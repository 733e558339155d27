/** What each kind of change does to the rows of an inventory, within a transaction. */
import { type Appliers, applyChange, type ChangeOf, duplicate, unknownAuthority, unknownSerial } from './rules.ts';
import {
  CERTIFICATES,
  chainValue,
  EVENTS,
  PLACEMENTS,
  REQUESTS,
  REVOCATION_LISTS,
  revocationValue,
  TARGETS,
} from './schema.ts';
import { CONSTRAINT, resultCode } from './sqlite-errors.ts';
import type { SqliteTables } from './sqlite-tables.ts';
import type { CertificateRecord, Change, RevocationListRecord, TargetRecord } from './store.ts';

export function applyToRows(tables: SqliteTables, change: Change): void {
  applyChange(APPLIERS, tables, change);
}

const APPLIERS: Appliers<SqliteTables> = {
  certificate: (tables, { record }) => addCertificate(tables, record),
  revocation: setRevocation,
  'kept-key': setKeyId,
  chain: setChain,
  request: (tables, { record }) => tables.put(REQUESTS, record, 'id'),
  'request-done': (tables, { id }) => tables.run('DELETE FROM requests WHERE id = ?', id),
  placement: (tables, { record }) => tables.put(PLACEMENTS, record, 'label'),
  'revocation-list': (tables, { record }) => addRevocationList(tables, record),
  target: (tables, { record }) => putTarget(tables, record),
  'target-gone': (tables, { id }) => tables.run('DELETE FROM targets WHERE id = ?', id),
  event: (tables, { event }) => tables.insert(EVENTS, event),
};

function addCertificate(tables: SqliteTables, record: CertificateRecord): void {
  tables.run("UPDATE certificates SET state = 'superseded' WHERE label = ? AND state = 'valid'", record.label);
  explained(() => tables.insert(CERTIFICATES, record), {
    [CONSTRAINT.unique]: (cause) => duplicate('serial', record.serial, cause),
    [CONSTRAINT.foreignKey]: (cause) => unknownAuthority(record.issuerId as string, cause),
  });
}

/** What is released from hold counts again, unless its label has gone over to a newer one. */
function setRevocation(tables: SqliteTables, { serial, revocation }: ChangeOf<'revocation'>): void {
  const value = revocationValue(revocation);
  const released = `CASE WHEN seq = (SELECT max(seq) FROM certificates AS same WHERE same.label = certificates.label)
      THEN 'valid' ELSE 'superseded' END`;
  const state = revocation === null ? released : "'revoked'";
  const own = 'WHERE serial = ? AND issuer_id IS NOT NULL';
  const changed =
    tables.run(`UPDATE certificates SET revocation = ?, state = ${state} ${own}`, value, serial) +
    tables.run('UPDATE authorities SET revocation = ? WHERE id = ?', value, serial);
  if (changed === 0) throw unknownSerial(serial);
}

function setKeyId(tables: SqliteTables, { keyId, serial, fingerprint }: ChangeOf<'kept-key'>): void {
  const one = 'WHERE serial = ? AND fingerprint_sha256 = ?';
  tables.run(`UPDATE certificates SET key_id = ? ${one}`, keyId, serial, fingerprint);
}

function setChain(tables: SqliteTables, { chain, serial, fingerprint }: ChangeOf<'chain'>): void {
  const foreign = 'WHERE serial = ? AND fingerprint_sha256 = ? AND issuer_id IS NULL';
  tables.run(`UPDATE certificates SET chain = ? ${foreign}`, chainValue(chain), serial, fingerprint);
}

function addRevocationList(tables: SqliteTables, record: RevocationListRecord): void {
  explained(() => tables.insert(REVOCATION_LISTS, record), {
    [CONSTRAINT.primaryKey]: (cause) => duplicate('revocation list', String(record.number), cause),
  });
}

function putTarget(tables: SqliteTables, record: TargetRecord): void {
  explained(() => tables.put(TARGETS, record, 'id'), {
    [CONSTRAINT.unique]: (cause) => duplicate('target', record.folder, cause),
  });
}

/** Says of a constraint of SQLite's that was broken what it means here. */
function explained(work: () => void, meanings: Readonly<Record<number, (cause: unknown) => Error>>): void {
  try {
    work();
  } catch (error) {
    throw meanings[resultCode(error) ?? 0]?.(error) ?? error;
  }
}
