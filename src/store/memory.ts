/** An inventory that lasts as long as its process: for test suites, and to hold the other stores' behaviour against. */
import {
  certificatesAdded,
  checkAuthorities,
  closedStore,
  duplicate,
  PREFIX_LIMIT,
  unknownAuthority,
  unknownSerial,
} from './rules.ts';
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

/** An inventory that lasts as long as its process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  /** Maps keep the order in which records were added. */
  readonly #authorities = new Map<string, AuthorityRecord>();
  /** By `keyOf`. */
  readonly #certificates = new Map<string, CertificateRecord>();
  /** The newest of each label; no older one is valid, since the newer one superseded it. */
  readonly #newest = new Map<string, string>();
  readonly #requests = new Map<string, RequestRecord>();
  readonly #placements = new Map<string, PlacementRecord>();
  readonly #lists = new Map<string, RevocationListRecord>();
  readonly #targets = new Map<string, TargetRecord>();
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

  async addCertificates(
    records: readonly CertificateRecord[],
    action = 'issue',
    also: readonly Change[] = [],
  ): Promise<void> {
    await this.write([...certificatesAdded(records, action), ...also]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.#checkOpen();
    this.#check(changes);
    for (const change of changes) this.#apply(change);
  }

  /** Everything that can be refused is refused before anything is changed. */
  #check(changes: readonly Change[]): void {
    const seen = new Set<string>();
    const targets = new Map(this.#targets);
    for (const change of changes) {
      if (change.kind === 'certificate') this.#checkCertificate(change.record, seen);
      if (change.kind === 'revocation' && !this.#isOwn(change.serial)) throw unknownSerial(change.serial);
      if (change.kind === 'revocation-list') this.#checkList(change.record, seen);
      if (change.kind === 'target-gone') targets.delete(change.id);
      if (change.kind === 'target') {
        const { id, folder } = change.record;
        if ([...targets.values()].some((one) => one.folder === folder && one.id !== id))
          throw duplicate('target', folder);
        targets.set(id, change.record);
      }
    }
  }

  #checkList(record: RevocationListRecord, seen: Set<string>): void {
    const key = listKey(record);
    if (this.#lists.has(key) || seen.has(key)) throw duplicate('revocation list', String(record.number));
    seen.add(key);
  }

  #checkCertificate(record: CertificateRecord, seen: Set<string>): void {
    const key = keyOf(record);
    if (record.issuerId !== null && (this.#certificates.has(key) || seen.has(key)))
      throw duplicate('serial', record.serial);
    if (record.issuerId !== null && !this.#authorities.has(record.issuerId)) throw unknownAuthority(record.issuerId);
    seen.add(key);
  }

  #isOwn = (serial: string): boolean => this.#certificates.has(serial) || this.#authorities.has(serial);

  #apply(change: Change): void {
    switch (change.kind) {
      case 'certificate':
        this.#add(change.record);
        break;
      case 'revocation':
        this.#setRevocation(change.serial, change.revocation);
        break;
      case 'kept-key':
        this.#setKeyId(change);
        break;
      case 'chain':
        this.#change(this.#certificates, foreignKey(change.serial, change.fingerprint), { chain: change.chain });
        break;
      case 'request':
        this.#requests.set(change.record.id, change.record);
        break;
      case 'request-done':
        this.#requests.delete(change.id);
        break;
      case 'placement':
        this.#placements.set(change.record.label, change.record);
        break;
      case 'revocation-list':
        this.#lists.set(listKey(change.record), change.record);
        break;
      case 'target':
        this.#targets.set(change.record.id, change.record);
        break;
      case 'target-gone':
        this.#targets.delete(change.id);
        break;
      case 'event':
        this.#events.push(change.event);
        break;
    }
  }

  #add(record: CertificateRecord): void {
    const earlier = this.#newestOf(record.label);
    if (earlier?.state === 'valid') this.#change(this.#certificates, keyOf(earlier), { state: 'superseded' });
    this.#certificates.set(keyOf(record), record);
    this.#newest.set(record.label, keyOf(record));
  }

  #setKeyId({ keyId, serial, fingerprint }: Extract<Change, { kind: 'kept-key' }>): void {
    const isOwn = this.#certificates.get(serial)?.fingerprintSha256 === fingerprint;
    this.#change(this.#certificates, isOwn ? serial : foreignKey(serial, fingerprint), { keyId });
  }

  /** What is released from hold counts again, unless its label has gone over to a newer one. */
  #setRevocation(serial: string, revocation: Revocation | null): void {
    this.#change(this.#authorities, serial, { revocation });
    const label = this.#certificates.get(serial)?.label ?? '';
    const released = this.#newest.get(label) === serial ? 'valid' : 'superseded';
    this.#change(this.#certificates, serial, { revocation, state: revocation === null ? released : 'revoked' });
  }

  #change<T extends object>(map: Map<string, T>, key: string, change: Partial<T>): void {
    const record = map.get(key);
    if (record !== undefined) map.set(key, { ...record, ...change });
  }

  async bySerial(serial: string): Promise<CertificateRecord | undefined> {
    this.#checkOpen();
    const own = this.#certificates.get(serial);
    return own ?? [...this.#certificates.values()].findLast((record) => record.serial === serial);
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

  async requests(): Promise<RequestRecord[]> {
    this.#checkOpen();
    return [...this.#requests.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  async placements(): Promise<PlacementRecord[]> {
    this.#checkOpen();
    return [...this.#placements.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  async newestRevocationList(keyId: string): Promise<RevocationListRecord | undefined> {
    this.#checkOpen();
    const lists = [...this.#lists.values()].filter((list) => list.keyId === keyId);
    return lists.sort((a, b) => b.number - a.number)[0];
  }

  async targets(): Promise<TargetRecord[]> {
    this.#checkOpen();
    return [...this.#targets.values()];
  }

  async audit(limit: number, serial?: string): Promise<AuditEvent[]> {
    this.#checkOpen();
    const events = serial === undefined ? this.#events : this.#events.filter((event) => event.serial === serial);
    return events.slice(Math.max(0, events.length - limit)).reverse();
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStore();
  }
}

/** Serials of other CAs may be anything, also one of ours. */
const keyOf = ({ issuerId, serial, fingerprintSha256 }: CertificateRecord) =>
  issuerId === null ? foreignKey(serial, fingerprintSha256) : serial;

const foreignKey = (serial: string, fingerprint: string) => `${serial} ${fingerprint}`;

const listKey = ({ keyId, number }: RevocationListRecord) => `list ${keyId} ${number}`;

const matches = (record: CertificateRecord, { label, state, expiresBy }: CertificateFilter): boolean =>
  (label === undefined || record.label === label) &&
  (state === undefined || record.state === state) &&
  (expiresBy === undefined || record.notAfter.getTime() <= expiresBy.getTime());
