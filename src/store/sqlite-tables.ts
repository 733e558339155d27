/**
 * The tables of an open inventory: rows are read and written here, in transactions.
 *
 * Parameters always go in as one array: libsql 0.5 takes a lone object, even a Buffer, for named parameters, and a missing
 * one aborts the process.
 */
import type Database from 'libsql';
import { closedStore } from './rules.ts';
import type { Row, Table, Value } from './schema.ts';
import { sqliteError } from './sqlite-errors.ts';

export type Connection = Database.Database;
type Statement = Database.Statement<Value[][]>;

export class SqliteTables {
  readonly #path: string;
  #connection: Connection | undefined;
  /** Prepared on first use: most commands need two or three. */
  readonly #statements = new Map<string, Statement>();

  constructor(path: string, connection: Connection) {
    this.#path = path;
    this.#connection = connection;
  }

  /** All of it or nothing, and recorded on the disk when it returns. */
  write(work: () => void): void {
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

  /** The records of a table; `rest` is what follows its name in the statement. */
  select<T>(table: Table<T>, rest: string, ...values: Value[]): T[] {
    try {
      return this.all(`SELECT ${table.columns} FROM ${table.name} ${rest}`, ...values).map(table.fromRow);
    } catch (error) {
      throw sqliteError(this.#path, error);
    }
  }

  insert<T>(table: Table<T>, record: T, onConflict = ''): void {
    const values = table.toRow(record);
    const marks = values.map(() => '?').join(', ');
    this.run(`INSERT INTO ${table.name} (${table.columns}) VALUES (${marks}) ${onConflict}`, ...values);
  }

  /** Changes the row with this key. INSERT OR REPLACE would make another row, and remove whatever else is in its way. */
  put<T>(table: Table<T>, record: T, key: string): void {
    const changes = table.columns.split(', ').map((name) => `${name} = excluded.${name}`);
    this.insert(table, record, `ON CONFLICT (${key}) DO UPDATE SET ${changes.join(', ')}`);
  }

  /** For use within `write`: what goes wrong is said in SQLite's terms. */
  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).raw().all(values) as Row[];
  }

  /** How many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#prepare(sql).run(values).changes;
  }

  close(): void {
    this.#statements.clear();
    this.#connection?.close();
    this.#connection = undefined;
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
