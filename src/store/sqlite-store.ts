/**
 * What an inventory in SQLite remembers. libsql is synchronous; the store's methods are asynchronous all the same, because
 * a database on another machine will be.
 */
import { certificatesAdded, checkAuthorities, PREFIX_LIMIT } from './rules.ts';
import {
  AUTHORITIES,
  CERTIFICATES,
  EVENTS,
  PLACEMENTS,
  REQUESTS,
  REVOCATION_LISTS,
  TARGETS,
  type Value,
} from './schema.ts';
import { applyToRows } from './sqlite-changes.ts';
import { type Connection, SqliteTables } from './sqlite-tables.ts';
import type {
  AuditEvent,
  AuthorityRecord,
  CertificateFilter,
  CertificateRecord,
  Change,
  PlacementRecord,
  RequestRecord,
  RevocationListRecord,
  Store,
  TargetRecord,
} from './store.ts';

export class SqliteStore implements Store {
  readonly #tables: SqliteTables;

  constructor(path: string, connection: Connection) {
    this.#tables = new SqliteTables(path, connection);
  }

  async addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void> {
    const tables = this.#tables;
    tables.write(() => {
      const known = tables.all('SELECT id FROM authorities').map(([id]) => id as string);
      checkAuthorities(records, known);
      if (records.some((record) => record.active)) tables.run('UPDATE authorities SET active = 0 WHERE active = 1');
      for (const record of records) tables.insert(AUTHORITIES, record);
      tables.insert(EVENTS, event);
    });
  }

  async authorities(): Promise<AuthorityRecord[]> {
    return this.#tables.select(AUTHORITIES, "ORDER BY role <> 'root', seq");
  }

  addCertificates(
    records: readonly CertificateRecord[],
    action = 'issue',
    also: readonly Change[] = [],
  ): Promise<void> {
    return this.write([...certificatesAdded(records, action), ...also]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.#tables.write(() => {
      for (const change of changes) applyToRows(this.#tables, change);
    });
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    return this.#tables.select(
      CERTIFICATES,
      'WHERE serial = ? ORDER BY issuer_id IS NULL, seq DESC LIMIT 1',
      serial,
    )[0];
  }

  async bySerialPrefix(prefix: string): Promise<CertificateRecord[]> {
    // A range, which the index answers; 'g' follows the last hex digit.
    const range = `WHERE serial >= ? AND serial < ? ORDER BY serial LIMIT ${PREFIX_LIMIT}`;
    return this.#tables.select(CERTIFICATES, range, prefix, `${prefix}g`);
  }

  async byLabel(label: string): Promise<CertificateRecord | undefined> {
    return this.#tables.select(CERTIFICATES, 'WHERE label = ? ORDER BY seq DESC LIMIT 1', label)[0];
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
    return this.#tables.select(CERTIFICATES, `${where} ORDER BY seq`, ...values);
  }

  async requests(): Promise<RequestRecord[]> {
    return this.#tables.select(REQUESTS, 'ORDER BY created_at, rowid');
  }

  async placements(): Promise<PlacementRecord[]> {
    return this.#tables.select(PLACEMENTS, 'ORDER BY label');
  }

  async newestRevocationList(keyId: string): Promise<RevocationListRecord | undefined> {
    return this.#tables.select(REVOCATION_LISTS, 'WHERE key_id = ? ORDER BY number DESC LIMIT 1', keyId)[0];
  }

  async targets(): Promise<TargetRecord[]> {
    return this.#tables.select(TARGETS, 'ORDER BY rowid');
  }

  async audit(limit: number, serial?: string): Promise<AuditEvent[]> {
    const about = serial === undefined ? '' : 'WHERE serial = ?';
    const values = serial === undefined ? [] : [serial];
    return this.#tables.select(EVENTS, `${about} ORDER BY seq DESC LIMIT ?`, ...values, Math.max(0, limit));
  }

  async close(): Promise<void> {
    this.#tables.close();
  }
}
