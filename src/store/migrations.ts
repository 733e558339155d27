/**
 * The tables of the inventory, as the steps in which they came to be. A new file takes all of them, an older one those that
 * it has not had; `user_version` counts them. A step that was published is never changed.
 *
 * Times are ISO 8601 text: whoever opens the file with any SQLite program can read them, they are exact to the
 * millisecond, and they sort as they follow each other. Lists are JSON.
 */

/** A parent is looked for at the commit, so that a batch may name an intermediate before its root. */
const FIRST = `
  CREATE TABLE authorities (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('root', 'intermediate')),
    name TEXT NOT NULL,
    certificate BLOB NOT NULL,
    parent_id TEXT REFERENCES authorities (id) DEFERRABLE INITIALLY DEFERRED,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX one_active_authority ON authorities (active) WHERE active = 1;

  CREATE TABLE certificates (
    seq INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    template TEXT,
    names TEXT NOT NULL,
    subject TEXT NOT NULL,
    key_type TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    fingerprint_sha256 TEXT NOT NULL,
    certificate BLOB NOT NULL,
    issuer_id TEXT NOT NULL REFERENCES authorities (id),
    state TEXT NOT NULL CHECK (state IN ('valid', 'superseded', 'revoked')),
    issued_at TEXT NOT NULL,
    key_kept INTEGER NOT NULL CHECK (key_kept IN (0, 1))
  ) STRICT;
  CREATE INDEX certificates_label ON certificates (label);
  CREATE INDEX certificates_not_after ON certificates (not_after);

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    serial TEXT,
    detail TEXT NOT NULL
  ) STRICT;
`;

/**
 * The life of a certificate. Certificates of other CAs have no issuer here, and their serials may be anything; a column's
 * NOT NULL and UNIQUE cannot be taken back in SQLite, so the table is made anew.
 */
const LIFE = `
  ALTER TABLE authorities ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
  UPDATE authorities SET key_id = id;
  ALTER TABLE authorities ADD COLUMN crl_urls TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE authorities ADD COLUMN ocsp_urls TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE authorities ADD COLUMN revocation TEXT;

  CREATE TABLE certificates_2 (
    seq INTEGER PRIMARY KEY,
    serial TEXT NOT NULL,
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    template TEXT,
    names TEXT NOT NULL,
    subject TEXT NOT NULL,
    key_type TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    fingerprint_sha256 TEXT NOT NULL,
    certificate BLOB NOT NULL,
    issuer_id TEXT REFERENCES authorities (id),
    chain TEXT NOT NULL DEFAULT '[]',
    state TEXT NOT NULL CHECK (state IN ('valid', 'superseded', 'revoked')),
    revocation TEXT,
    issued_at TEXT NOT NULL,
    key_id TEXT,
    CHECK ((state = 'revoked') = (revocation IS NOT NULL))
  ) STRICT;
  INSERT INTO certificates_2
    SELECT seq, serial, label, profile, template, names, subject, key_type, not_before, not_after, fingerprint_sha256,
      certificate, issuer_id, '[]', state, NULL, issued_at, CASE key_kept WHEN 1 THEN serial END
    FROM certificates;
  DROP TABLE certificates;
  ALTER TABLE certificates_2 RENAME TO certificates;
  CREATE UNIQUE INDEX own_serials ON certificates (serial) WHERE issuer_id IS NOT NULL;
  CREATE INDEX certificates_serial ON certificates (serial);
  CREATE INDEX certificates_label ON certificates (label);
  CREATE INDEX certificates_not_after ON certificates (not_after);
  CREATE INDEX certificates_revoked ON certificates (state) WHERE state = 'revoked';

  CREATE TABLE requests (
    id TEXT PRIMARY KEY NOT NULL,
    label TEXT NOT NULL,
    names TEXT NOT NULL,
    profile TEXT NOT NULL,
    template TEXT,
    key_type TEXT NOT NULL,
    request BLOB NOT NULL,
    created_at TEXT NOT NULL,
    keep_key INTEGER NOT NULL CHECK (keep_key IN (0, 1)),
    folder TEXT
  ) STRICT;

  CREATE TABLE placements (
    label TEXT PRIMARY KEY NOT NULL,
    serial TEXT NOT NULL,
    template TEXT NOT NULL,
    folder TEXT NOT NULL,
    zip TEXT,
    formats TEXT,
    alias TEXT,
    p12_profile TEXT,
    password_given INTEGER NOT NULL CHECK (password_given IN (0, 1)),
    with_key INTEGER NOT NULL CHECK (with_key IN (0, 1)),
    roots TEXT NOT NULL,
    written_at TEXT NOT NULL,
    stages TEXT NOT NULL
  ) STRICT;

  CREATE TABLE revocation_lists (
    key_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    this_update TEXT NOT NULL,
    next_update TEXT NOT NULL,
    list BLOB NOT NULL,
    PRIMARY KEY (key_id, number)
  ) STRICT;

  CREATE TABLE targets (
    id TEXT PRIMARY KEY NOT NULL,
    label TEXT NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    template TEXT NOT NULL,
    formats TEXT,
    owner TEXT,
    group_name TEXT,
    hook TEXT NOT NULL,
    hook_timeout INTEGER NOT NULL,
    window TEXT,
    time_zone TEXT,
    probe TEXT,
    with_crl INTEGER NOT NULL CHECK (with_crl IN (0, 1)),
    wish TEXT NOT NULL CHECK (wish IN ('enabled', 'disabled')),
    state TEXT NOT NULL,
    serial TEXT,
    contents TEXT,
    problem TEXT,
    failures INTEGER NOT NULL,
    retry_at TEXT,
    since TEXT NOT NULL
  ) STRICT;

  CREATE INDEX events_serial ON events (serial);
`;

/** Servers that answer to another name than their host's, file systems that keep no modes, and settings of templates. */
const DEPLOYED = `
  ALTER TABLE targets ADD COLUMN probe_name TEXT;
  ALTER TABLE targets ADD COLUMN rights TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE targets ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE placements ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
`;

const MIGRATIONS: readonly string[] = [FIRST, LIFE, DEPLOYED];

/** How many steps this local-ca knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The steps that a file of this version (0 for a new one) has still to take, as one script; to the newest, unless said. */
export const migrationsFrom = (version: number, to = SCHEMA_VERSION): string =>
  `${MIGRATIONS.slice(version, to).join('\n')}\nPRAGMA user_version = ${to};`;
