/**
 * The public names of local-ca, and nothing else.
 *
 * @packageDocumentation
 */
export { systemAmbient } from './ambient.ts';
export { type Accepted, type AcceptHooks, type AcceptOptions, acceptAnswer } from './authority/accept.ts';
export { CertificateAuthority, type IssueOptions, type OpenOptions } from './authority/authority.ts';
export { type DroppedRequest, dropRequest } from './authority/drop-request.ts';
export type { ImportOptions } from './authority/establish.ts';
export type { BeforeRecording, Issued, IssueHooks } from './authority/jobs.ts';
export type { AuthorityList, ListObstacle, RevocationListOptions } from './authority/lists.ts';
export type { RenewOptions } from './authority/renew.ts';
export type { RenewAuthoritiesOptions } from './authority/renew-authority.ts';
export {
  type CreatedRequest,
  createRequest,
  type RequestHooks,
  type RequestOptions,
} from './authority/requests.ts';
export type { ReviewedExtension } from './authority/review.ts';
export type { Revocable, RevokeOptions } from './authority/revoke.ts';
export type { Review, Signed, SignOptions } from './authority/sign.ts';
export type { AuthorityHome, Passphrase } from './authority/workplace.ts';
export { type Bundle, type BundleOptions, buildBundle } from './bundle/bundle.ts';
export { listTemplates, loadTemplate, PACKAGE_TEMPLATES } from './bundle/catalog.ts';
export { type Staged, type StageOptions, stageDirectory, stageFile } from './bundle/directory.ts';
export type { OutputFile } from './bundle/file.ts';
export type { LeafMaterial, Material } from './bundle/material.ts';
export type { Template } from './bundle/template.ts';
export { zipBundle } from './bundle/zip.ts';
export { KEY_TYPES } from './core/algorithms.ts';
export type { Ambient } from './core/ambient.ts';
export type { CertificateFacts } from './core/facts.ts';
export { generateKey, importKey, PrivateKey } from './core/keys.ts';
export type { AuthorityOptions, LeafOptions } from './core/options.ts';
export { LEAF_PROFILES } from './core/profiles.ts';
export { REVOCATION_REASONS, type RevocationReason } from './core/reasons.ts';
export type { Warning } from './core/validity.ts';
export type { Owner } from './disk.ts';
export { ERROR_TABLE, type ErrorCode, LocalCaError } from './errors.ts';
export { createHome } from './store/create-home.ts';
export { type Home, openHome } from './store/home.ts';
export type { Exclusively } from './store/lock.ts';
export { memoryStore } from './store/memory.ts';
export { memoryHome } from './store/memory-home.ts';
export type {
  AuditEvent,
  AuthorityRecord,
  CertificateFilter,
  CertificateRecord,
  Change,
  DeploymentState,
  FileRights,
  PlacementRecord,
  RequestRecord,
  Revocation,
  RevocationListRecord,
  StageRecord,
  Store,
  StoredState,
  TargetRecord,
} from './store/store.ts';
export { type KeyVault, memoryVault } from './store/vault.ts';
