/** How records become rows of the inventory's tables, and rows records. The tables themselves: `migrations.ts`. */
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import {
  bytes,
  type Column,
  deployment,
  ders,
  flag,
  formats,
  number,
  p12Profile,
  revocation,
  rights,
  role,
  settings,
  stages,
  state,
  strings,
  text,
  textOrNull,
  time,
  timeOrNull,
  type Value,
  wish,
} from './columns.ts';
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

export type { Value };
export type Row = readonly Value[];

/** A record type's table: its columns in order, and both directions. */
export interface Table<T> {
  readonly name: string;
  readonly columns: string;
  toRow(record: T): Value[];
  /** Throws LOCAL_CA_HOME_INVALID. */
  fromRow(row: Row): T;
}

/** The compiler holds the columns to the record, key by key. */
function table<T extends object>(name: string, columns: { readonly [Key in keyof T]-?: Column }): Table<T> {
  const entries = Object.entries(columns) as [keyof T, Column][];
  return {
    name,
    columns: entries.map(([, { name }]) => name).join(', '),
    toRow: (record) => entries.map(([key, { write }]) => write(record[key] as never)),
    fromRow: (row) =>
      Object.fromEntries(
        entries.map(([key, { read, name: its }], i) => [key, readCell(read, row[i] as Value, `${name}.${its}`)]),
      ) as unknown as T,
  };
}

function readCell(read: Column['read'], value: Value, where: string): unknown {
  try {
    return read(value);
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_HOME_INVALID',
      `the inventory is damaged: ${where} is ${quote(String(value))}`,
      'Restore the home folder from a backup.',
      { cause },
    );
  }
}

export const AUTHORITIES = table<AuthorityRecord>('authorities', {
  id: text('id'),
  role: role('role'),
  name: text('name'),
  certificate: bytes('certificate'),
  parentId: textOrNull('parent_id'),
  active: flag('active'),
  createdAt: time('created_at'),
  keyId: text('key_id'),
  crlUrls: strings('crl_urls'),
  ocspUrls: strings('ocsp_urls'),
  revocation: revocation('revocation'),
});

export const CERTIFICATES = table<CertificateRecord>('certificates', {
  serial: text('serial'),
  label: text('label'),
  profile: text('profile'),
  template: textOrNull('template'),
  names: strings('names'),
  subject: text('subject'),
  keyType: text('key_type'),
  notBefore: time('not_before'),
  notAfter: time('not_after'),
  fingerprintSha256: text('fingerprint_sha256'),
  certificate: bytes('certificate'),
  issuerId: textOrNull('issuer_id'),
  chain: ders('chain'),
  state: state('state'),
  revocation: revocation('revocation'),
  issuedAt: time('issued_at'),
  keyId: textOrNull('key_id'),
});

export const REQUESTS = table<RequestRecord>('requests', {
  id: text('id'),
  label: text('label'),
  names: strings('names'),
  profile: text('profile'),
  template: textOrNull('template'),
  keyType: text('key_type'),
  request: bytes('request'),
  createdAt: time('created_at'),
  keepKey: flag('keep_key'),
  folder: textOrNull('folder'),
});

export const PLACEMENTS = table<PlacementRecord>('placements', {
  label: text('label'),
  serial: text('serial'),
  template: text('template'),
  folder: text('folder'),
  zip: textOrNull('zip'),
  formats: formats('formats'),
  settings: settings('settings'),
  alias: textOrNull('alias'),
  p12Profile: p12Profile('p12_profile'),
  passwordGiven: flag('password_given'),
  withKey: flag('with_key'),
  roots: strings('roots'),
  writtenAt: time('written_at'),
  stages: stages('stages'),
});

export const REVOCATION_LISTS = table<RevocationListRecord>('revocation_lists', {
  keyId: text('key_id'),
  number: number('number'),
  thisUpdate: time('this_update'),
  nextUpdate: time('next_update'),
  list: bytes('list'),
});

export const TARGETS = table<TargetRecord>('targets', {
  id: text('id'),
  label: text('label'),
  folder: text('folder'),
  template: text('template'),
  formats: formats('formats'),
  settings: settings('settings'),
  owner: textOrNull('owner'),
  group: textOrNull('group_name'),
  hook: strings('hook'),
  hookTimeout: number('hook_timeout'),
  window: textOrNull('window'),
  timeZone: textOrNull('time_zone'),
  probe: textOrNull('probe'),
  probeName: textOrNull('probe_name'),
  withCrl: flag('with_crl'),
  wish: wish('wish'),
  state: deployment('state'),
  serial: textOrNull('serial'),
  contents: textOrNull('contents'),
  rights: rights('rights'),
  problem: textOrNull('problem'),
  failures: number('failures'),
  retryAt: timeOrNull('retry_at'),
  since: time('since'),
});

export const EVENTS = table<AuditEvent>('events', {
  at: time('at'),
  action: text('action'),
  serial: textOrNull('serial'),
  detail: text('detail'),
});

/** As their columns hold them. */
export const chainValue = (value: readonly Uint8Array[]): Value => ders('').write(value as never);
export const revocationValue = (value: Revocation | null): Value => revocation('').write(value as never);
