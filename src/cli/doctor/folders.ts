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
  const { certificates, keys } = await contentsOf(folder, label);
  const hint = `Make its files anew: ${'withKey' in owner ? `local-ca renew ${label}` : 'local-ca deploy run --now'}`;
  if (keys.some((key) => !certificates.some((one) => equalBytes(one.publicKey, key.publicKey)))) {
    return [error(`a private key in ${folder} belongs to no certificate there`, hint)];
  }
  // None can be seen where all are in key stores with a password that somebody chose.
  const leaves = certificates.filter((one) => basicConstraintsOf(one)?.authority !== true);
  if (record === undefined || leaves.length === 0 || leaves.some(({ serial }) => serial === record.serial)) return [];
  return [
    error(`${folder} does not hold the certificate ${record.serial} of ${quote(label)}, which is on record`, hint),
  ];
}

interface FolderContents {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly PrivateKey[];
}

/** Of the files that local-ca made there, as far as they can be read. */
async function contentsOf(folder: string, label: string): Promise<FolderContents> {
  const password = madeUpPassword(folder, label);
  const paths = [...readManifest(folder).files.keys()].filter((path) => isInside(folder, path));
  const found = (await Promise.all(paths.map((path) => foundIn(join(folder, path), password)))).flat();
  return {
    certificates: found.flatMap((one) => (one.kind === 'certificate' ? [parseCertificate(one.der)] : [])),
    keys: found.flatMap((one) => (one.kind === 'private-key' ? [one.key] : [])),
  };
}
