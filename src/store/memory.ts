/** An inventory that lasts as long as its process: for test suites, and to hold the other stores' behaviour against. */
import { applyToTables, checkChanges } from './memory-changes.ts';
import { MemoryTables } from './memory-tables.ts';
import { certificatesAdded, checkAuthorities, closedStore, PREFIX_LIMIT } from './rules.ts';
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

/** An inventory that lasts as long as its process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  #open: MemoryTables | undefined = new MemoryTables();

  get #tables(): MemoryTables {
    if (this.#open === undefined) throw closedStore();
    return this.#open;
  }

  async addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void> {
    const { authorities, events } = this.#tables;
    checkAuthorities(records, authorities.keys());
    if (records.some((record) => record.active)) retireActive(authorities);
    for (const record of records) authorities.set(record.id, record);
    events.push(event);
  }

  async authorities(): Promise<AuthorityRecord[]> {
    const all = [...this.#tables.authorities.values()];
    return [...all.filter(({ role }) => role === 'root'), ...all.filter(({ role }) => role !== 'root')];
  }

  addCertificates(
    records: readonly CertificateRecord[],
    action = 'issue',
    also: readonly Change[] = [],
  ): Promise<void> {
    return this.write([...certificatesAdded(records, action), ...also]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    const tables = this.#tables;
    checkChanges(tables, changes);
    for (const change of changes) applyToTables(tables, change);
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    const own = this.#tables.certificates.get(serial);
    return own ?? [...this.#tables.certificates.values()].findLast((record) => record.serial === serial);
  }

  async bySerialPrefix(prefix: string): Promise<CertificateRecord[]> {
    const found = [...this.#tables.certificates.values()].filter(({ serial }) => serial.startsWith(prefix));
    return found.sort((a, b) => (a.serial < b.serial ? -1 : 1)).slice(0, PREFIX_LIMIT);
  }

  async byLabel(label: string): Promise<CertificateRecord | undefined> {
    return this.#tables.newestOf(label);
  }

  async certificates(filter: CertificateFilter = {}): Promise<CertificateRecord[]> {
    return [...this.#tables.certificates.values()].filter((record) => matches(record, filter));
  }

  async requests(): Promise<RequestRecord[]> {
    return [...this.#tables.requests.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  async placements(): Promise<PlacementRecord[]> {
    return [...this.#tables.placements.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  async newestRevocationList(keyId: string): Promise<RevocationListRecord | undefined> {
    const lists = [...this.#tables.lists.values()].filter((list) => list.keyId === keyId);
    return lists.sort((a, b) => b.number - a.number)[0];
  }

  async targets(): Promise<TargetRecord[]> {
    return [...this.#tables.targets.values()];
  }

  async audit(limit: number, serial?: string): Promise<AuditEvent[]> {
    const events =
      serial === undefined ? this.#tables.events : this.#tables.events.filter((event) => event.serial === serial);
    return events.slice(Math.max(0, events.length - limit)).reverse();
  }

  async close(): Promise<void> {
    this.#open = undefined;
  }
}

function retireActive(authorities: Map<string, AuthorityRecord>): void {
  for (const [id, record] of authorities) if (record.active) authorities.set(id, { ...record, active: false });
}

const matches = (record: CertificateRecord, { label, state, expiresBy }: CertificateFilter): boolean =>
  (label === undefined || record.label === label) &&
  (state === undefined || record.state === state) &&
  (expiresBy === undefined || record.notAfter.getTime() <= expiresBy.getTime());
