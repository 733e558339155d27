/** The wizard of `renew` as data: what can be renewed, what the answers mean, and what will be done. */

import { isDue, type Within } from '../../core/duration.ts';
import { isoDay } from '../../core/time.ts';
import { normalizeValidity } from '../../core/validity.ts';
import type { AuthorityRecord, CertificateRecord, PlacementRecord } from '../../store/store.ts';
import type { Flags } from '../command.ts';
import { timeLeft } from '../records.ts';
import type { Verdict } from './flow.ts';
import { type Order, orderFor } from './order.ts';
import type { SummaryRow } from './summary.ts';
import { count } from './words.ts';

/** What can be renewed: certificates of this CA, of others, and this CA. */
export type Kind = 'certificates' | 'foreign' | 'ca';

export interface RenewAnswers {
  readonly kind?: Kind;
  readonly labels?: readonly string[];
  /** The label of a certificate that another CA signed. */
  readonly foreign?: string;
  readonly role?: AuthorityRecord['role'] | 'all';
  readonly newKey?: boolean;
  readonly days?: number | 'same' | 'other';
  readonly otherDays?: number;
  /** By label: where its key is, where local-ca does not find it. */
  readonly keyFiles?: Readonly<Record<string, string>>;
  /** By label: opens that file. */
  readonly keyPasswords?: Readonly<Record<string, string>>;
  /** By label: of its key stores, where somebody chose it. */
  readonly passwords?: Readonly<Record<string, string>>;
}

/** A certificate of this CA. */
export interface Renewable {
  readonly record: CertificateRecord;
  readonly placement: PlacementRecord | undefined;
  /** As a person would write it. */
  readonly folder: string | undefined;
  readonly due: boolean;
  /** As long as before. */
  readonly usualDays: number;
  /** The folders that `deploy run` will bring it to. */
  readonly targets: readonly string[];
}

export interface RenewableAuthority {
  readonly role: AuthorityRecord['role'];
  readonly name: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly due: boolean;
  /** As long as before. */
  readonly usualDays: number;
}

export interface RenewFacts {
  /** Soonest first. */
  readonly certificates: readonly Renewable[];
  readonly foreign: readonly CertificateRecord[];
  /** What signs first, the root last. */
  readonly authorities: readonly RenewableAuthority[];
  /** Nothing that the CA signs outlives it. */
  readonly end: Date;
  /** Labels whose key is needed, and found nowhere. */
  readonly keyless: readonly string[];
  readonly given: Flags;
  readonly now: Date;
  /** Reads a file: whether it is the key of the certificate, as far as that can be told without its pass phrase. */
  checkKey(label: string, path: string, password?: string): Verdict;
  /** Reads a file: whether it is a key whose pass phrase is not known. */
  isEncrypted(path: string): boolean;
  /** Whether it opens the key stores that are there. */
  checkPassword(label: string, password: string): Promise<Verdict>;
}

// --- what the answers mean -----------------------------------------------------------------------------------------

const LEAF_FLAGS = ['key', 'keepKey', 'out', 'zip'];

const KINDS: readonly { readonly kind: Kind; exists(facts: RenewFacts): boolean; isDue(facts: RenewFacts): boolean }[] =
  [
    {
      kind: 'certificates',
      exists: ({ certificates }) => certificates.length > 0,
      isDue: ({ certificates }) => certificates.some(({ due }) => due),
    },
    {
      kind: 'foreign',
      exists: ({ foreign }) => foreign.length > 0,
      isDue: ({ foreign, given, now }) =>
        foreign.some((record) => isDue(record, given.within as Within | undefined, now)),
    },
    {
      kind: 'ca',
      // What the command line says of a file or a folder is not about the CA.
      exists: ({ authorities, given }) =>
        authorities.length > 0 && LEAF_FLAGS.every((flag) => given[flag] === undefined),
      isDue: ({ authorities }) => authorities.some(({ due }) => due),
    },
  ];

/** What there is to renew. */
export const kindsOf = (facts: RenewFacts): Kind[] => KINDS.filter((row) => row.exists(facts)).map(({ kind }) => kind);

/** The first that is due, else the first that is there. */
export const usualKind = (facts: RenewFacts): Kind | undefined =>
  (KINDS.find((row) => row.exists(facts) && row.isDue(facts)) ?? KINDS.find((row) => row.exists(facts)))?.kind;

export const kindOf = ({ kind }: RenewAnswers, facts: RenewFacts): Kind | undefined => kind ?? usualKind(facts);

export const wantsNewKey = ({ newKey }: RenewAnswers, { given }: RenewFacts): boolean =>
  (given.newKey as boolean | undefined) ?? newKey ?? false;

/** Undefined for as long as before. */
function daysOf({ days, otherDays }: RenewAnswers, { given }: RenewFacts): number | undefined {
  const chosen = days === 'other' ? otherDays : days === 'same' ? undefined : days;
  return (given.days as number | undefined) ?? chosen;
}

export const chosenOf = ({ labels = [] }: RenewAnswers, { certificates }: RenewFacts): Renewable[] =>
  certificates.filter(({ record }) => labels.includes(record.label));

const authoritiesOf = ({ role = 'all' }: RenewAnswers, { authorities }: RenewFacts): RenewableAuthority[] =>
  authorities.filter((authority) => role === 'all' || role === authority.role);

/** Whose key stores cannot be made without being told their password. */
export const isLocked = ({ placement }: Pick<Renewable, 'placement'>, facts: RenewFacts): boolean =>
  placement?.passwordGiven === true && facts.given.password === undefined && facts.given.passwordFile === undefined;

// --- as commands ---------------------------------------------------------------------------------------------------

