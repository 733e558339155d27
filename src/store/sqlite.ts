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
import { checkAuthorities, closedStore, duplicate, issueEvent, PREFIX_LIMIT, unknownAuthority } from './rules.ts';
import {
  AUTHORITIES,
  CERTIFICATES,
  EVENTS,
  type Row,
  SCHEMA,
  SCHEMA_VERSION,
  type Table,
  type Value,
} from './schema.ts';
import { CONSTRAINT, resultCode, sqliteError } from './sqlite-errors.ts';
import type { AuditEvent, AuthorityRecord, CertificateFilter, CertificateRecord, Store } from './store.ts';

type Connection = Database.Database;
type Statement = Database.Statement<Value[][]>;

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
  return connect(path, `PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
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
    checkVersion(path, connection);
    return new SqliteStore(path, connection);
  } catch (error) {
    connection?.close();
    throw sqliteError(path, error);
  }
}

function checkVersion(path: string, connection: Connection): void {
  const [version] = connection.prepare('PRAGMA user_version').raw().get([]) as [number];
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new LocalCaError(
      'LOCAL_CA_HOME_INVALID',
      `the inventory ${path} was made by a newer local-ca (its version is ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that newer local-ca.',
    );
  }
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

  async addCertificates(records: readonly CertificateRecord[]): Promise<void> {
    this.#write(() => {
      for (const record of records) this.#addCertificate(record);
    });
  }

  #addCertificate(record: CertificateRecord): void {
    this.#run("UPDATE certificates SET state = 'superseded' WHERE label = ? AND state = 'valid'", record.label);
    try {
      this.#insert(CERTIFICATES, record);
    } catch (error) {
      if (resultCode(error) === CONSTRAINT.unique) throw duplicate('serial', record.serial, error);
      if (resultCode(error) === CONSTRAINT.foreignKey) throw unknownAuthority(record.issuerId, error);
      throw error;
    }
    this.#insert(EVENTS, issueEvent(record));
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    return this.#select(CERTIFICATES, 'WHERE serial = ?', serial)[0];
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

  async audit(limit: number): Promise<AuditEvent[]> {
    return this.#select(EVENTS, 'ORDER BY seq DESC LIMIT ?', Math.max(0, limit));
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

  #insert<T>(table: Table<T>, record: T): void {
    const values = table.toRow(record);
    const marks = values.map(() => '?').join(', ');
    this.#run(`INSERT INTO ${table.name} (${table.columns}) VALUES (${marks})`, ...values);
  }

  #all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).raw().all(values) as Row[];
  }

  #run(sql: string, ...values: Value[]): void {
    this.#prepare(sql).run(values);
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
