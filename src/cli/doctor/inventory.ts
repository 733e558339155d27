/** The inventory itself, and what it says of the CA: every row against the certificate that it is about. */
import { join } from 'node:path';
import { attempt } from '../../core/attempt.ts';
import { equalBytes } from '../../core/der.ts';
import type { GeneralName } from '../../core/extensions.ts';
import { parseNames, type SubjectName } from '../../core/names.ts';
import {
  type Certificate,
  fingerprintSha256,
  isSelfIssued,
  parseCertificate,
  subjectAltNamesOf,
} from '../../core/parse.ts';
import { verifySignature } from '../../core/signature.ts';
import { quote, toHex } from '../../core/text.ts';
import { INVENTORY } from '../../store/layout.ts';
import type { AuthorityRecord, CertificateRecord } from '../../store/store.ts';
import { error, type Finding, type Patient } from './finding.ts';

const BACKUP = 'Restore the home folder from a backup.';

export async function checkInventory({ home }: Patient): Promise<Finding[]> {
  const { checkSqlite } = await import('../../store/sqlite.ts');
  const path = join(home.path, INVENTORY);
  return checkSqlite(path).map((problem) => error(`${path} is damaged: ${problem}`, BACKUP));
}

// --- authorities -------------------------------------------------------------------------------------------------

export async function checkAuthorities(patient: Patient): Promise<Finding[]> {
  const { authorities } = patient;
  if (authorities.length === 0) return [];
  const active = authorities.filter((one) => one.active).length;
  const findings = active === 1 ? [] : [error(`${active} authorities are active, and one should be`, BACKUP)];
  for (const record of authorities) findings.push(...(await checkAuthority(record, patient)));
  return findings;
}

async function checkAuthority(record: AuthorityRecord, patient: Patient): Promise<Finding[]> {
  const who = `the authority ${record.id} (${quote(record.name)})`;
  const certificate = attempt(() => parseCertificate(record.certificate));
  if (certificate === undefined) return [error(`the certificate of ${who} cannot be read`, BACKUP)];
  const wrong = certificate.serial === record.id ? [] : ['serial'];
  // Of an imported CA, what is above it may be unknown.
  const issuer = isSelfIssued(certificate) && record.parentId === null ? record.id : record.parentId;
  const signed = issuer === null || (await isSignedBy(certificate, issuer, patient));
  return [...differing(who, wrong), ...(signed ? [] : [unsigned(who, issuer as string)])];
}

// --- certificates ------------------------------------------------------------------------------------------------

export async function checkCertificates(patient: Patient): Promise<Finding[]> {
  const records = await patient.home.store.certificates();
  const findings = twiceValid(records);
  for (const record of records) findings.push(...(await checkCertificate(record, patient)));
  return findings;
}

function twiceValid(records: readonly CertificateRecord[]): Finding[] {
  const seen = new Set<string>();
  return records
    .filter(({ state }) => state === 'valid')
    .filter(({ label }) => seen.has(label) || !seen.add(label))
    .map(({ label, serial }) =>
      error(
        `${serial} is valid, and so is another certificate of ${quote(label)}`,
        `Revoke the older one, or: ${BACKUP}`,
      ),
    );
}

async function checkCertificate(record: CertificateRecord, patient: Patient): Promise<Finding[]> {
  const who = `the certificate ${record.serial} of ${quote(record.label)}`;
  const certificate = attempt(() => parseCertificate(record.certificate));
  if (certificate === undefined) return [error(`${who} cannot be read`, BACKUP)];
  const wrong = FIELDS.filter(({ agrees }) => !agrees(record, certificate)).map(({ name }) => name);
  const issuer = record.issuerId;
  const signed = issuer === null || (await isSignedBy(certificate, issuer, patient));
  return [...differing(who, wrong), ...(signed ? [] : [unsigned(who, issuer)])];
}

interface Field {
  readonly name: string;
  readonly agrees: (record: CertificateRecord, certificate: Certificate) => boolean;
}

/** The clock's milliseconds are in no certificate. */
const sameTime = (a: Date, b: Date) => Math.floor(a.getTime() / 1000) === Math.floor(b.getTime() / 1000);

const FIELDS: readonly Field[] = [
  { name: 'serial', agrees: ({ serial }, certificate) => serial === certificate.serial },
  { name: 'begin', agrees: ({ notBefore }, certificate) => sameTime(notBefore, certificate.notBefore) },
  { name: 'end', agrees: ({ notAfter }, certificate) => sameTime(notAfter, certificate.notAfter) },
  { name: 'fingerprint', agrees: (record) => record.fingerprintSha256 === fingerprintSha256(record.certificate) },
  { name: 'names', agrees: sameNames },
];

/** Another CA's certificate may have names of kinds that local-ca does not ask for. */
function sameNames({ names, issuerId }: CertificateRecord, certificate: Certificate): boolean {
  if (issuerId === null) return true;
  const recorded = attempt(() => parseNames(names).map(nameKey));
  const carried = attempt(() => (subjectAltNamesOf(certificate) ?? []).map(nameKey));
  return recorded !== undefined && carried !== undefined && recorded.sort().join() === carried.sort().join();
}

const nameKey = ({ kind, bytes }: SubjectName | GeneralName) => `${kind} ${toHex(bytes)}`;

// --- both --------------------------------------------------------------------------------------------------------

async function isSignedBy(
  certificate: Certificate,
  issuerId: string,
  { authorities, ambient }: Patient,
): Promise<boolean> {
  const issuer = authorities.find(({ id }) => id === issuerId);
  const above = issuer && attempt(() => parseCertificate(issuer.certificate));
  if (above === undefined || !equalBytes(above.subject, certificate.issuer)) return false;
  // An imported root may be signed with SHA-1: weak, which verify says, and good.
  return (
    (await verifySignature(certificate, above.publicKey, ambient, { acceptSha1: true, acceptMd5: true })) === 'good'
  );
}

const differing = (who: string, fields: readonly string[]): Finding[] =>
  fields.length === 0 ? [] : [error(`the inventory is wrong about ${who}: ${fields.join(', ')}`, BACKUP)];

const unsigned = (who: string, issuer: string | null) =>
  error(`${who} was not signed by ${issuer}, as the inventory says`, BACKUP);
