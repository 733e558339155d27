/**
 * What zlint says of local-ca's certificates, and why it stays so: nearly all of it are rules for public CAs. The lints
 * of RFC 5280 have no row. docs/zlint.md explains each row at length, and the test holds both against zlint's output.
 */
const NO_POLICY = 'a private CA has no CA/Browser Forum policy to name';
const NO_SERVER = 'no server of ours answers under a URL that a certificate could name';
const PRIVATE_NAMES = 'private names and addresses are what a private CA is for';
const ED25519 = 'Ed25519 is not allowed in public certificates; here it is made when asked for';
const LIFE = 'a private leaf lives for 365 days by default; browsers limit public roots only';
const CA_SUBJECT = 'a private CA needs no country and organization; init takes both';

/** The number of days falls in 2027 and again in 2029, and zlint names a lint for each. */
export const rowOf = (lint: string) => lint.replace(/longer_than_\d+_days/, 'longer_than_N_days');

export const EXPLAINED: Readonly<Record<string, string>> = {
  e_algorithm_identifier_improper_encoding: ED25519,
  e_signature_algorithm_not_supported: ED25519,
  e_ca_country_name_missing: CA_SUBJECT,
  e_ca_organization_name_missing: CA_SUBJECT,
  e_cabf_ecc_allowed_key_usages:
    'misfires: it asks digitalSignature of CAs, which RFC 5280 leaves to those that sign more',
  e_dnsname_not_valid_tld: PRIVATE_NAMES,
  e_ext_san_contains_reserved_ip: PRIVATE_NAMES,
  e_exactly_one_smime_policy: NO_POLICY,
  e_invalid_ca_certificate_policies: NO_POLICY,
  e_sub_ca_certificate_policies_missing: NO_POLICY,
  e_sub_cert_cert_policy_empty: NO_POLICY,
  e_sub_cert_certificate_policies_missing: NO_POLICY,
  e_missing_crl_distrib_point: NO_SERVER,
  e_sub_ca_crl_distribution_points_missing: NO_SERVER,
  e_sub_cert_aia_missing: NO_SERVER,
  w_sub_ca_aia_missing: NO_SERVER,
  w_sub_cert_aia_does_not_contain_issuing_ca_url: NO_SERVER,
  e_server_cert_valid_time_longer_than_N_days: LIFE,
  w_server_cert_valid_time_longer_than_N_days: LIFE,
  w_ext_subject_key_identifier_not_recommended_subscriber: 'RFC 5280 4.2.1.2 recommends it in leaves too',
  w_root_ca_basic_constraints_path_len_constraint_field_present: 'a length keeps a stolen intermediate from making CAs',
  w_subject_common_name_included: 'FreeTDS before 1.4.2 and SQL Server read nothing but the common name',
};
