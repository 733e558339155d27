/** The CA's own certificates where files were made: whether those are the ones that it has now. */
import { existsSync } from 'node:fs';
import { type AuthorityCertificates, authorityCertificates } from '../../authority/material.ts';
import { equalBytes } from '../../core/der.ts';
import { lineOf } from '../../core/lineage.ts';
import { type Certificate, fingerprintSha256, parseCertificate } from '../../core/parse.ts';
import type { PlacementRecord } from '../../store/store.ts';
import { isOfAuthority } from '../deliver.ts';
import { deliverAgain, nameOf } from '../rebuild.ts';
import { type Finding, type Patient, warning } from './finding.ts';
import { contentsOf } from './folders.ts';

/** `renew --ca` records what it made, and then makes the files again, one folder after the other: it may not come to all. */
export async function checkTrustFiles(patient: Patient): Promise<Finding[]> {
  const { home } = patient;
  const findings: Finding[] = [];
  // What stands in a target's folder is the target's affair.
  const deployed = new Set((await home.store.targets()).map(({ folder }) => folder));
  for (const placement of await home.store.placements()) {
    const { folder } = placement;
    if (deployed.has(folder) || !existsSync(folder)) continue;
    const wanted = await wantedIn(placement, patient);
    if (wanted !== undefined && (await isBehind(placement, wanted, patient))) findings.push(behind(placement, patient));
  }
  return findings;
}

/** Undefined for what another CA signed. */
async function wantedIn(
  placement: PlacementRecord,
  { home, ca, authorities, ambient }: Patient,
): Promise<AuthorityCertificates | undefined> {
  const issuerId =
    (isOfAuthority(placement) ? ca.chain[0]?.id : (await home.store.bySerial(placement.serial))?.issuerId) ?? null;
  const chain = lineOf(authorities, issuerId);
  return chain.length === 0 ? undefined : authorityCertificates(authorities, chain, ambient.now());
}

async function isBehind(
  placement: PlacementRecord,
  wanted: AuthorityCertificates,
  { authorities }: Patient,
): Promise<boolean> {
  const { folder, roots } = placement;
  const wantedRoots = wanted.roots.map(fingerprintSha256);
  if (wantedRoots.some((one) => !roots.includes(one))) return true;
  // One that has merely ended does no harm in a trust file.
  const revoked = authorities.filter(({ revocation }) => revocation !== null);
  const ended = revoked.map(({ certificate }) => fingerprintSha256(certificate));
  if (ended.some((one) => roots.includes(one) && !wantedRoots.includes(one))) return true;
  // Cross certificates have a root's key, and perhaps its name.
  const { certificates } = await contentsOf(folder, nameOf(placement));
  const isRoot = ({ serial }: Certificate) => authorities.some(({ id, role }) => role === 'root' && id === serial);
  const standing = certificates.filter((one) => !isRoot(one));
  return wanted.intermediates.map(parseCertificate).some((one) => hasEarlier(one, standing));
}

/** With the same key it is renewed for what it signed before, too. */
const hasEarlier = (wanted: Certificate, standing: readonly Certificate[]): boolean =>
  standing.some((one) => equalBytes(one.publicKey, wanted.publicKey) && equalBytes(one.subject, wanted.subject)) &&
  !standing.some((one) => equalBytes(one.der, wanted.der));

function behind(placement: PlacementRecord, { home, ca, ambient }: Patient): Finding {
  const { folder, label } = placement;
  const again = isOfAuthority(placement) ? `local-ca export --ca --out ${folder}` : `local-ca renew ${label}`;
  return warning(
    `the files in ${folder} hold the CA as it was before`,
    `local-ca doctor --repair makes them again, or: ${again}`,
    async () => {
      await deliverAgain({ home: home.path, ambient }, { home, ca }, placement);
      return 'they were made again';
    },
  );
}
