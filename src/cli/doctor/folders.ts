/** The files that were made: whether a key and its certificate stand together where the inventory says they do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../../bundle/manifest.ts';
import { equalBytes } from '../../core/der.ts';
import type { PrivateKey } from '../../core/keys.ts';
import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../../store/store.ts';
import { isOfAuthority } from '../deliver.ts';
import { madeUpPassword } from '../find-key.ts';
import { type Found, readContents, readInput } from '../read-file.ts';
import { error, type Finding, note, type Patient, warning } from './finding.ts';

export async function checkPlacements({ home }: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  const deployed = new Set((await home.store.targets()).map(({ folder }) => folder));
  for (const placement of await home.store.placements()) {
    const { label, folder, serial } = placement;
    // What stands in a target's folder is the target's affair.
    if (isOfAuthority(placement) || deployed.has(folder)) continue;
    if (!existsSync(folder)) {
      findings.push(
        note(`the files of ${quote(label)} are no longer in ${folder}`, 'If they were moved, renew with --out DIR.'),
      );
    } else findings.push(...(await pairIn(folder, await home.store.bySerial(serial), placement)));
  }
  return findings;
}

export async function checkTargets({ home }: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const target of await home.store.targets()) {
    const record = target.serial === null ? undefined : await home.store.bySerial(target.serial);
    if (record === undefined) continue;
    if (existsSync(target.folder)) findings.push(...(await pairIn(target.folder, record, target)));
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

type Owner = PlacementRecord | TargetRecord;

async function pairIn(folder: string, record: CertificateRecord | undefined, owner: Owner): Promise<Finding[]> {
  const { label } = owner;
  const { certificates, keys, closed } = await contentsOf(folder, label);
  const again = 'template' in owner && 'withKey' in owner ? `local-ca renew ${label}` : 'local-ca deploy run --now';
  if (certificates.length === 0 && keys.length === 0) return [];
  const single = keys.find((key) => !certificates.some((one) => equalBytes(one.publicKey, key.publicKey)));
  if (single !== undefined && closed.length === 0) {
    return [error(`a private key in ${folder} belongs to no certificate there`, `Make its files anew: ${again}`)];
  }
  if (record === undefined || certificates.some(({ serial }) => serial === record.serial) || closed.length > 0)
    return [];
  return [
    error(
      `${folder} does not hold the certificate ${record.serial} of ${quote(label)}, as is on record`,
      `Make its files anew: ${again}`,
    ),
  ];
}

interface FolderContents {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly PrivateKey[];
  /** Files that only a password opens which is not known. */
  readonly closed: readonly string[];
}

/** Of the files that local-ca made there. */
async function contentsOf(folder: string, label: string): Promise<FolderContents> {
  const password = madeUpPassword(folder, label);
  const found: Found[] = [];
  const closed: string[] = [];
  for (const path of readManifest(folder).files.keys()) {
    const inside = await readFile(join(folder, path), password);
    if (inside === undefined) closed.push(path);
    else found.push(...inside);
  }
  return {
    certificates: found.flatMap((one) => (one.kind === 'certificate' ? [parseCertificate(one.der)] : [])),
    keys: found.flatMap((one) => (one.kind === 'private-key' ? [one.key] : [])),
    closed,
  };
}

/** Undefined for what is closed; nothing for what is gone, or none of the formats: a README. */
async function readFile(path: string, password: string | undefined): Promise<readonly Found[] | undefined> {
  try {
    return (await readContents(await readInput(path), path, password)).found;
  } catch (thrown) {
    if (!(thrown instanceof LocalCaError)) throw thrown;
    return thrown.code.includes('PASSWORD') || thrown.code === 'LOCAL_CA_KEY_ENCRYPTED' ? undefined : [];
  }
}
