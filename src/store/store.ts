/**
 * What a CA remembers, as an interface: its authorities, every certificate that it ever issued, the requests that wait for
 * another CA, revocation lists, where files went and go, and an audit log. Asynchronous, so that an inventory on another
 * machine can stand behind it. No private key ever enters a store.
 */
import type { RevocationReason } from '../core/reasons.ts';
import type { FormatName } from '../formats/formats.ts';
import type { Pkcs12Profile } from '../formats/pkcs12.ts';

/** Whether a certificate still counts. Expired and due are not stored: they follow from the clock. */
export type StoredState = 'valid' | 'superseded' | 'revoked';

/** Since when a certificate no longer counts, and why (RFC 5280 5.3). */
export interface Revocation {
  readonly at: Date;
  readonly reason: RevocationReason;
  /** Since when its key may have been in other hands, where that is known. */
  readonly invalidSince: Date | null;
}

/** One certificate: issued here, or accepted from another CA. */
export interface CertificateRecord {
  /** Lower-case hex; unique among those that were issued here. */
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
  /** The id of the authority that signed it; null when another CA did. */
  readonly issuerId: string | null;
  /** DER of the certificates above it, when another CA signed it; else empty, since the authorities are on record. */
  readonly chain: readonly Uint8Array[];
  readonly state: StoredState;
  /** Not null in the state `revoked`, and in no other. */
  readonly revocation: Revocation | null;
  readonly issuedAt: Date;
  /** Under which id the home keeps a copy of the private key (a file, not a row); null when it keeps none. */
  readonly keyId: string | null;
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
  /** Under which id the home keeps its key: a renewed authority shares it with the one before. */
  readonly keyId: string;
  /** Where the revocation list of this authority can be fetched: goes into the certificates that it signs. */
  readonly crlUrls: readonly string[];
  /** Where to ask about the certificates that it signs. */
  readonly ocspUrls: readonly string[];
  readonly revocation: Revocation | null;
}

/** A key that waits for the answer of another CA. */
export interface RequestRecord {
  /** The id of its key in the vault. */
  readonly id: string;
  readonly label: string;
  readonly names: readonly string[];
  readonly profile: string;
  readonly template: string | null;
  readonly keyType: string;
  /** The PKCS#10 request, DER. */
  readonly request: Uint8Array;
  readonly createdAt: Date;
  /** Keep the key in the home when the answer has come. */
  readonly keepKey: boolean;
  /** Where the files of its certificate belong, absolute; null when nobody said. */
  readonly folder: string | null;
}

/** Where the files of a label went, so that a renewal makes the same. Paths are absolute. */
export interface PlacementRecord {
  readonly label: string;
  /** The serial of the certificate whose files are there. */
  readonly serial: string;
  readonly template: string;
  readonly folder: string;
  readonly zip: string | null;
  /** null: the template's files. */
  readonly formats: readonly FormatName[] | null;
  /** What was set of the template, by name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly alias: string | null;
  readonly p12Profile: Pkcs12Profile | null;
  /** Somebody chose the password of its stores: it is not on record, and has to be given again. */
  readonly passwordGiven: boolean;
  /** The private key was at hand: not so for the requests of others. */
  readonly withKey: boolean;
  /** SHA-256 of each root that its trust files hold. */
  readonly roots: readonly string[];
  readonly writtenAt: Date;
  /** Where its files waited when this was recorded: should they wait there still, their process was killed. */
  readonly stages: readonly StageRecord[];
}

/** Files that are recorded, and have yet to take their place. Paths are absolute. */
export interface StageRecord {
  readonly stage: string;
  /** The folder, or the zip. */
  readonly path: string;
  /** Whether files may be replaced that local-ca did not make. */
  readonly force: boolean;
}

/** A revocation list that was made here (RFC 5280 5). */
export interface RevocationListRecord {
  /** The key of the authority that signed it; all its certificates share one list. */
  readonly keyId: string;
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** DER. */
  readonly list: Uint8Array;
}

/** What a deployment is doing: the states of a database's console, with its waiting for a maintenance window. */
export type DeploymentState =
  | 'not-enabled'
  | 'waiting'
  | 'in-progress'
  | 'enabled'
  | 'updating'
  | 'disabling'
  | 'disabled';

/** What a file system made of the mode and the owner that a file was to have. FAT and some network shares have their own. */
export interface FileRights {
  /** In the target's folder, with `/` between its parts. */
  readonly path: string;
  readonly secret: boolean;
  /** `owner` is null where nobody asked for one. */
  readonly asked: { readonly mode: number; readonly owner: { readonly uid: number; readonly gid: number } | null };
  readonly got: { readonly mode: number; readonly uid: number; readonly gid: number };
}

