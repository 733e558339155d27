/** Private keys in the home: each one that a record names is there and belongs to it, and there are no others. */
import { join } from 'node:path';
import { attempt } from '../../core/attempt.ts';
import { parseCsr, proofOfPossession } from '../../core/csr.ts';
import { equalBytes } from '../../core/der.ts';
import { importKey } from '../../core/keys.ts';
import { lineOf } from '../../core/lineage.ts';
import { parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { readAtMost } from '../../disk.ts';
import { LocalCaError } from '../../errors.ts';
import { keyFile } from '../../store/folder-vault.ts';
import { CA_FOLDER, KEYS_FOLDER } from '../../store/layout.ts';
import type { AuthorityRecord, CertificateRecord, RequestRecord } from '../../store/store.ts';
import { error, type Finding, note, type Patient } from './finding.ts';
import { comeback } from './standing-key.ts';

type Verdict = 'good' | 'missing' | 'encrypted' | { readonly problem: string };

const MOST_BYTES = 1 << 20;

/** Whether a key file is there, can be read, and belongs to this public key. */
function examine(path: string, present: boolean, publicKey: Uint8Array, passphrase?: string): Verdict {
  if (!present) return 'missing';
  try {
    const key = importKey(readAtMost(path, MOST_BYTES), passphrase);
    return equalBytes(key.publicKey, publicKey) ? 'good' : { problem: 'it belongs to something else' };
  } catch (thrown) {
    if (!(thrown instanceof LocalCaError)) throw thrown;
    return thrown.code === 'LOCAL_CA_KEY_ENCRYPTED' && passphrase === undefined
      ? 'encrypted'
      : { problem: thrown.message };
  }
}

const BACKUP = 'Put it back from a backup.';

// --- of the CA ---------------------------------------------------------------------------------------------------

export async function checkAuthorityKeys(patient: Patient): Promise<Finding[]> {
  const { home, authorities } = patient;
  const present = new Set(await home.caKeys.list());
  const newest = authorities.filter((one, i) => !authorities.slice(i + 1).some(({ keyId }) => keyId === one.keyId));
  return newest.flatMap((record) => {
    const publicKey = attempt(() => parseCertificate(record.certificate).publicKey);
    return publicKey === undefined ? [] : authorityKey(patient, record, publicKey, present.has(record.keyId));
  });
}

function authorityKey(
  { home, authorities, passphrase }: Patient,
  record: AuthorityRecord,
  publicKey: Uint8Array,
  present: boolean,
): Finding[] {
  const path = keyFile(join(home.path, CA_FOLDER), record.keyId);
  const verdict = examine(path, present, publicKey, passphrase);
  const what = `the private key of the CA ${quote(record.name)}, ${path},`;
  if (verdict === 'good') return [];
  if (verdict === 'encrypted') {
    return [note(`${what} is encrypted and was not checked`, 'Give its passphrase with --passphrase-file FILE.')];
  }
  if (verdict !== 'missing') return [error(`${what} cannot be used: ${verdict.problem}`, BACKUP)];
  const signing = lineOf(authorities, authorities.find(({ active }) => active)?.id ?? null)[0];
  if (signing?.keyId === record.keyId) return [error(`${what} is missing: nothing can be signed`, BACKUP)];
  return [
    note(
      `${what} is not in the home`,
      'It may well be elsewhere: put it back to renew that CA, or to make its revocation list.',
    ),
  ];
}

// --- of certificates and requests ----------------------------------------------------------------------------------

export async function checkKeptKeys(patient: Patient): Promise<Finding[]> {
  const { leafKeys, store } = patient.home;
  const present = new Set(await leafKeys.list());
  const findings: Finding[] = [];
  for (const record of await store.certificates()) findings.push(...(await keptKey(patient, record, present)));
  return findings;
}

async function keptKey(
  patient: Patient,
  record: CertificateRecord,
  present: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const { keyId, label, serial, state, notAfter } = record;
  const publicKey = attempt(() => parseCertificate(record.certificate).publicKey);
  if (keyId === null || publicKey === undefined) return [];
  const path = keyFile(join(patient.home.path, KEYS_FOLDER), keyId);
  const verdict = examine(path, present.has(keyId), publicKey);
  if (verdict === 'good') return [];
  const counts = state === 'valid' && notAfter > patient.ambient.now();
  const hint = counts ? `${BACKUP} Or make a new one: local-ca renew ${label} --new-key` : BACKUP;
  const back = verdict === 'missing' ? await comeback(patient, { id: keyId, label, publicKey }) : undefined;
  const message = `the private key of ${quote(label)} (${serial}), ${path}, ${whyNot(verdict)}`;
  return [{ ...(counts ? error : note)(message, hint), ...back }];
}

const whyNot = (verdict: Exclude<Verdict, 'good'>) =>
  typeof verdict === 'string' ? `is ${verdict}` : `cannot be used: ${verdict.problem}`;

export async function checkRequests(patient: Patient): Promise<Finding[]> {
  const { home, ambient } = patient;
  const present = new Set(await home.leafKeys.list());
  const findings: Finding[] = [];
  for (const record of await home.store.requests()) {
    const csr = attempt(() => parseCsr(record.request));
    const who = `the request for ${quote(record.label)}`;
    const again = `Make a new one: local-ca csr create ${record.names.join(' ')}`;
    if (csr === undefined || !(await proofOfPossession(csr, ambient))) findings.push(error(`${who} is damaged`, again));
    else findings.push(...(await requestKey(patient, record, csr.publicKey, present)));
  }
  return findings;
}

async function requestKey(
  patient: Patient,
  { id, label, names, folder }: RequestRecord,
  publicKey: Uint8Array,
  present: ReadonlySet<string>,
): Promise<Finding[]> {
  const path = keyFile(join(patient.home.path, KEYS_FOLDER), id);
  const verdict = examine(path, present.has(id), publicKey);
  if (verdict === 'good') return [];
  const hint = `${BACKUP} Or ask again: local-ca csr create ${names.join(' ')}`;
  const back = verdict === 'missing' ? await comeback(patient, { id, label, publicKey, folder }) : undefined;
  return [
    { ...error(`the private key of the request for ${quote(label)}, ${path}, ${whyNot(verdict)}`, hint), ...back },
  ];
}
