/**
 * What people ask for -> a normalised, validated request. The command line, the wizard, lists and the library meet at
 * these records, so that each of them refuses the same things with the same words.
 */
import { LocalCaError } from '../errors.ts';
import { findKeyAlgorithm } from './algorithms.ts';
import {
  type Distribution,
  type DistributionOptions,
  distributionWarnings,
  normalizeDistribution,
} from './distribution-urls.ts';
import { constraintsPermitting, type NameConstraints } from './extensions.ts';
import { parseNames, parseSubtrees, type SubjectName } from './names.ts';
import type { OptionKinds } from './option-kinds.ts';
import { findLeafProfile, type Profile } from './profiles.ts';
import { type Attribute, checkAttribute, type DistinguishedName, encodeSubject, parseSubject } from './subject.ts';
import { quote } from './text.ts';
import {
  lifeWarnings,
  normalizeValidity,
  type RequestedValidity,
  type Validity,
  type ValidityOptions,
  type Warning,
} from './validity.ts';

/** What somebody asks of a server's, client's or person's certificate. */
export interface LeafOptions extends ValidityOptions, DistributionOptions {
  /** DNS names (wildcards, IDN), IP addresses, e-mail addresses, URIs; the first names the certificate. */
  names: readonly string[];
  /** `server` unless given: server, client, peer, code-signing, email. */
  profile?: string | undefined;
  /** Names the certificate for people and files; the first name unless given. */
  label?: string | undefined;
  /** `p256` unless given. */
  keyType?: string | undefined;
  /** A distinguished name instead of `CN=<first name>`: `CN=db,O=Acme,C=DE` or `/C=DE/O=Acme/CN=db`. */
  subject?: string | undefined;
  /** The template that its files are made with; recorded, so that a renewal makes the same files. */
  template?: string | undefined;
  /** Allow a life of more than 825 days. */
  force?: boolean | undefined;
}

const VALIDITY_OPTIONS: OptionKinds<ValidityOptions> = { days: 'number', notBefore: 'date', notAfter: 'date' };

const DISTRIBUTION_OPTIONS: OptionKinds<DistributionOptions> = { crlUrls: 'strings', ocspUrls: 'strings' };

/** For `checkOptions`, where the library is entered. */
export const LEAF_OPTIONS: OptionKinds<LeafOptions> = {
  names: 'strings',
  profile: 'string',
  label: 'string',
  keyType: 'string',
  subject: 'string',
  template: 'string',
  ...VALIDITY_OPTIONS,
  ...DISTRIBUTION_OPTIONS,
  force: 'boolean',
};

export interface LeafRequest extends RequestedValidity, Distribution {
  readonly label: string;
  readonly names: readonly SubjectName[];
  readonly subject: DistinguishedName;
  readonly profile: Profile;
  readonly keyType: string;
  readonly template: string | null;
  readonly warnings: readonly Warning[];
}

export function normalizeLeaf(options: LeafOptions, now: Date): LeafRequest {
  if (options.names === undefined || options.names.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_NAME_INVALID',
      'no name was given',
      'Give at least one name, like db1.example.test.',
    );
  }
  const names = parseNames(options.names);
  const validity = normalizeValidity(options, 365, now);
  const distribution = normalizeDistribution(options);
  return {
    label: checkLabel(options.label ?? labelOf(names[0] as SubjectName)),
    names,
    subject: options.subject === undefined ? subjectOf(names) : parseSubject(options.subject),
    profile: findLeafProfile(options.profile ?? 'server'),
    keyType: findKeyAlgorithm(options.keyType ?? 'p256').keyType,
    template: options.template ?? null,
    ...validity,
    ...distribution,
    warnings: [
      ...lifeWarnings(validity, options.force === true),
      ...nameWarnings(names),
      ...distributionWarnings(distribution),
    ],
  };
}

/** CN = the first DNS name, else the first name, of those that fit its 64 characters (RFC 5280 ub-common-name). */
function subjectOf(names: readonly SubjectName[]): DistinguishedName {
  const fitting = names.filter((name) => name.text.length <= 64);
  const chosen = fitting.find((name) => name.kind === 'dns') ?? fitting[0];
  return chosen === undefined ? [] : [[{ type: 'CN', value: chosen.text }]];
}