/** A folder that a server reads, and what keeps it up to date. */
export interface TargetRecord {
  /** Random, hex. */
  readonly id: string;
  readonly label: string;
  /** Absolute. */
  readonly folder: string;
  readonly template: string;
  readonly formats: readonly FormatName[] | null;
  /** What was set of the template, by name; `dir` is the folder unless it was set. */
  readonly settings: Readonly<Record<string, string>>;
  /** A user's and a group's name or number. */
  readonly owner: string | null;
  readonly group: string | null;
  /** The command that makes the server read its files again, as an argument array; empty for none. */
  readonly hook: readonly string[];
  /** In seconds. */
  readonly hookTimeout: number;
  /** `17:00-18:00`; null for at once. */
  readonly window: string | null;
  /** IANA name. */
  readonly timeZone: string | null;
  /** A URL that must serve the new certificate afterwards. */
  readonly probe: string | null;
  /** The name to ask for there; null for that URL's host. */
  readonly probeName: string | null;
  /** Put the revocation lists of the chain beside the files, as crl.pem. */
  readonly withCrl: boolean;
  /** What its owner wants. */
  readonly wish: 'enabled' | 'disabled';
  readonly state: DeploymentState;
  /** The serial of the certificate whose files stand there; null for none. */
  readonly serial: string | null;
  /** What its files were made from, to see when they have to be made again. */
  readonly contents: string | null;
  /** Files that have not the rights that they were to have; empty on a file system that keeps those. */
  readonly rights: readonly FileRights[];
  /** Why the last attempt failed; null when it did not. */
  readonly problem: string | null;
  /** How often it failed since it last succeeded, and when it may be tried again. */
  readonly failures: number;
  readonly retryAt: Date | null;
  /** Since when it is in this state. */
  readonly since: Date;
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

/** One step of a transaction. */
export type Change =
  | { readonly kind: 'certificate'; readonly record: CertificateRecord }
  /** Marks a certificate or an authority as revoked; with null, releases it again. */
  | { readonly kind: 'revocation'; readonly serial: string; readonly revocation: Revocation | null }
  /** Says under which id the key of a certificate is kept. */
  | {
      readonly kind: 'kept-key';
      readonly serial: string;
      /** SHA-256: certificates of other CAs may share a serial. */
      readonly fingerprint: string;
      readonly keyId: string | null;
    }
  /** Says what stands above a certificate of another CA, where less of it was known before. */
  | {
      readonly kind: 'chain';
      readonly serial: string;
      readonly fingerprint: string;
      readonly chain: readonly Uint8Array[];
    }
  /** A request of the same id is replaced; likewise a placement, by its label, and a target, by its id. */
  | { readonly kind: 'request'; readonly record: RequestRecord }
  | { readonly kind: 'request-done'; readonly id: string }
  | { readonly kind: 'placement'; readonly record: PlacementRecord }
  | { readonly kind: 'revocation-list'; readonly record: RevocationListRecord }
  | { readonly kind: 'target'; readonly record: TargetRecord }
  | { readonly kind: 'target-gone'; readonly id: string }
  | { readonly kind: 'event'; readonly event: AuditEvent };

/** An inventory: `memoryStore()`, or the one in a home folder. */
export interface Store {
  /** Adds authorities and the event in one transaction. */
  addAuthorities(records: readonly AuthorityRecord[], event: AuditEvent): Promise<void>;
  /** Roots first, then in the order in which they were added. */
  authorities(): Promise<AuthorityRecord[]>;
  /**
   * Records newly issued certificates, all of them or none, before they are handed out. Earlier valid certificates
   * with the same label become superseded. Each gets an event, 'issue' unless said otherwise. A serial that exists already
   * is an error. `also` goes into the same transaction.
   */
  addCertificates(records: readonly CertificateRecord[], action?: string, also?: readonly Change[]): Promise<void>;
  /** All of it in one transaction, or nothing. A certificate supersedes as in `addCertificates`, and gets no event. */
  write(changes: readonly Change[]): Promise<void>;
  /** By exact serial; one that was issued here before one of another CA. */
  bySerial(serial: string): Promise<CertificateRecord | undefined>;
  /** All whose serial starts with these hex digits, at most ten. */
  bySerialPrefix(prefix: string): Promise<CertificateRecord[]>;
  /** The newest with this label. */
  byLabel(label: string): Promise<CertificateRecord | undefined>;
  /** In order of issue, oldest first. */
  certificates(filter?: CertificateFilter): Promise<CertificateRecord[]>;
  /** Those that wait, oldest first. */
  requests(): Promise<RequestRecord[]>;
  placements(): Promise<PlacementRecord[]>;
  /** The newest list of a key, the one with the highest number. */
  newestRevocationList(keyId: string): Promise<RevocationListRecord | undefined>;
  /** In the order in which they were added. */
  targets(): Promise<TargetRecord[]>;
  /** The newest events first, at most `limit`; those about one serial when it is given. */
  audit(limit: number, serial?: string): Promise<AuditEvent[]>;
  close(): Promise<void>;
}