/** One command for all that need the same; one of its own for each that has a key file or a password of its own. */
export function ordersOf(answers: RenewAnswers, facts: RenewFacts): Order[] {
  // What was due is chosen by now; `--within` would leave out what was chosen beside it.
  const { within: _within, ...flags } = facts.given;
  const shared = { ...flags, days: daysOf(answers, facts), newKey: wantsNewKey(answers, facts) || undefined };
  if (kindOf(answers, facts) === 'ca') {
    const { role = 'all' } = answers;
    return [orderFor('renew', [], { ...shared, ca: role === 'all' ? true : role })];
  }
  const labels = chosenOf(answers, facts).map(({ record }) => record.label);
  const own = labels.map((label) => ({ label, flags: ownFlags(label, answers, facts) }));
  const plain = own.filter((one) => Object.keys(one.flags).length === 0);
  return [
    ...(plain.length === 0 ? [] : [{ labels: plain.map(({ label }) => label), flags: {} }]),
    ...own.filter((one) => !plain.includes(one)).map((one) => ({ labels: [one.label], flags: one.flags })),
  ].map((order) => orderFor('renew', order.labels, { ...shared, ...order.flags }));
}

function ownFlags(label: string, answers: RenewAnswers, facts: RenewFacts): Flags {
  const key = needsKey(label, answers, facts) ? answers.keyFiles?.[label] : undefined;
  const keyPassword = lockedKey(label, answers, facts) === undefined ? undefined : answers.keyPasswords?.[label];
  const renewable = facts.certificates.find(({ record }) => record.label === label);
  const password = renewable && isLocked(renewable, facts) ? answers.passwords?.[label] : undefined;
  const flags = { key, keyPassword, password };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

export const needsKey = (label: string, answers: RenewAnswers, facts: RenewFacts): boolean =>
  facts.keyless.includes(label) && !wantsNewKey(answers, facts) && facts.given.key === undefined;

/** The file with its key, where that has a pass phrase. */
export function lockedKey(label: string, answers: RenewAnswers, facts: RenewFacts): string | undefined {
  if (wantsNewKey(answers, facts)) return undefined;
  const path =
    (facts.given.key as string | undefined) ??
    (needsKey(label, answers, facts) ? answers.keyFiles?.[label] : undefined);
  return path !== undefined && facts.isEncrypted(path) ? path : undefined;
}

// --- what will be done ---------------------------------------------------------------------------------------------

/** With more than these, each gets one line. */
const MOST_WHOLE = 6;

export function summaryRows(answers: RenewAnswers, facts: RenewFacts): SummaryRow[] {
  if (kindOf(answers, facts) === 'ca') return authorityRows(answers, facts);
  const chosen = chosenOf(answers, facts);
  const isWhole = chosen.length <= MOST_WHOLE;
  const targets = chosen.flatMap((one) => one.targets);
  return [
    ...chosen.flatMap((one, i): SummaryRow[] =>
      isWhole
        ? wholeRows(one, answers, facts)
        : [[i === 0 ? 'Renew' : '', `${one.record.label}, ${lives(one, answers, facts)}`]],
    ),
    ['Key', wantsNewKey(answers, facts) ? 'a new one' : chosen.length === 1 ? 'stays' : 'each keeps its own'],
    ...(targets.length === 0 ? [] : [['Then', deployText(targets)] as const]),
  ];
}

function wholeRows(one: Renewable, answers: RenewAnswers, facts: RenewFacts): SummaryRow[] {
  const { record, placement, folder } = one;
  const out = (facts.given.out as string | undefined) ?? folder ?? record.label;
  const zip = (facts.given.zip as string | undefined) ?? placement?.zip ?? undefined;
  return [
    ['Renew', record.label],
    ['', lives(one, answers, facts)],
    ['', `files in ${out}${zip === undefined ? '' : `, and ${zip}`}`],
  ];
}

function lives({ record, usualDays }: Renewable, answers: RenewAnswers, facts: RenewFacts): string {
  const end = earlier(endAfter(daysOf(answers, facts) ?? usualDays, facts), facts.end);
  return `until ${isoDay(record.notAfter)} (${timeLeft(record.notAfter, facts.now)}) -> ${isoDay(end)}`;
}

const deployText = (targets: readonly string[]) => `local-ca deploy run brings the new files to ${targets.join(', ')}`;

const earlier = (a: Date, b: Date) => (a < b ? a : b);
const endAfter = (days: number, { now }: RenewFacts) => normalizeValidity({ days }, days, now).notAfter;

function authorityRows(answers: RenewAnswers, facts: RenewFacts): SummaryRow[] {
  const chosen = authoritiesOf(answers, facts);
  const ends = chosen.map(({ usualDays }) => endAfter(daysOf(answers, facts) ?? usualDays, facts));
  const root = facts.authorities.at(-1);
  const isNew = wantsNewKey(answers, facts);
  // An intermediate does not outlive the root above it, as that will be then.
  const cap = chosen.at(-1) === root ? ends.at(-1) : root?.notAfter;
  return [
    ...chosen.flatMap(({ role, name, notAfter }, i): SummaryRow[] => [
      ['Renew', `${name} (${role})`],
      [
        '',
        `until ${isoDay(notAfter)} (${timeLeft(notAfter, facts.now)}) -> ${isoDay(earlier(ends[i] as Date, cap ?? facts.end))}`,
      ],
    ]),
    ['Key', isNew ? 'a new one' : 'stays: what it signed is valid as before'],
    [
      'Files',
      `made again for ${count(facts.certificates.length, 'certificate')}, as far as they are where they were put`,
    ],
    ...(isNew && chosen.some(({ role }) => role === 'root') ? [['!', NEW_ROOT] as const] : []),
  ];
}

const NEW_ROOT =
  'every client needs the new trust files; until the old root ends, those that have it alone are served by a cross certificate';