/** `*.example.test` -> `_wildcard.example.test`; what else a file name cannot hold becomes an underscore. */
function labelOf(name: SubjectName): string {
  const safe = name.text
    .replace(/^\*\./, '_wildcard.')
    .replace(/[^A-Za-z0-9._@-]/g, '_')
    .slice(0, 100);
  return safe.replace(/^[.-]+/, '_');
}

const RESERVED_ON_WINDOWS = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Labels become file names on every system, so they are held to what all of them take. */
export function checkLabel(label: string): string {
  const safe = /^[A-Za-z0-9_@][A-Za-z0-9._@-]{0,99}$/.test(label) && !label.includes('..') && !label.endsWith('.');
  if (safe && !RESERVED_ON_WINDOWS.test(label)) return label;
  throw new LocalCaError(
    'LOCAL_CA_LABEL_INVALID',
    `${quote(label)} cannot be a label`,
    'Use up to 100 letters, digits, dots, hyphens and underscores; it names the files.',
  );
}

function nameWarnings(names: readonly SubjectName[]): Warning[] {
  return names
    .filter((name) => name.kind === 'dns' && /^\*\.[^.]+$/.test(name.text))
    .map((name) => ({
      code: 'wide-wildcard',
      message: `browsers do not accept ${name.text}: a wildcard needs two labels after it`,
    }));
}

// --- authorities -----------------------------------------------------------------------------------------------

/** What somebody asks of a CA. */
export interface AuthorityOptions extends ValidityOptions, DistributionOptions {
  /** The CA's common name; `local-ca` with a short random tag unless given, so that two CAs never share a subject. */
  name?: string | undefined;
  organization?: string | undefined;
  /** Two letters (ISO 3166). */
  country?: string | undefined;
  /** `p256` unless given. */
  keyType?: string | undefined;
  /** Put an intermediate between the root and the leaves. */
  intermediate?: boolean | undefined;
  /** Names that the CA may sign, and no others: domains, networks, `@mail.domain`. */
  permit?: readonly string[] | undefined;
  /** Encrypts the CA's own keys. */
  passphrase?: string | undefined;
}

/** For `checkOptions`, where the library is entered. */
export const AUTHORITY_OPTIONS: OptionKinds<AuthorityOptions> = {
  name: 'string',
  organization: 'string',
  country: 'string',
  keyType: 'string',
  ...VALIDITY_OPTIONS,
  ...DISTRIBUTION_OPTIONS,
  intermediate: 'boolean',
  permit: 'strings',
  passphrase: 'secret',
};

export interface AuthorityRequest extends Validity, Distribution {
  readonly name: string;
  readonly subject: Uint8Array;
  readonly intermediateSubject: Uint8Array;
  readonly keyType: string;
  readonly intermediate: boolean;
  readonly constraints?: NameConstraints;
}

export function normalizeAuthority(options: AuthorityOptions, fallbackName: string, now: Date): AuthorityRequest {
  const name = options.name ?? fallbackName;
  if (options.permit?.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      'the list of permitted names is empty',
      'Name at least one domain or network, or leave the list out for a CA without limits.',
    );
  }
  const permit = options.permit ?? [];
  return {
    name,
    subject: authoritySubject(options, name),
    intermediateSubject: options.intermediate
      ? authoritySubject(options, `${[...name].slice(0, 51).join('')} intermediate`)
      : new Uint8Array(),
    keyType: findKeyAlgorithm(options.keyType ?? 'p256').keyType,
    intermediate: options.intermediate === true,
    ...normalizeValidity(options, 3650, now),
    ...normalizeDistribution(options),
    ...(permit.length === 0 ? {} : { constraints: constraintsPermitting(parseSubtrees(permit)) }),
  };
}

function authoritySubject({ organization, country }: AuthorityOptions, name: string): Uint8Array {
  const attributes: (Attribute | undefined)[] = [
    country === undefined ? undefined : { type: 'C', value: country },
    organization === undefined ? undefined : { type: 'O', value: organization },
    { type: 'CN', value: name },
  ];
  return encodeSubject(attributes.filter((item) => item !== undefined).map((item) => [checkAttribute(item)]));
}
