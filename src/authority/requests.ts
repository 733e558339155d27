/** Requests for another CA: a key that waits in the home, and the PKCS#10 request that was made with it. */
import { systemAmbient } from '../ambient.ts';
import type { Ambient } from '../core/ambient.ts';
import { newSerial } from '../core/certificate.ts';
import { generateKey, importKey, type PrivateKey } from '../core/keys.ts';
import { makeRequest } from '../core/make-csr.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { type LeafOptions, type LeafRequest, normalizeLeaf } from '../core/options.ts';
import { parseCertificate } from '../core/parse.ts';
import { keySigner } from '../core/signer.ts';
import { encodeSubject } from '../core/subject.ts';
import { quote, toHex } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, RequestRecord, Store } from '../store/store.ts';
import { encodeAuthorityKey } from './establish.ts';
import { renewalKey } from './renew.ts';
import { refuseStolen } from './stolen-key.ts';
import { type AuthorityHome, Workplace } from './workplace.ts';

/** For `createRequest`. */
export interface RequestOptions {
  /** As for a certificate; not needed with `renew`. */
  names?: readonly string[] | undefined;
  /** `server` unless given. */
  profile?: string | undefined;
  /** The first name unless given. */
  label?: string | undefined;
  /** `p256` unless given. */
  keyType?: string | undefined;
  /** `/CN=db/C=DE` is written in this order, `CN=db,C=DE` in the reverse one (RFC 4514). `CN=<first name>` unless given. */
  subject?: string | undefined;
  /** What the files of the certificate will be made for. */
  template?: string | undefined;
  /** Some CAs ask for one. */
  challengePassword?: string | undefined;
  /** Keep the key in the home when the answer has come. */
  keepKey?: boolean | undefined;
  /** Where the files of the certificate will belong. */
  folder?: string | undefined;
  /** Ask for what this certificate, of whichever CA, is: its label, or its serial. */
  renew?: string | undefined;
  /** With `renew`: make a new key. Otherwise the key stays. */
  newKey?: boolean | undefined;
  /** The key to ask for, PEM or DER, in the place of a new one or of one that the home keeps. */
  key?: Uint8Array | undefined;
}

const REQUEST_OPTIONS: OptionKinds<RequestOptions> = {
  names: 'strings',
  profile: 'string',
  label: 'string',
  keyType: 'string',
  subject: 'string',
  template: 'string',
  challengePassword: 'secret',
  keepKey: 'boolean',
  folder: 'string',
  renew: 'string',
  newKey: 'boolean',
  key: 'bytes',
};

/** A request that waits, and its key. */
export interface CreatedRequest {
  readonly record: RequestRecord;
  readonly key: PrivateKey;
  readonly warnings: readonly Warning[];
}

/** For `createRequest`. */
export interface RequestHooks {
  /** Runs when all is made and nothing recorded yet: prepare files here, and throw to call it off. */
  readonly beforeRecording?: (created: CreatedRequest) => Promise<void>;
}

/**
 * Makes a key and a request for another CA. The key waits in the home for the answer, which `acceptAnswer` takes. The home
 * need not have a CA. Throws LOCAL_CA_KEY_REFUSED for a key that was stolen.
 */
export async function createRequest(
  home: AuthorityHome,
  options: RequestOptions,
  hooks: RequestHooks = {},
  ambient: Ambient = systemAmbient,
): Promise<CreatedRequest> {
  checkOptions(options, REQUEST_OPTIONS);
  const { leaf, key } = await settle(home, options, ambient);
  const subject = encodeSubject(leaf.subject);
  const { names, profile } = leaf;
  const { challengePassword } = options;
  const fields = { subject, names, profile, ...(challengePassword === undefined ? {} : { challengePassword }) };
  const request = await makeRequest(fields, await keySigner(key, ambient));
  const record: RequestRecord = {
    id: toHex(newSerial(ambient)),
    label: leaf.label,
    names: names.map(({ text }) => text),
    profile: profile.name,
    template: leaf.template,
    keyType: key.keyType,
    request,
    createdAt: ambient.now(),
    keepKey: options.keepKey === true,
    folder: options.folder ?? null,
  };
  const created = {
    record,
    key,
    warnings: [...leaf.warnings, ...waitingWarnings(await home.store.requests(), record)],
  };
  await hooks.beforeRecording?.(created);
  await home.exclusively(() => keep(home, created, ambient));
  return created;
}

