/**
 * The inventory in one SQLite file: how the file is made, opened, brought up to date and checked. What is in it:
 * `sqlite-store.ts`.
 *
 * libsql 0.5 really closes a connection only when its last statement has been garbage-collected, or the process ends.
 */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import Database from 'libsql';
import { checkPrivateFile, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { migrationsFrom, SCHEMA_VERSION } from './migrations.ts';
import type { Row } from './schema.ts';
import { resultCode, sqliteError } from './sqlite-errors.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { Connection } from './sqlite-tables.ts';
import type { Store } from './store.ts';

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
