/** A request that nobody waits for any more: it is forgotten, and its key with it. */
import { systemAmbient } from '../ambient.ts';
import type { Ambient } from '../core/ambient.ts';
import { parseCsr } from '../core/csr.ts';
import { quote } from '../core/text.ts';
import { isoDay } from '../core/time.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, Change, RequestRecord, Store } from '../store/store.ts';
import { sharesKey } from './stolen-key.ts';
import type { AuthorityHome } from './workplace.ts';

/** What was dropped. */
export interface DroppedRequest {
  readonly record: RequestRecord;
  /** The certificate for whose sake the home keeps the key; null when the key is gone. */
  readonly keptFor: CertificateRecord | null;
}

/** The request with this label, or whose id starts so. Throws LOCAL_CA_NOT_FOUND and LOCAL_CA_AMBIGUOUS. */
export async function findRequest(store: Store, labelOrId: string): Promise<RequestRecord> {
  const waiting = await store.requests();
  const labelled = waiting.filter(({ label }) => label === labelOrId);
  const prefix = labelOrId.toLowerCase();
  const isId = /^[0-9a-f]{4,40}$/.test(prefix);
  const found = labelled.length > 0 ? labelled : waiting.filter(({ id }) => isId && id.startsWith(prefix));
  const [request, second] = found;
  if (request === undefined) {
    const message = `no request waits that is called ${quote(labelOrId)}`;
    throw new LocalCaError('LOCAL_CA_NOT_FOUND', message, 'local-ca csr show names those that wait.');
  }
  if (second === undefined) return request;
  const ids = found.map(({ id, createdAt }) => `${id.slice(0, 8)} of ${isoDay(createdAt)}`);
  const message = `${found.length} requests wait that are called ${quote(labelOrId)}: ${ids.join(', ')}`;
  throw new LocalCaError('LOCAL_CA_AMBIGUOUS', message, 'Name one by the start of its id.');
}

/** Forgets a request, by its label or the start of its id. Its files stay where they are. */
export async function dropRequest(
  home: AuthorityHome,
  labelOrId: string,
  ambient: Ambient = systemAmbient,
): Promise<DroppedRequest> {
  const { store, leafKeys } = home;
  // As a whole: an answer that is just being accepted still needs the key.
  return home.exclusively(async () => {
    const record = await findRequest(store, labelOrId);
    const { id, label, profile, keyType } = record;
    const keptFor = (await userOf(store, record, ambient.now())) ?? null;
    const detail = `${label} (${profile}, ${keyType})`;
    await store.write([
      { kind: 'request-done', id },
      ...(keptFor === null ? [] : keepFor(keptFor, id)),
      { kind: 'event', event: { at: ambient.now(), action: 'request-dropped', serial: null, detail } },
    ]);
    // The record goes first: a key that no record names is taken away by whoever comes next.
    if (keptFor === null) await leafKeys.remove(id);
    return { record, keptFor };
  });
}

/** The certificate that needs this copy of the key: it has no other in the home. */
async function userOf(store: Store, { id, request }: RequestRecord, now: Date): Promise<CertificateRecord | undefined> {
  const all = await store.certificates();
  const named = all.find(({ keyId }) => keyId === id);
  if (named !== undefined) return named;
  const hasKey = sharesKey(parseCsr(request).publicKey);
  const using = all.findLast((one) => one.state === 'valid' && one.notAfter > now && hasKey(one));
  return using?.keyId === null ? using : undefined;
}

const keepFor = ({ serial, fingerprintSha256: fingerprint }: CertificateRecord, keyId: string): Change[] => [
  { kind: 'kept-key', serial, fingerprint, keyId },
];
