/**
 * The inventory in one SQLite file. libsql is synchronous; the store's methods are asynchronous all the same, because a
 * database on another machine will be.
 *
 * Two habits of libsql 0.5 shape this file. Parameters always go in as one array: a lone object, even a Buffer, is taken
 * for named parameters, and a missing one aborts the process. And a connection really closes only when its last
 * statement has been garbage-collected, or the process ends.
 */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import Database from 'libsql';
import { checkPrivateFile, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { migrationsFrom, SCHEMA_VERSION } from './migrations.ts';
import {
  certificatesAdded,
  checkAuthorities,
  closedStore,
  duplicate,
  PREFIX_LIMIT,
  unknownAuthority,
  unknownSerial,
} from './rules.ts';
import {
  AUTHORITIES,
  CERTIFICATES,
  chainValue,
  EVENTS,
  PLACEMENTS,
  REQUESTS,
  REVOCATION_LISTS,
  type Row,
  revocationValue,
  TARGETS,
  type Table,
  type Value,
} from './schema.ts';
import { CONSTRAINT, resultCode, sqliteError } from './sqlite-errors.ts';
import type {
  AuditEvent,
  AuthorityRecord,
  CertificateFilter,
  CertificateRecord,
  Change,
  PlacementRecord,
  RequestRecord,
  Revocation,
  RevocationListRecord,
  Store,
  TargetRecord,
} from './store.ts';

type Connection = Database.Database;
type Statement = Database.Statement<Value[][]>;

/** SQLITE_BUSY. */
const BUSY = 5;

/** How long a write waits for another process's, in milliseconds. */
const BUSY_TIMEOUT = 10_000;

/** Makes a new inventory, readable by its owner only. Throws LOCAL_CA_OUTPUT_EXISTS when the file exists. */
export function createSqliteStore(file: string): Store {
  const path = resolve(file);
  try {
    // SQLite would make it 0644. It gives its -wal and -shm files the mode that this one has.
    fs.closeSync(fs.openSync(path, 'wx', 0o600));
  } catch (error) {
    throw writeError(path, error);
  }
  // WAL, so that reading goes on while another process writes; the file remembers it.
  return connect(path, `PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ${migrationsFrom(0)} COMMIT;`);
}

/** Opens an inventory that exists. Throws LOCAL_CA_PERMISSIONS_LAX, LOCAL_CA_HOME_INVALID, LOCAL_CA_STORE_FAILED. */
export function openSqliteStore(file: string): Store {
  const path = resolve(file);
  checkPrivateFile(path);
  return connect(path, '');
}

function connect(path: string, setUp: string): Store {
  let connection: Connection | undefined;
  try {
    connection = new Database(path, { timeout: BUSY_TIMEOUT });
    connection.exec(`PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; ${setUp}`);
    bringUpToDate(path, connection);
    return new SqliteStore(path, connection);
  } catch (error) {
    connection?.close();
    throw sqliteError(path, error);
  }
}

/** What SQLite itself finds wrong with an inventory: damage, and rows that point to none. */
export function checkSqlite(path: string): string[] {
  try {
    const connection = new Database(path, { timeout: BUSY_TIMEOUT });
    const rows = (sql: string) => connection.prepare(sql).raw().all([]) as Row[];
    const damage = rows('PRAGMA integrity_check').map(([text]) => String(text));
    const stray = rows('PRAGMA foreign_key_check').map(
      ([table, row, parent]) => `row ${row} of ${table} has no ${parent}`,
    );
    connection.close();
    return [...damage.filter((text) => text !== 'ok'), ...stray];
  } catch (error) {
    return [sqliteError(path, error).message];
  }
}

/** Takes SQLite's lock on an empty file, and gives what releases it; undefined while somebody else has it. */
export function tryLock(path: string): (() => void) | undefined {
  const connection = new Database(path, { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (((resultCode(error) ?? 0) & 0xff) === BUSY) return undefined;
    throw sqliteError(path, error);
  }
  return () => {
    connection.exec('ROLLBACK');
    connection.close();
  };
}

const versionOf = (connection: Connection): number =>
  (connection.prepare('PRAGMA user_version').raw().get([]) as [number])[0];

/** An inventory of an older local-ca takes the steps that it lacks; of two processes, one does it. */
function bringUpToDate(path: string, connection: Connection): void {
  checkVersion(path, versionOf(connection));
  if (versionOf(connection) === SCHEMA_VERSION) return;
  connection.exec('BEGIN IMMEDIATE');
  const version = versionOf(connection);
  connection.exec(version < SCHEMA_VERSION ? `${migrationsFrom(version)} COMMIT;` : 'COMMIT');
}

function checkVersion(path: string, version: number): void {
  if (version > SCHEMA_VERSION) {
    throw new LocalCaError(
      'LOCAL_CA_HOME_INVALID',
      `the inventory ${path} was made by a newer local-ca (its version is ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that newer local-ca.',
    );
  }
  if (version > 0) return;
  throw new LocalCaError(
    'LOCAL_CA_HOME_INVALID',
    `the inventory ${path} cannot be used: the file is empty, or not an inventory`,
    'Restore the home folder from a backup.',
  );
}

class SqliteStore implements Store {
  readonly #path: string;
  #connection: Connection | undefined;
  /** Prepared on first use: most commands need two or three. */
  readonly #statements = new Map<string, Statement>();

  constructor(path: string, connection: Connection) {
    this.#path = path;
    this.#connection = connection;
  }

  async addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void> {
    this.#write(() => {
      checkAuthorities(
        records,
        this.#all('SELECT id FROM authorities').map(([id]) => id as string),
      );
      if (records.some((record) => record.active)) this.#run('UPDATE authorities SET active = 0 WHERE active = 1');
      for (const record of records) this.#insert(AUTHORITIES, record);
      this.#insert(EVENTS, event);
    });
  }

  async authorities(): Promise<AuthorityRecord[]> {
    return this.#select(AUTHORITIES, "ORDER BY role <> 'root', seq");
  }

  addCertificates(
    records: readonly CertificateRecord[],
    action = 'issue',
    also: readonly Change[] = [],
  ): Promise<void> {
    return this.write([...certificatesAdded(records, action), ...also]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.#write(() => {
      for (const change of changes) this.#apply(change);
    });
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case 'certificate':
        this.#addCertificate(change.record);
        break;
      case 'revocation':
        this.#setRevocation(change.serial, change.revocation);
        break;
      case 'kept-key':
        this.#setKeyId(change);
        break;
      case 'chain':
        this.#setChain(change);
        break;
      case 'request':
        this.#put(REQUESTS, change.record, 'id');
        break;
      case 'request-done':
        this.#run('DELETE FROM requests WHERE id = ?', change.id);
        break;
      case 'placement':
        this.#put(PLACEMENTS, change.record, 'label');
        break;
      case 'revocation-list':
        this.#addRevocationList(change.record);
        break;
      case 'target':
        this.#putTarget(change.record);
        break;
      case 'target-gone':
        this.#run('DELETE FROM targets WHERE id = ?', change.id);
        break;
      case 'event':
        this.#insert(EVENTS, change.event);
        break;
    }
  }

  #addCertificate(record: CertificateRecord): void {
    this.#run("UPDATE certificates SET state = 'superseded' WHERE label = ? AND state = 'valid'", record.label);
    try {
      this.#insert(CERTIFICATES, record);
    } catch (error) {
      if (resultCode(error) === CONSTRAINT.unique) throw duplicate('serial', record.serial, error);
      if (resultCode(error) === CONSTRAINT.foreignKey) throw unknownAuthority(record.issuerId as string, error);
      throw error;
    }
  }

  #setChain({ chain, serial, fingerprint }: Extract<Change, { kind: 'chain' }>): void {
    const foreign = 'WHERE serial = ? AND fingerprint_sha256 = ? AND issuer_id IS NULL';
    this.#run(`UPDATE certificates SET chain = ? ${foreign}`, chainValue(chain), serial, fingerprint);
  }

  #setKeyId({ keyId, serial, fingerprint }: Extract<Change, { kind: 'kept-key' }>): void {
    this.#run(
      'UPDATE certificates SET key_id = ? WHERE serial = ? AND fingerprint_sha256 = ?',
      keyId,
      serial,
      fingerprint,
    );
  }

  /** What is released from hold counts again, unless its label has gone over to a newer one. */
  #setRevocation(serial: string, revocation: Revocation | null): void {
    const value = revocationValue(revocation);
    const released = `CASE WHEN seq = (SELECT max(seq) FROM certificates AS same WHERE same.label = certificates.label)
      THEN 'valid' ELSE 'superseded' END`;
    const state = revocation === null ? released : "'revoked'";
    const own = 'WHERE serial = ? AND issuer_id IS NOT NULL';
    const changed =
      this.#change(`UPDATE certificates SET revocation = ?, state = ${state} ${own}`, value, serial) +
      this.#change('UPDATE authorities SET revocation = ? WHERE id = ?', value, serial);
    if (changed === 0) throw unknownSerial(serial);
  }

  #putTarget(record: TargetRecord): void {
    try {
      this.#put(TARGETS, record, 'id');
    } catch (error) {
      if (resultCode(error) === CONSTRAINT.unique) throw duplicate('target', record.folder, error);
      throw error;
    }
  }

  #addRevocationList(record: RevocationListRecord): void {
    try {
      this.#insert(REVOCATION_LISTS, record);
    } catch (error) {
      if (resultCode(error) !== CONSTRAINT.primaryKey) throw error;
      throw duplicate('revocation list', String(record.number), error);
    }
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    return this.#select(CERTIFICATES, 'WHERE serial = ? ORDER BY issuer_id IS NULL, seq DESC LIMIT 1', serial)[0];
  }

  async bySerialPrefix(prefix: string): Promise<CertificateRecord[]> {
    // A range, which the index answers; 'g' follows the last hex digit.
    const range = `WHERE serial >= ? AND serial < ? ORDER BY serial LIMIT ${PREFIX_LIMIT}`;
    return this.#select(CERTIFICATES, range, prefix, `${prefix}g`);
  }

  async byLabel(label: string): Promise<CertificateRecord | undefined> {
    return this.#select(CERTIFICATES, 'WHERE label = ? ORDER BY seq DESC LIMIT 1', label)[0];
  }

  async certificates({ label, state, expiresBy }: CertificateFilter = {}): Promise<CertificateRecord[]> {
    const conditions: string[] = [];
    const values: Value[] = [];
    const add = (condition: string, value: Value | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    add('label = ?', label);
    add('state = ?', state);
    add('not_after <= ?', expiresBy?.toISOString());
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#select(CERTIFICATES, `${where} ORDER BY seq`, ...values);
  }

  async requests(): Promise<RequestRecord[]> {
    return this.#select(REQUESTS, 'ORDER BY created_at, rowid');
  }

  async placements(): Promise<PlacementRecord[]> {
    return this.#select(PLACEMENTS, 'ORDER BY label');
  }

  async newestRevocationList(keyId: string): Promise<RevocationListRecord | undefined> {
    return this.#select(REVOCATION_LISTS, 'WHERE key_id = ? ORDER BY number DESC LIMIT 1', keyId)[0];
  }

  async targets(): Promise<TargetRecord[]> {
    return this.#select(TARGETS, 'ORDER BY rowid');
  }

  async audit(limit: number, serial?: string): Promise<AuditEvent[]> {
    const about = serial === undefined ? '' : 'WHERE serial = ?';
    const values = serial === undefined ? [] : [serial];
    return this.#select(EVENTS, `${about} ORDER BY seq DESC LIMIT ?`, ...values, Math.max(0, limit));
  }

  async close(): Promise<void> {
    this.#statements.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** All of it or nothing, and recorded on the disk when it returns. */
  #write(work: () => void): void {
    const connection = this.#open();
    try {
      // Takes the write lock at once: a transaction that reads first and then writes could not wait for another's.
      connection.exec('BEGIN IMMEDIATE');
      work();
      connection.exec('COMMIT');
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      throw sqliteError(this.#path, error);
    }
  }

  #select<T>(table: Table<T>, rest: string, ...values: Value[]): T[] {
    try {
      return this.#all(`SELECT ${table.columns} FROM ${table.name} ${rest}`, ...values).map(table.fromRow);
    } catch (error) {
      throw sqliteError(this.#path, error);
    }
  }

  #insert<T>(table: Table<T>, record: T, onConflict = ''): void {
    const values = table.toRow(record);
    const marks = values.map(() => '?').join(', ');
    this.#run(`INSERT INTO ${table.name} (${table.columns}) VALUES (${marks}) ${onConflict}`, ...values);
  }

  /** Changes the row with this key. INSERT OR REPLACE would make another row, and remove whatever else is in its way. */
  #put<T>(table: Table<T>, record: T, key: string): void {
    const changes = table.columns.split(', ').map((name) => `${name} = excluded.${name}`);
    this.#insert(table, record, `ON CONFLICT (${key}) DO UPDATE SET ${changes.join(', ')}`);
  }

  #all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).raw().all(values) as Row[];
  }

  #run(sql: string, ...values: Value[]): void {
    this.#change(sql, ...values);
  }

  /** How many rows it changed. */
  #change(sql: string, ...values: Value[]): number {
    return this.#prepare(sql).run(values).changes;
  }

  #prepare(sql: string): Statement {
    const prepared = this.#statements.get(sql) ?? (this.#open().prepare(sql) as Statement);
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #open(): Connection {
    if (this.#connection === undefined) throw closedStore();
    return this.#connection;
  }
}
