/**
 * What a CA remembers, as an interface: every certificate that it ever issued, its authorities, and an audit log.
 * Asynchronous, so that an inventory on another machine can stand behind it. No private key ever enters a store.
 */

/** Whether a certificate still counts. Expired and due are not stored: they follow from the clock. */
export type StoredState = 'valid' | 'superseded' | 'revoked';

/** One issued certificate. */
export interface CertificateRecord {
  /** Lower-case hex, unique in the store. */
  readonly serial: string;
  readonly label: string;
  readonly profile: string;
  /** The template that its files were made with; null when none was. */
  readonly template: string | null;
  readonly names: readonly string[];
  /** Distinguished name as text (RFC 4514). */
  readonly subject: string;
  readonly keyType: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly fingerprintSha256: string;
  readonly certificate: Uint8Array;
  /** The id of the authority that signed it. */
  readonly issuerId: string;
  readonly state: StoredState;
  readonly issuedAt: Date;
  /** Whether the home keeps a copy of the private key (a file, not a row). */
  readonly keyKept: boolean;
}

/** A certificate that this CA signs with, or (the root above an intermediate) once signed with. */
export interface AuthorityRecord {
  /** The certificate's serial. */
  readonly id: string;
  readonly role: 'root' | 'intermediate';
  readonly name: string;
  readonly certificate: Uint8Array;
  /** The id of the authority above; null for a root, and for one whose issuer is elsewhere. */
  readonly parentId: string | null;
  /** Whether new certificates are signed with this one. Exactly one authority is active. */
  readonly active: boolean;
  readonly createdAt: Date;
}

/** One line of the audit log. */
export interface AuditEvent {
  readonly at: Date;
  /** A verb: 'create', 'import', 'issue' ... */
  readonly action: string;
  /** The serial that it was done to; null when none. */
  readonly serial: string | null;
  readonly detail: string;
}

/** Which certificates to list; all of them when empty. */
export interface CertificateFilter {
  readonly label?: string;
  readonly state?: StoredState;
  /** Only certificates whose notAfter is at or before this instant. */
  readonly expiresBy?: Date;
}

/** An inventory: `memoryStore()`, or the one in a home folder. */
export interface Store {
  /** Adds authorities and the event in one transaction. */
  addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void>;
  /** Roots first, then in the order in which they were added. */
  authorities(): Promise<AuthorityRecord[]>;
  /**
   * Records newly issued certificates, all of them or none, before they are handed out. Earlier valid certificates
   * with the same label become superseded. Each gets an 'issue' event. A serial that exists already is an error.
   */
  addCertificates(records: readonly CertificateRecord[]): Promise<void>;
  /** By exact serial. */
  bySerial(serial: string): Promise<CertificateRecord | undefined>;
  /** All whose serial starts with these hex digits, at most ten. */
  bySerialPrefix(prefix: string): Promise<CertificateRecord[]>;
  /** The newest with this label. */
  byLabel(label: string): Promise<CertificateRecord | undefined>;
  /** In order of issue, oldest first. */
  certificates(filter?: CertificateFilter): Promise<CertificateRecord[]>;
  /** The newest events first, at most `limit`. */
  audit(limit: number): Promise<AuditEvent[]>;
  close(): Promise<void>;
}
