/** What an inventory in memory holds, and under which keys. */
import type {
  AuditEvent,
  AuthorityRecord,
  CertificateRecord,
  PlacementRecord,
  RequestRecord,
  RevocationListRecord,
  TargetRecord,
} from './store.ts';

/** Maps keep the order in which records were added. */
export class MemoryTables {
  readonly authorities = new Map<string, AuthorityRecord>();
  /** By `certificateKey`. */
  readonly certificates = new Map<string, CertificateRecord>();
  /** The key of the newest of each label; no older one is valid, since the newer one superseded it. */
  readonly newest = new Map<string, string>();
  readonly requests = new Map<string, RequestRecord>();
  /** By label. */
  readonly placements = new Map<string, PlacementRecord>();
  /** By `listKey`. */
  readonly lists = new Map<string, RevocationListRecord>();
  readonly targets = new Map<string, TargetRecord>();
  readonly events: AuditEvent[] = [];

  newestOf(label: string): CertificateRecord | undefined {
    return this.certificates.get(this.newest.get(label) ?? '');
  }
}

/** Serials of other CAs may be anything, also one of ours. */
export const certificateKey = ({ issuerId, serial, fingerprintSha256 }: CertificateRecord) =>
  issuerId === null ? foreignKey(serial, fingerprintSha256) : serial;

export const foreignKey = (serial: string, fingerprint: string) => `${serial} ${fingerprint}`;

export const listKey = ({ keyId, number }: RevocationListRecord) => `list ${keyId} ${number}`;
