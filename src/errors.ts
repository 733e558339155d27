/**
 * Every way local-ca can refuse, in one table. The codes are a contract: scripts match on them, `docs/errors.md`
 * documents each, and a retired code is never used again.
 *
 * `exit` is the command line's exit code (cli contract): 1 failed, 2 wrong use, 3 attention, 130 cancelled.
 */
export const ERROR_TABLE = {
  LOCAL_CA_USAGE: { exit: 2, about: 'The command line is wrong: an unknown command or flag, or a missing argument.' },
  LOCAL_CA_ANSWER_MISSING: {
    exit: 2,
    about: 'A question could not be asked, because there is no terminal or --yes was given.',
  },
  LOCAL_CA_CANCELLED: { exit: 130, about: 'The person at the terminal cancelled.' },
  LOCAL_CA_INTERNAL: { exit: 1, about: 'A defect in local-ca itself.' },

  LOCAL_CA_NAME_INVALID: {
    exit: 2,
    about: 'A DNS name, IP address, e-mail address or URI that no certificate can carry.',
  },
  LOCAL_CA_SUBJECT_INVALID: {
    exit: 2,
    about: 'A distinguished name that cannot be read, or an attribute that breaks its rule.',
  },
  LOCAL_CA_LABEL_INVALID: { exit: 2, about: 'A label that cannot safely become a file name.' },
  LOCAL_CA_LABEL_TAKEN: { exit: 1, about: 'A label whose certificate has another key than the request to be signed.' },
  LOCAL_CA_VALIDITY_INVALID: {
    exit: 2,
    about: 'A number of days or a date that is not possible, or longer than clients accept.',
  },
  LOCAL_CA_KEY_TYPE_UNKNOWN: { exit: 2, about: 'A key type that is not in the table of algorithms.' },
  LOCAL_CA_PROFILE_UNKNOWN: { exit: 2, about: 'A profile that is not in the table of profiles.' },
  LOCAL_CA_REASON_UNKNOWN: { exit: 2, about: 'A reason for a revocation that RFC 5280 does not have.' },
  LOCAL_CA_OPTION_INVALID: {
    exit: 2,
    about: 'An option whose value is of the wrong kind, or options that exclude each other.',
  },

  LOCAL_CA_PEM_INVALID: { exit: 1, about: 'Text that should be PEM and is not.' },
  LOCAL_CA_DER_INVALID: { exit: 1, about: 'Bytes that should be DER and are not.' },
  LOCAL_CA_CERTIFICATE_INVALID: { exit: 1, about: 'A certificate that cannot be read.' },
  LOCAL_CA_KEY_INVALID: { exit: 1, about: 'A private key that cannot be read, or of an unsupported algorithm.' },
  LOCAL_CA_KEY_ENCRYPTED: { exit: 2, about: 'A private key with a pass phrase, and none was given.' },
  LOCAL_CA_KEY_REFUSED: {
    exit: 1,
    about: 'A request whose key is too weak, of an unknown type, known to others, or of a CA itself.',
  },
  LOCAL_CA_KEY_MISMATCH: { exit: 1, about: 'A private key and a certificate that do not belong together.' },
  LOCAL_CA_CSR_INVALID: { exit: 1, about: 'A certificate request that cannot be read, or whose signature is wrong.' },
  LOCAL_CA_CRL_INVALID: { exit: 1, about: 'A certificate revocation list that cannot be read.' },
  LOCAL_CA_PASSWORD_WRONG: { exit: 1, about: 'A password that does not open the key or the key store.' },
  LOCAL_CA_PASSWORD_REQUIRED: {
    exit: 2,
    about: 'A key store that needs a password, and none, or an empty one, was given.',
  },
  LOCAL_CA_KEYSTORE_INVALID: {
    exit: 1,
    about: 'A PKCS#7, PKCS#12 or JKS file that is damaged or holds something unsupported.',
  },
  LOCAL_CA_KEYSTORE_ENTRY: {
    exit: 2,
    about: 'Entries that a key store cannot hold: none at all, a repeated alias, a key without its chain.',
  },
  LOCAL_CA_ZIP_INVALID: { exit: 1, about: 'A zip that is damaged, encrypted, or packed in a way that is not read.' },
  LOCAL_CA_FORMAT_UNKNOWN: { exit: 2, about: 'A file format that is not in the table of formats.' },
  LOCAL_CA_INPUT_UNKNOWN: { exit: 1, about: 'A file that is none of the formats that can be inspected.' },
  LOCAL_CA_INPUT_TOO_LARGE: { exit: 1, about: 'A file far larger than any certificate, key store or list of names.' },

  LOCAL_CA_CONSTRAINT: { exit: 1, about: 'A name outside the name constraints of the CA.' },
  LOCAL_CA_CA_EXPIRED: { exit: 1, about: 'The CA certificate is expired or not yet valid, so it can sign nothing.' },
  LOCAL_CA_CA_UNFIT: {
    exit: 1,
    about: 'A certificate that may not act as a CA: not CA:TRUE, no keyCertSign, path length exhausted.',
  },
  LOCAL_CA_SAME_SUBJECT: {
    exit: 2,
    about: 'A leaf whose subject equals its issuer: MySQL and OpenSSL would take it for self-signed.',
  },
  LOCAL_CA_ANSWER_NO_LEAF: { exit: 1, about: "Another CA's answer without the certificate that was asked for." },
  LOCAL_CA_ANSWER_SIGNATURE: {
    exit: 1,
    about: "Another CA's answer whose certificate was not signed by the CA that it names.",
  },
  LOCAL_CA_ANSWER_OLD: {
    exit: 1,
    about: "Another CA's answer that has expired, is on record already, or is older than what its label stands for.",
  },
  LOCAL_CA_CHAIN_INCOMPLETE: { exit: 1, about: 'Certificates that do not form a chain to a root.' },

  LOCAL_CA_HOME_MISSING: { exit: 1, about: 'There is no CA at this home yet.' },
  LOCAL_CA_HOME_EXISTS: { exit: 1, about: 'There is already a CA at this home.' },
  LOCAL_CA_HOME_INVALID: { exit: 1, about: 'A home folder that is damaged or was made by a newer version.' },
  LOCAL_CA_PERMISSIONS_LAX: { exit: 1, about: 'Other users can read a private key or the home folder.' },
  LOCAL_CA_NOT_FOUND: { exit: 1, about: 'No certificate with that label or serial, or no request that waits.' },
  LOCAL_CA_AMBIGUOUS: {
    exit: 2,
    about: 'A serial prefix that several certificates share, or a label of several deployments or waiting requests.',
  },
  LOCAL_CA_STORE_FAILED: { exit: 1, about: 'The inventory could not be read or written.' },
  LOCAL_CA_KEY_NOT_KEPT: { exit: 1, about: 'The private key was handed out when it was made and was not kept.' },

  LOCAL_CA_NOT_RENEWABLE: {
    exit: 1,
    about: 'A certificate that cannot be renewed: it was revoked or superseded, or another CA signed it.',
  },
  LOCAL_CA_NOT_REVOCABLE: {
    exit: 1,
    about: 'What cannot be revoked here: another CA signed it, or it is the CA that signs now.',
  },
  LOCAL_CA_REVOKED: { exit: 1, about: 'A certificate that was revoked already.' },
  LOCAL_CA_NOT_ON_HOLD: { exit: 1, about: 'A certificate that cannot be released, since it is not on hold.' },

  LOCAL_CA_TEMPLATE_UNKNOWN: { exit: 2, about: 'There is no template of that name.' },
  LOCAL_CA_TEMPLATE_INVALID: { exit: 2, about: 'A template whose template.json or files break the rules.' },
  LOCAL_CA_PATH_INVALID: {
    exit: 2,
    about: "A path inside a bundle that would leave it, or an output among the CA's own files.",
  },
  LOCAL_CA_OUTPUT_EXISTS: { exit: 1, about: 'A file that local-ca did not make stands where it wants to write.' },
  LOCAL_CA_OUTPUT_FAILED: { exit: 1, about: 'The output could not be written.' },
  LOCAL_CA_INPUT_FAILED: { exit: 1, about: 'A file could not be read.' },
  LOCAL_CA_LIST_INVALID: { exit: 2, about: 'A list for --from with a bad row, column or key.' },
  LOCAL_CA_CONNECT_FAILED: { exit: 1, about: 'A live server could not be reached or does not speak TLS.' },

  LOCAL_CA_TARGET_UNKNOWN: { exit: 1, about: 'Nothing is deployed with that label, id or folder.' },
  LOCAL_CA_TARGET_EXISTS: { exit: 1, about: 'Another certificate is deployed to that folder.' },
  LOCAL_CA_OWNER_UNKNOWN: { exit: 2, about: 'A user or group for deployed files that this system does not know.' },
  LOCAL_CA_OWNER_DENIED: { exit: 1, about: 'Files for another user or group, which only root may hand over.' },
  LOCAL_CA_WINDOW_INVALID: { exit: 2, about: 'A maintenance window that no day has.' },
  LOCAL_CA_TIME_ZONE_UNKNOWN: { exit: 2, about: 'A time zone that this system does not know.' },
  LOCAL_CA_HOOK_INVALID: {
    exit: 2,
    about: 'A command for after a deployment that cannot be split into words, or wants a shell.',
  },
} as const;

/** A stable error code, documented in `docs/errors.md`. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** What local-ca throws: a stable code, a message that names the value, a hint that says what to do. */
export class LocalCaError extends Error {
  override readonly name = 'LocalCaError';
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** The command line's exit code for this error. */
  get exitCode(): number {
    return ERROR_TABLE[this.code].exit;
  }

  toJSON(): { code: ErrorCode; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}
