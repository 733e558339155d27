/** How records become rows of the inventory's tables, and rows records. The tables themselves: `migrations.ts`. */
import type {
  AuditEvent,
  AuthorityRecord,
  CertificateRecord,
  PlacementRecord,
  RequestRecord,
  Revocation,
  RevocationListRecord,
  TargetRecord,
} from './store.ts';

/** What SQLite binds and returns here. Never a boolean: binding one makes libsql abort the process. */
export type Value = string | number | Uint8Array | null;
export type Row = readonly Value[];

/** One column: its name, and both directions. */
interface Column {
  readonly name: string;
  readonly write: (value: never) => Value;
  readonly read: (value: Value) => unknown;
}

/** A record type's table: its columns in order, and both directions. */
export interface Table<T> {
  readonly name: string;
  readonly columns: string;
  toRow(record: T): Value[];
  fromRow(row: Row): T;
}

const column =
  <T>(write: (value: T) => Value, read: (value: Value) => T) =>
  (name: string): Column => ({ name, write: write as (value: never) => Value, read });

const orNull =
  <T>(make: (name: string) => Column) =>
  (name: string): Column => {
    const { write, read } = make(name);
    return {
      name,
      write: (value: T | null) => (value === null ? null : write(value as never)),
      read: (value) => (value === null ? null : read(value)),
    };
  };

const plain = column<Value>(
  (value) => value,
  (value) => value,
);
const flag = column<boolean>(Number, (value) => value === 1);
const time = column<Date>(
  (value) => value.toISOString(),
  (value) => new Date(value as string),
);
const json = column<unknown>(JSON.stringify, (value) => JSON.parse(value as string));
/** libsql returns Buffers; a plain view on the same bytes is what the interface promises. */
const bytes = column<Uint8Array>(
  (value) => value,
  (value) => {
    const { buffer, byteOffset, byteLength } = value as Uint8Array;
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
);
const ders = column<readonly Uint8Array[]>(
  (list) => JSON.stringify(list.map((der) => Buffer.from(der).toString('base64'))),
  (value) => (JSON.parse(value as string) as string[]).map((der) => new Uint8Array(Buffer.from(der, 'base64'))),
);
const revocation: (name: string) => Column = orNull<Revocation>(
  column<Revocation>(JSON.stringify, (value) => {
    const { at, reason, invalidSince } = JSON.parse(value as string);
    return { at: new Date(at), reason, invalidSince: invalidSince === null ? null : new Date(invalidSince) };
  }),
);

/** The compiler holds the columns to the record, key by key. */
function table<T extends object>(name: string, columns: { readonly [Key in keyof T]-?: Column }): Table<T> {
  const entries = Object.entries(columns) as [keyof T, Column][];
  return {
    name,
    columns: entries.map(([, { name }]) => name).join(', '),
    toRow: (record) => entries.map(([key, { write }]) => write(record[key] as never)),
    fromRow: (row) =>
      Object.fromEntries(entries.map(([key, { read }], i) => [key, read(row[i] as Value)])) as unknown as T,
  };
}

export const AUTHORITIES = table<AuthorityRecord>('authorities', {
  id: plain('id'),
  role: plain('role'),
  name: plain('name'),
  certificate: bytes('certificate'),
  parentId: plain('parent_id'),
  active: flag('active'),
  createdAt: time('created_at'),
  keyId: plain('key_id'),
  crlUrls: json('crl_urls'),
  ocspUrls: json('ocsp_urls'),
  revocation: revocation('revocation'),
});

export const CERTIFICATES = table<CertificateRecord>('certificates', {
  serial: plain('serial'),
  label: plain('label'),
  profile: plain('profile'),
  template: plain('template'),
  names: json('names'),
  subject: plain('subject'),
  keyType: plain('key_type'),
  notBefore: time('not_before'),
  notAfter: time('not_after'),
  fingerprintSha256: plain('fingerprint_sha256'),
  certificate: bytes('certificate'),
  issuerId: plain('issuer_id'),
  chain: ders('chain'),
  state: plain('state'),
  revocation: revocation('revocation'),
  issuedAt: time('issued_at'),
  keyId: plain('key_id'),
});

export const REQUESTS = table<RequestRecord>('requests', {
  id: plain('id'),
  label: plain('label'),
  names: json('names'),
  profile: plain('profile'),
  template: plain('template'),
  keyType: plain('key_type'),
  request: bytes('request'),
  createdAt: time('created_at'),
  keepKey: flag('keep_key'),
  folder: plain('folder'),
});

export const PLACEMENTS = table<PlacementRecord>('placements', {
  label: plain('label'),
  serial: plain('serial'),
  template: plain('template'),
  folder: plain('folder'),
  zip: plain('zip'),
  formats: orNull(json)('formats'),
  settings: json('settings'),
  alias: plain('alias'),
  p12Profile: plain('p12_profile'),
  passwordGiven: flag('password_given'),
  withKey: flag('with_key'),
  roots: json('roots'),
  writtenAt: time('written_at'),
  stages: json('stages'),
});

export const REVOCATION_LISTS = table<RevocationListRecord>('revocation_lists', {
  keyId: plain('key_id'),
  number: plain('number'),
  thisUpdate: time('this_update'),
  nextUpdate: time('next_update'),
  list: bytes('list'),
});

export const TARGETS = table<TargetRecord>('targets', {
  id: plain('id'),
  label: plain('label'),
  folder: plain('folder'),
  template: plain('template'),
  formats: orNull(json)('formats'),
  settings: json('settings'),
  owner: plain('owner'),
  group: plain('group_name'),
  hook: json('hook'),
  hookTimeout: plain('hook_timeout'),
  window: plain('window'),
  timeZone: plain('time_zone'),
  probe: plain('probe'),
  probeName: plain('probe_name'),
  withCrl: flag('with_crl'),
  wish: plain('wish'),
  state: plain('state'),
  serial: plain('serial'),
  contents: plain('contents'),
  rights: json('rights'),
  problem: plain('problem'),
  failures: plain('failures'),
  retryAt: orNull(time)('retry_at'),
  since: time('since'),
});

export const EVENTS = table<AuditEvent>('events', {
  at: time('at'),
  action: plain('action'),
  serial: plain('serial'),
  detail: plain('detail'),
});

/** As their columns hold them. */
export const chainValue = (value: readonly Uint8Array[]): Value => ders('').write(value as never);
export const revocationValue = (value: Revocation | null): Value => revocation('').write(value as never);
