/** What the home has for people to read: copies of the CA's certificates, and revocation lists. */
import { existsSync } from 'node:fs';
import { attempt } from '../../core/attempt.ts';
import { parseCrl } from '../../core/crl.ts';
import { equalBytes } from '../../core/der.ts';
import { parseCertificate } from '../../core/parse.ts';
import { verifySignature } from '../../core/signature.ts';
import { quote } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { readAtMost } from '../../disk.ts';
import { decodePem } from '../../formats/pem.ts';
import { publishedOf } from '../../store/layout.ts';
import type { AuthorityRecord, RevocationListRecord } from '../../store/store.ts';
import { listRemedy } from '../revocation-lists.ts';
import { error, type Finding, type Patient, REPAIRABLE, warning } from './finding.ts';

const MOST_BYTES = 1 << 28;

/** The blocks of a file that people read; undefined where it is not there or cannot be read. */
const copyIn = (path: string): readonly Uint8Array[] | undefined =>
  existsSync(path)
    ? attempt(() => decodePem(new TextDecoder().decode(readAtMost(path, MOST_BYTES))).map(({ der }) => der))
    : undefined;

const sameSet = (a: readonly Uint8Array[], b: readonly Uint8Array[]) =>
  a.length === b.length && a.every((one) => b.some((other) => equalBytes(one, other)));

export function checkCopies({ home, authorities }: Patient): Finding[] {
  // Of several intermediates the last is the one that is published.
  const wanted = new Map(
    publishedOf(authorities).map(({ role, certificate }) => [home.certificatePath(role), certificate]),
  );
  return [...wanted].flatMap(([path, certificate]) => {
    if (sameSet(copyIn(path) ?? [], [certificate])) return [];
    const repair = async () => {
      await home.publishCertificates();
      return 'it was written anew';
    };
    return [warning(`${path} is not the certificate that the CA has now`, REPAIRABLE, repair)];
  });
}

export async function checkLists({ home, ca, ambient, authorities }: Patient): Promise<Finding[]> {
  const all = await ca.revocationLists();
  const lists = all.flatMap((one) => (one.list === undefined ? [] : [{ ...one, list: one.list }]));
  const findings = listCopy(
    home,
    lists.map(({ list }) => list.list),
  );
  for (const one of lists) {
    const { authority, list } = one;
    const issuers = authorities.filter(({ keyId }) => keyId === authority.keyId);
    const problem = await problemOf(list, issuers, ambient);
    const who = `the revocation list ${list.number} of ${quote(authority.name)}`;
    const remedy = one.obstacle === undefined ? 'Make a new one: local-ca crl' : listRemedy(one, home.path);
    if (problem !== undefined) findings.push(error(`${who} ${problem}`, remedy));
    else if (list.nextUpdate <= ambient.now()) {
      findings.push(warning(`${who} ended on ${isoTime(list.nextUpdate)}`, remedy));
    }
  }
  return findings;
}

function listCopy(home: Patient['home'], lists: readonly Uint8Array[]): Finding[] {
  const copies = copyIn(home.listsPath);
  if (copies === undefined ? lists.length === 0 : sameSet(copies, lists)) return [];
  const repair = async () => {
    await home.exclusively(async () => home.publishRevocationLists(lists));
    return 'it was written anew';
  };
  return [warning(`${home.listsPath} does not hold the newest revocation lists`, REPAIRABLE, repair)];
}

async function problemOf(
  record: RevocationListRecord,
  issuers: readonly AuthorityRecord[],
  ambient: Patient['ambient'],
): Promise<string | undefined> {
  const list = attempt(() => parseCrl(record.list));
  if (list === undefined) return 'cannot be read';
  if (list.number === undefined || BigInt(`0x${list.number}`) !== BigInt(record.number))
    return 'has another number in itself';
  const keys = issuers.flatMap(({ certificate }) => attempt(() => parseCertificate(certificate).publicKey) ?? []);
  for (const key of keys) if ((await verifySignature(list, key, ambient)) === 'good') return undefined;
  return 'was not signed by that CA';
}