/** The key comes first, so that the record never promises one that is not there. */
async function keep({ leafKeys, store }: AuthorityHome, { record, key }: CreatedRequest, ambient: Ambient) {
  const { id, label, profile, keyType, createdAt } = record;
  await leafKeys.save(id, encodeAuthorityKey(key, undefined, ambient));
  const event = { at: createdAt, action: 'request', serial: null, detail: `${label} (${profile}, ${keyType})` };
  try {
    await store.write([
      { kind: 'request', record },
      { kind: 'event', event },
    ]);
  } catch (error) {
    await leafKeys.remove(id);
    throw error;
  }
}

function waitingWarnings(waiting: readonly RequestRecord[], { label }: RequestRecord): Warning[] {
  const earlier = waiting.findLast((one) => one.label === label);
  if (earlier === undefined) return [];
  const message = `an earlier request for ${label} waits too, since ${isoTime(earlier.createdAt)}; the answer to either will be accepted`;
  return [{ code: 'waiting', message }];
}

// --- what is asked for -------------------------------------------------------------------------------------------

interface Settled {
  readonly leaf: LeafRequest;
  readonly key: PrivateKey;
}

async function settle(home: AuthorityHome, options: RequestOptions, ambient: Ambient): Promise<Settled> {
  if (options.renew !== undefined) return settleRenewal(home, options, options.renew, ambient);
  const { names = [], profile, label, subject, template } = options;
  const given = options.key === undefined ? undefined : importKey(options.key);
  if (given !== undefined) await assertSecret(home.store, given, 'Leave --key out: then a new key is made.');
  const { keyType = 'p256' } = options;
  const leaf = normalizeLeaf({ names, profile, label, subject, template, keyType }, ambient.now());
  return { leaf, key: given ?? (await generateKey(leaf.keyType, ambient)) };
}

async function settleRenewal(
  home: AuthorityHome,
  options: RequestOptions,
  labelOrSerial: string,
  ambient: Ambient,
): Promise<Settled> {
  const record = await new Workplace(home, [], ambient, undefined).get(labelOrSerial);
  if (options.newKey !== true) {
    await assertSecret(home.store, parseCertificate(record.certificate), 'Make a new key, with --new-key.');
  }
  const leaf = normalizeLeaf(sameAs(record, options), ambient.now());
  const choice = await renewalKey(record, options, home.leafKeys);
  const key = choice.kind === 'new' ? await generateKey(leaf.keyType, ambient) : choice.key;
  if (key !== undefined) return { leaf, key };
  throw new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the private key of ${quote(record.label)} is not in the home`,
    'Give it with --key FILE, or make a new one with --new-key.',
  );
}

function sameAs(record: CertificateRecord, options: RequestOptions): LeafOptions {
  const { names, profile, label, subject, template, keyType } = record;
  return {
    names: options.names ?? names,
    profile: options.profile ?? profile,
    label: options.label ?? label,
    subject: options.subject ?? (subject === '' ? undefined : subject),
    template: options.template ?? template ?? undefined,
    // Of a key that stays, any type will do.
    keyType: options.keyType ?? (options.newKey === true ? keyType : undefined),
  };
}

const assertSecret = (store: Store, { publicKey }: Pick<PrivateKey, 'publicKey'>, hint: string): Promise<void> =>
  refuseStolen(store, publicKey, 'the key', hint);
