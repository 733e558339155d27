/** What the wizard of `renew` has to know, from the inventory and from the files. */
import { join, relative, resolve } from 'node:path';
import { assertOwnKey } from '../../authority/own-key.ts';
import { lifeInDays, USUAL_DAYS } from '../../authority/renew.ts';
import { readManifest } from '../../bundle/manifest.ts';
import { isDue, type Within } from '../../core/duration.ts';
import { importKey } from '../../core/keys.ts';
import { parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import type { AuthorityRecord, CertificateRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { findKey, madeFile, madeUpPassword } from '../find-key.ts';
import { keyGiven } from '../key-flags.ts';
import { readContents } from '../read-file.ts';
import { type Session, withRecords } from '../session.ts';
import { secretFrom } from '../values.ts';
import type { Verdict } from './flow.ts';
import { endOfChain, isLocked as isKeyLocked } from './home-facts.ts';
import {
  chosenOf,
  isLocked,
  kindOf,
  type RenewAnswers,
  type Renewable,
  type RenewableAuthority,
  type RenewFacts,
  wantsNewKey,
} from './renew-plan.ts';
import { check } from './words.ts';

interface Known {
  readonly facts: RenewFacts;
  /** The CA's key is encrypted. */
  readonly locked: boolean;
}

export const renewFacts = (context: Context, given: Flags): Promise<Known> =>
  withRecords(context, given, async (session) => {
    const { ca, home } = session;
    const now = context.ambient.now();
    const within = given.within as Within | undefined;
    const records = (await ca.list({ state: 'valid' })).sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime());
    const certificates = await renewables(session, records, (record) => isDue(record, within, now));
    const facts: RenewFacts = {
      certificates,
      foreign: records.filter(({ issuerId }) => issuerId === null),
      authorities: ca.chain.map(({ role, name, certificate }, i): RenewableAuthority => {
        const { notBefore, notAfter } = parseCertificate(certificate);
        const life = { notBefore, notAfter };
        const usualDays = lifeInDays(life, validityOf(ca.chain[i + 1]), USUAL_DAYS[role]);
        return { role, name, ...life, due: isDue(life, within, now), usualDays };
      }),
      end: ca.chain.length === 0 ? now : endOfChain(ca.chain),
      keyless: [],
      given,
      now,
      checkKey: (label, path, password) => keyVerdict(find(certificates, label).record, path, given, password),
      isEncrypted: (path) => isEncrypted(path, given),
      checkPassword: (label, password) => checkPassword(find(certificates, label), password),
    };
    const [issuer] = ca.chain;
    return { facts, locked: issuer !== undefined && (await isKeyLocked(home, issuer)) };
  });

const validityOf = (authority: AuthorityRecord | undefined) => authority && parseCertificate(authority.certificate);

async function renewables(
  { ca, home: { store } }: Session,
  records: readonly CertificateRecord[],
  due: (record: CertificateRecord) => boolean,
): Promise<Renewable[]> {
  const placements = await store.placements();
  const targets = await store.targets();
  return records
    .filter(({ issuerId }) => issuerId !== null)
    .map((record) => {
      const placement = placements.find(({ label }) => label === record.label);
      const mine = targets.filter(({ label, wish }) => label === record.label && wish === 'enabled');
      const folder = placement && shortPath(placement.folder);
      const issuer = validityOf(ca.authorities.find(({ id }) => id === record.issuerId));
      const usualDays = lifeInDays(record, issuer, USUAL_DAYS.leaf);
      return { record, placement, folder, due: due(record), usualDays, targets: mine.map((target) => target.folder) };
    });
}

/** As one would type it here: from the current folder where that is short. */
export function shortPath(path: string): string {
  const way = relative('.', resolve(path));
  return way === '' ? '.' : way.startsWith('..') ? path : way;
}

const find = (certificates: readonly Renewable[], label: string): Renewable =>
  certificates.find(({ record }) => record.label === label) as Renewable;

/** On a file that should hold the key of a certificate. Without its pass phrase, which is asked for next, one cannot tell. */
export function keyVerdict(record: CertificateRecord, path: string, given: Flags, password?: string): Verdict {
  if (path.trim() === '') return 'Name a file, like old/db1.key.pem.';
  if (password === '') return 'It cannot be empty.';
  if (password === undefined && isEncrypted(path, given)) return true;
  const owner = `the certificate ${quote(record.label)}`;
  return check(() => {
    const key = importKey(keyGiven(keyFlags(path, given, password)) as Uint8Array);
    assertOwnKey(key, record.certificate, owner, 'Give the key file that was made with it.');
  });
}

const keyFlags = (key: string, { keyPassword, keyPasswordFile }: Flags, password?: string): Flags =>
  password === undefined ? { key, keyPassword, keyPasswordFile } : { key, keyPassword: password };

/** Whether it is a private key that nothing was given to open with. */
export function isEncrypted(path: string, given: Flags): boolean {
  try {
    keyGiven(keyFlags(path, given));
    return false;
  } catch (error) {
    return error instanceof LocalCaError && error.code === 'LOCAL_CA_KEY_ENCRYPTED';
  }
}

/** One that opens none of its stores would lock out the server, which has the old one in its settings. */
async function checkPassword({ placement }: Renewable, password: string): Promise<Verdict> {
  if (password === '') return 'It cannot be empty.';
  const folder = placement?.folder ?? '';
  for (const path of readManifest(folder).files.keys()) {
    const verdict = await opens(join(folder, path), password);
    if (verdict !== true) return verdict;
  }
  return true;
}

/** What is no key store, or has gone, hinders nobody. */
async function opens(path: string, password: string): Promise<Verdict> {
  const file = madeFile(path);
  if (file === undefined) return true;
  try {
    await readContents(file.bytes, path, password);
    return true;
  } catch (error) {
    if (!(error instanceof LocalCaError)) throw error;
    return error.code !== 'LOCAL_CA_PASSWORD_WRONG' || `${error.message}.`;
  }
}

/** Looks for the keys of those that were chosen, each once. */
export function keySearch(): (answers: RenewAnswers, facts: RenewFacts) => Promise<RenewFacts> {
  const found = new Map<string, boolean>();
  return async (answers, facts) => {
    if (kindOf(answers, facts) !== 'certificates' || wantsNewKey(answers, facts)) return facts;
    const keyless: string[] = [];
    for (const one of chosenOf(answers, facts)) {
      const { label } = one.record;
      const password = passwordFor(one, answers, facts);
      const known = `${label} ${password}`;
      if (!found.has(known)) found.set(known, await hasKey(one, password));
      if (found.get(known) === false) keyless.push(label);
    }
    return { ...facts, keyless };
  };
}

const passwordFor = (one: Renewable, answers: RenewAnswers, facts: RenewFacts) =>
  isLocked(one, facts) ? answers.passwords?.[one.record.label] : secretFrom(facts.given, 'password');

/** Of a request that somebody else made there never was one. */
export async function hasKey(
  { record, placement }: Pick<Renewable, 'record' | 'placement'>,
  password?: string,
): Promise<boolean> {
  if (record.keyId !== null || placement?.withKey === false) return true;
  if (placement === undefined) return false;
  const { label, folder } = placement;
  const { publicKey } = parseCertificate(record.certificate);
  return (await findKey(folder, publicKey, madeUpPassword(folder, label), password)) !== undefined;
}
