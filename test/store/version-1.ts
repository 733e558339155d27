/** An inventory just as the first local-ca made it, before there were renewals: its tables, and a few rows. */

import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';

const TABLES = `
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

  PRAGMA user_version = 1;
`;

const TIME = '2026-11-22T00:00:00.123Z';
const END = '2027-11-22T00:00:00.123Z';

/** Two authorities, and so many certificates: each third is superseded, each second's key is kept. */
export function makeVersion1(file: string, count: number): void {
  closeSync(openSync(file, 'wx', 0o600));
  const database = new Database(file);
  database.exec(`PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ${TABLES} COMMIT; BEGIN`);
  const authority = database.prepare('INSERT INTO authorities VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)');
  authority.run(['ca02', 'intermediate', 'Int', Buffer.of(0x30, 1, 0), 'ca01', 1, TIME]);
  authority.run(['ca01', 'root', 'Root', Buffer.of(0x30, 0), null, 0, TIME]);
  const certificate = database.prepare(
    `INSERT INTO certificates VALUES (NULL, ?, ?, 'server', ?, ?, ?, 'p256', '${TIME}', '${END}', ?, ?, 'ca02', ?, '${TIME}', ?)`,
  );
  const event = database.prepare(`INSERT INTO events VALUES (NULL, '${TIME}', 'issue', ?, 'é (server, p256)')`);
  for (let i = 0; i < count; i++) {
    const serial = i.toString(16).padStart(8, '0');
    const names = JSON.stringify([`h${i}`, 'é']);
    const state = i % 3 === 0 ? 'superseded' : 'valid';
    const row = [
      serial,
      `h${i}`,
      i === 0 ? 'nginx' : null,
      names,
      `CN=h${i}`,
      `f${i}`,
      Buffer.alloc(600, i),
      state,
      i % 2,
    ];
    certificate.run(row);
    event.run([serial]);
  }
  database.exec('COMMIT');
  database.close();
}
