/** An inventory that lasts as long as its process: for test suites, and to hold the other stores' behaviour against. */
import { checkAuthorities, closedStore, duplicate, issueEvent, PREFIX_LIMIT, unknownAuthority } from './rules.ts';
import type { AuditEvent, AuthorityRecord, CertificateFilter, CertificateRecord, Store } from './store.ts';

/** An inventory that lasts as long as its process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  /** Maps keep the order in which records were added. */
  readonly #authorities = new Map<string, AuthorityRecord>();
  readonly #certificates = new Map<string, CertificateRecord>();
  /** The newest serial of each label; no older one is valid, since the newer one superseded it. */
  readonly #newest = new Map<string, string>();
  readonly #events: AuditEvent[] = [];
  #open = true;

  async addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void> {
    this.#checkOpen();
    checkAuthorities(records, this.#authorities.keys());
    if (records.some((record) => record.active)) this.#retireActive();
    for (const record of records) this.#authorities.set(record.id, record);
    this.#events.push(event);
  }

  #retireActive(): void {
    for (const [id, record] of this.#authorities) {
      if (record.active) this.#authorities.set(id, { ...record, active: false });
    }
  }

  async authorities(): Promise<AuthorityRecord[]> {
    this.#checkOpen();
    const all = [...this.#authorities.values()];
    return [...all.filter(({ role }) => role === 'root'), ...all.filter(({ role }) => role !== 'root')];
  }

  async addCertificates(records: readonly CertificateRecord[]): Promise<void> {
    this.#checkOpen();
    this.#checkCertificates(records);
    for (const record of records) this.#add(record);
  }

  #checkCertificates(records: readonly CertificateRecord[]): void {
    const seen = new Set<string>();
    for (const { serial, issuerId } of records) {
      if (this.#certificates.has(serial) || seen.has(serial)) throw duplicate('serial', serial);
      if (!this.#authorities.has(issuerId)) throw unknownAuthority(issuerId);
      seen.add(serial);
    }
  }

  #add(record: CertificateRecord): void {
    const earlier = this.#newestOf(record.label);
    if (earlier?.state === 'valid') this.#certificates.set(earlier.serial, { ...earlier, state: 'superseded' });
    this.#certificates.set(record.serial, record);
    this.#newest.set(record.label, record.serial);
    this.#events.push(issueEvent(record));
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    this.#checkOpen();
    return this.#certificates.get(serial);
  }

  async bySerialPrefix(prefix: string): Promise<CertificateRecord[]> {
    this.#checkOpen();
    const found = [...this.#certificates.values()].filter(({ serial }) => serial.startsWith(prefix));
    return found.sort((a, b) => (a.serial < b.serial ? -1 : 1)).slice(0, PREFIX_LIMIT);
  }

  async byLabel(label: string): Promise<CertificateRecord | undefined> {
    this.#checkOpen();
    return this.#newestOf(label);
  }

  #newestOf(label: string): CertificateRecord | undefined {
    return this.#certificates.get(this.#newest.get(label) ?? '');
  }

  async certificates(filter: CertificateFilter = {}): Promise<CertificateRecord[]> {
    this.#checkOpen();
    return [...this.#certificates.values()].filter((record) => matches(record, filter));
  }

  async audit(limit: number): Promise<AuditEvent[]> {
    this.#checkOpen();
    return this.#events.slice(Math.max(0, this.#events.length - limit)).reverse();
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStore();
  }
}

const matches = (record: CertificateRecord, { label, state, expiresBy }: CertificateFilter): boolean =>
  (label === undefined || record.label === label) &&
  (state === undefined || record.state === state) &&
  (expiresBy === undefined || record.notAfter.getTime() <= expiresBy.getTime());
