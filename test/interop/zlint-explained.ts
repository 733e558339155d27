/**
 * What zlint says of local-ca's certificates, and why it stays so: nearly all of it are rules for public CAs. Each row
 * holds for the certificates it names and no others: what is right of Ed25519 would be a defect in RSA. The lints of
 * RFC 5280 have no row. docs/zlint.md explains each row at length, and the test holds both against zlint's output.
 */
export interface Row {
  readonly why: string;
  /** `root`, `intermediate`, or the profile of a leaf. */
  readonly roles: readonly string[];
  /** All, if left out. */
  readonly keyTypes?: readonly string[];
}

const CAS: readonly string[] = ['root', 'intermediate'];
const SUB_CA: readonly string[] = ['intermediate'];
const SERVERS: readonly string[] = ['server', 'peer'];

const NO_POLICY = 'a private CA has no CA/Browser Forum policy to name';
const NO_SERVER = 'no server of ours answers under a URL that a certificate could name';
const PRIVATE_NAMES = 'private names and addresses are what a private CA is for';
const LIFE = 'a private leaf lives for 365 days by default; browsers limit public roots only';

const ED25519: Row = {
  why: 'Ed25519 is not allowed in public certificates; here it is made when asked for',
  roles: [...CAS, ...SERVERS],
  keyTypes: ['ed25519'],
};
const CA_SUBJECT: Row = { why: 'a private CA needs no country and organization; init takes both', roles: CAS };

/** The number of days falls in 2027 and again in 2029, and zlint names a lint for each. */
export const rowOf = (lint: string) => lint.replace(/longer_than_\d+_days/, 'longer_than_N_days');

export const EXPLAINED: Readonly<Record<string, Row>> = {
  e_algorithm_identifier_improper_encoding: ED25519,
  e_signature_algorithm_not_supported: ED25519,
  e_ca_country_name_missing: CA_SUBJECT,
  e_ca_organization_name_missing: CA_SUBJECT,
  e_cabf_ecc_allowed_key_usages: {
    why: 'misfires: it asks digitalSignature of CAs, which RFC 5280 leaves to those that sign more',
    roles: CAS,
    keyTypes: ['p256', 'p384', 'p521'],
  },
  e_dnsname_not_valid_tld: { why: PRIVATE_NAMES, roles: SERVERS },
  e_ext_san_contains_reserved_ip: { why: PRIVATE_NAMES, roles: SERVERS },
  e_exactly_one_smime_policy: { why: NO_POLICY, roles: ['email'] },
  e_invalid_ca_certificate_policies: { why: NO_POLICY, roles: SUB_CA },
  e_sub_ca_certificate_policies_missing: { why: NO_POLICY, roles: SUB_CA },
  e_sub_cert_cert_policy_empty: { why: NO_POLICY, roles: SERVERS },
  e_sub_cert_certificate_policies_missing: { why: NO_POLICY, roles: SERVERS },
  e_missing_crl_distrib_point: { why: NO_SERVER, roles: SERVERS },
  e_sub_ca_crl_distribution_points_missing: { why: NO_SERVER, roles: SUB_CA },
  e_sub_cert_aia_missing: { why: NO_SERVER, roles: SERVERS },
  w_sub_ca_aia_missing: { why: NO_SERVER, roles: SUB_CA },
  w_sub_cert_aia_does_not_contain_issuing_ca_url: { why: NO_SERVER, roles: SERVERS },
  e_server_cert_valid_time_longer_than_N_days: { why: LIFE, roles: SERVERS },
  w_server_cert_valid_time_longer_than_N_days: { why: LIFE, roles: SERVERS },
  w_ext_subject_key_identifier_not_recommended_subscriber: {
    why: 'RFC 5280 4.2.1.2 recommends it in leaves too',
    roles: SERVERS,
  },
  w_root_ca_basic_constraints_path_len_constraint_field_present: {
    why: 'a length keeps a stolen intermediate from making CAs',
    roles: ['root'],
  },
  w_subject_common_name_included: {
    why: 'FreeTDS before 1.4.2 and SQL Server read nothing but the common name',
    roles: SERVERS,
  },
};
