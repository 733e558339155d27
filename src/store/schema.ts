/**
 * The tables of the inventory, and how rows become records. Times are ISO 8601 text: whoever opens the file with any
 * SQLite program can read them, they are exact to the millisecond, and they sort as they follow each other.
 */
import type { AuditEvent, AuthorityRecord, CertificateRecord, StoredState } from './store.ts';

/** Goes up with every change of the tables, and stands in the file as `user_version`. */
export const SCHEMA_VERSION = 1;

/** A parent is looked for at the commit, so that a batch may name an intermediate before its root. */
export const SCHEMA = `
  CREATE TABLE authorities (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('root', 'intermediate')),
    name TEXT NOT NULL,
    certificate BLOB NOT NULL,
    parent_id TEXT REFERENCES authorities (id) DEFERRABLE INITIALLY DEFERRED,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX one_active_authority ON authorities (active) WHERE active = 1;

  CREATE TABLE certificates (
    seq INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    template TEXT,
    names TEXT NOT NULL,
    subject TEXT NOT NULL,
    key_type TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    fingerprint_sha256 TEXT NOT NULL,
    certificate BLOB NOT NULL,
    issuer_id TEXT NOT NULL REFERENCES authorities (id),
    state TEXT NOT NULL CHECK (state IN ('valid', 'superseded', 'revoked')),
    issued_at TEXT NOT NULL,
    key_kept INTEGER NOT NULL CHECK (key_kept IN (0, 1))
  ) STRICT;
  CREATE INDEX certificates_label ON certificates (label);
  CREATE INDEX certificates_not_after ON certificates (not_after);

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    serial TEXT,
    detail TEXT NOT NULL
  ) STRICT;

  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** What SQLite binds and returns here. Never a boolean: binding one makes libsql abort the process. */
export type Value = string | number | Uint8Array | null;
export type Row = readonly Value[];

/** A record type's table: its columns in order, and both directions. */
export interface Table<T> {
  readonly name: string;
  readonly columns: string;
  toRow(record: T): Value[];
  fromRow(row: Row): T;
}

/** libsql returns Buffers; a plain view on the same bytes is what the interface promises. */
const bytes = (value: Value | undefined) => {
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
};

export const AUTHORITIES: Table<AuthorityRecord> = {
  name: 'authorities',
  columns: 'id, role, name, certificate, parent_id, active, created_at',
  toRow: (record) => [
    record.id,
    record.role,
    record.name,
    record.certificate,
    record.parentId,
    Number(record.active),
    record.createdAt.toISOString(),
  ],
  fromRow: ([id, role, name, certificate, parentId, active, createdAt]) => ({
    id: id as string,
    role: role as 'root' | 'intermediate',
    name: name as string,
    certificate: bytes(certificate),
    parentId: parentId as string | null,
    active: active === 1,
    createdAt: new Date(createdAt as string),
  }),
};

export const CERTIFICATES: Table<CertificateRecord> = {
  name: 'certificates',
  columns:
    'serial, label, profile, template, names, subject, key_type, not_before, not_after, fingerprint_sha256, ' +
    'certificate, issuer_id, state, issued_at, key_kept',
  toRow: (record) => [
    record.serial,
    record.label,
    record.profile,
    record.template,
    JSON.stringify(record.names),
    record.subject,
    record.keyType,
    record.notBefore.toISOString(),
    record.notAfter.toISOString(),
    record.fingerprintSha256,
    record.certificate,
    record.issuerId,
    record.state,
    record.issuedAt.toISOString(),
    Number(record.keyKept),
  ],
  fromRow: (row) => ({
    serial: row[0] as string,
    label: row[1] as string,
    profile: row[2] as string,
    template: row[3] as string | null,
    names: JSON.parse(row[4] as string) as string[],
    subject: row[5] as string,
    keyType: row[6] as string,
    notBefore: new Date(row[7] as string),
    notAfter: new Date(row[8] as string),
    fingerprintSha256: row[9] as string,
    certificate: bytes(row[10]),
    issuerId: row[11] as string,
    state: row[12] as StoredState,
    issuedAt: new Date(row[13] as string),
    keyKept: row[14] === 1,
  }),
};

export const EVENTS: Table<AuditEvent> = {
  name: 'events',
  columns: 'at, action, serial, detail',
  toRow: (event) => [event.at.toISOString(), event.action, event.serial, event.detail],
  fromRow: ([at, action, serial, detail]) => ({
    at: new Date(at as string),
    action: action as string,
    serial: serial as string | null,
    detail: detail as string,
  }),
};
