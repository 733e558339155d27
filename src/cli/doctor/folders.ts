/** The files that were made: whether a key and its certificate stand together where the inventory says they do. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { modeText } from '../../bundle/file.ts';
import { readManifest } from '../../bundle/manifest.ts';
import { isInside, narrow, readStanding } from '../../bundle/standing.ts';
import { attempt } from '../../core/attempt.ts';
import { equalBytes } from '../../core/der.ts';
import type { PrivateKey } from '../../core/keys.ts';
import { basicConstraintsOf, type Certificate, parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { posix } from '../../disk.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../../store/store.ts';
import { isOfAuthority } from '../deliver.ts';
import { foundIn, madeUpPassword } from '../find-key.ts';
import { error, type Finding, note, type Patient, warning } from './finding.ts';

export async function checkPlacements({ home }: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  const deployed = new Set((await home.store.targets()).map(({ folder }) => folder));
  for (const placement of await home.store.placements()) {
    const { label, folder, serial } = placement;
    // What stands in a target's folder is the target's affair.
    if (isOfAuthority(placement) || deployed.has(folder)) continue;
    if (!fs.existsSync(folder)) {
      findings.push(
        note(`the files of ${quote(label)} are no longer in ${folder}`, 'If they were moved, renew with --out DIR.'),
      );
    } else findings.push(...laxIn(folder), ...(await pairIn(folder, await home.store.bySerial(serial), placement)));
  }
  return findings;
}

export async function checkTargets({ home }: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const target of await home.store.targets()) {
    const record = target.serial === null ? undefined : await home.store.bySerial(target.serial);
    if (record === undefined) continue;
    if (fs.existsSync(target.folder))
      findings.push(...laxIn(target.folder), ...(await pairIn(target.folder, record, target)));
    else
      findings.push(
        warning(
          `the folder ${target.folder} is gone, which ${quote(target.label)} is deployed to`,
          'Make it again, or: local-ca deploy remove',
        ),
      );
  }
  return findings;
}

/** Secrets that more users can get at than when local-ca wrote them. */
function laxIn(folder: string): Finding[] {
  if (!posix) return [];
  return [...readManifest(folder).files].flatMap(([path, { mode }]) => {
    if (mode === undefined || !isInside(folder, path)) return [];
    const now = attempt(() => readStanding(join(folder, path)))?.mode;
    return now === undefined || (now & ~mode) === 0 ? [] : [lax(join(folder, path), now, mode)];
  });
}

function lax(path: string, now: number, mode: number): Finding {
  const narrowed = modeText(now & mode);
  return error(
    `more users can get at ${path} than should: its mode is ${modeText(now)}, and was ${modeText(mode)}`,
    `Run: chmod ${narrowed} ${path}`,
    () => {
      narrow(path, mode);
      return `its mode is ${narrowed} now`;
    },
  );
}

type Owner = PlacementRecord | TargetRecord;

async function pairIn(folder: string, record: CertificateRecord | undefined, owner: Owner): Promise<Finding[]> {
  const { label } = owner;
  const contents = await contentsOf(folder, label);
  const { certificates, keys } = contents;
  const hint = `Make its files anew: ${'withKey' in owner ? renewal(label, record) : DEPLOY_AGAIN}`;
  if (keys.some((key) => !certificates.some((one) => equalBytes(one.publicKey, key.publicKey)))) {
    return [error(`a private key in ${folder} belongs to no certificate there`, hint)];
  }
  // None can be seen where all are in key stores with a password that somebody chose.
  const leaves = certificates.filter((one) => basicConstraintsOf(one)?.authority !== true);
  if (record === undefined || leaves.length === 0 || leaves.some(({ serial }) => serial === record.serial))
    return keyGone(folder, record, owner, contents);
  return [
    error(`${folder} does not hold the certificate ${record.serial} of ${quote(label)}, which is on record`, hint),
  ];
}

const DEPLOY_AGAIN = 'local-ca deploy run --now';

const renewal = (label: string, record: CertificateRecord | undefined) =>
  record?.issuerId === null ? `local-ca csr create --renew ${label}` : `local-ca renew ${label}`;

/** Of secrets that were removed, only where no key is left: those of other formats nobody may need any more. */
function keyGone(
  folder: string,
  record: CertificateRecord | undefined,
  owner: Owner,
  { keys, missing }: FolderContents,
): Finding[] {
  if (keys.length > 0 || missing.length === 0 || ('withKey' in owner && !owner.withKey)) return [];
  const { label } = owner;
  const message = `the private key of ${quote(label)} is no longer in ${folder}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  if (!('withKey' in owner)) return [error(message, `Put it there again: ${DEPLOY_AGAIN}`)];
  const again = renewal(label, record);
  if (record !== undefined && record.keyId !== null) return [warning(message, `The home has a copy: ${again}`)];
  return [warning(message, `Put it back, or give it with --key FILE: ${again}. If it is lost: ${again} --new-key`)];
}

interface FolderContents {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly PrivateKey[];
  /** Secrets that were made for the label, and are gone. */
  readonly missing: readonly string[];
}

/** Of the files that local-ca made there, as far as they can be read. */
export async function contentsOf(folder: string, label: string): Promise<FolderContents> {
  const password = madeUpPassword(folder, label);
  const { files } = readManifest(folder);
  const paths = [...files.keys()].filter((path) => isInside(folder, path));
  const found = (await Promise.all(paths.map((path) => foundIn(join(folder, path), password)))).flat();
  return {
    certificates: found.flatMap((one) => (one.kind === 'certificate' ? [parseCertificate(one.der)] : [])),
    keys: found.flatMap((one) => (one.kind === 'private-key' ? [one.key] : [])),
    missing: [...files].flatMap(([path, { mode, labels }]) =>
      mode !== undefined && labels.includes(label) && !fs.existsSync(join(folder, path)) ? [path] : [],
    ),
  };
}
