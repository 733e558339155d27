/** From a certificate that is due to the same files with a new one: for `renew`, the wizard, and what runs unattended. */
import type { Issued } from '../authority/jobs.ts';
import { assertKeyTrusted, assertRenewable, type RenewOptions } from '../authority/renew.ts';
import type { Template } from '../bundle/template.ts';
import { parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { privateKeyPem } from '../formats/pem.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { type Delivery, findTemplate, type Shipping, stageDelivery, type Wishes } from './deliver.ts';
import { findKey, madeUpPassword } from './find-key.ts';
import { isSamePlace } from './places.ts';
import type { Session } from './session.ts';

/** What a run may say otherwise than the certificate before. */
export interface RenewalWishes {
  readonly days?: number | undefined;
  readonly newKey?: boolean;
  /** The private key, PEM or DER, where it is not found. */
  readonly key?: Uint8Array | undefined;
  readonly keepKey?: boolean;
  /** Instead of the folder that its files are in. */
  readonly out?: string | undefined;
  readonly zip?: string | undefined;
  /** Of its key stores, where somebody chose it. */
  readonly password?: string | undefined;
  readonly force?: boolean;
}

/** A certificate, and where its files are. */
export interface Renewable {
  readonly record: CertificateRecord;
  /** Undefined when it is not known where its files went. */
  readonly placement: PlacementRecord | undefined;
}

export interface Renewed {
  readonly issued: Issued;
  readonly delivery: Delivery;
  /** Its folder is one that `deploy run` keeps, in its window and with its hook: nothing was written there. */
  readonly deployed: boolean;
}

/** Signed, then staged, then recorded, then moved into place. */
export async function renewOne(
  context: Context,
  { ca, home }: Session,
  renewable: Renewable,
  wishes: RenewalWishes,
): Promise<Renewed> {
  const { record } = renewable;
  // What stands in its way for good, before what is missing.
  assertRenewable(record, await ca.get(record.label));
  if (wishes.newKey !== true) await assertKeyTrusted(record, home.store);
  const files = await filesOf(context, renewable, wishes);
  const key = wishes.newKey === true ? undefined : await keyFor(renewable, wishes, files);
  const deployed = isDeployed(files.out, await home.store.targets());
  const options: RenewOptions = {
    days: wishes.days,
    newKey: wishes.newKey,
    keepKey: wishes.keepKey,
    force: wishes.force,
    ...(key === undefined ? {} : { key }),
  };
  let delivery = undefined as Delivery | undefined;
  try {
    const issued = await ca.renew(record.serial, options, {
      beforeRecording: async ([one]) => {
        const parcel = { ...files, material: (one as Issued).material };
        delivery = await stageDelivery(deployed ? [] : [parcel], context, deployed ? {} : files.shipping);
        return delivery.placements;
      },
    });
    await (delivery as unknown as Delivery).commit();
    return { issued, delivery: delivery as unknown as Delivery, deployed };
  } catch (error) {
    await delivery?.discard();
    throw error;
  }
}

/** What is in a target's folder changes in its window and with its hook, and not before. */
const isDeployed = (out: string, targets: readonly TargetRecord[]) =>
  targets.some(({ folder, wish }) => wish === 'enabled' && isSamePlace(folder, out));

interface Files {
  readonly template: Template;
  readonly out: string;
  readonly wishes: Wishes;
  readonly shipping: Shipping;
}

/** The same folder, zip, formats and passwords as before. */
async function filesOf(context: Context, { record, placement }: Renewable, wishes: RenewalWishes): Promise<Files> {
  const template = await findTemplate(context, placement?.template ?? record.template ?? undefined);
  const out = wishes.out ?? placement?.folder ?? record.label;
  const zip = wishes.zip ?? placement?.zip ?? undefined;
  return {
    template,
    out,
    wishes: bundleWishes(record.label, placement, wishes),
    shipping: { zip, force: wishes.force === true },
  };
}

export function bundleWishes(
  label: string,
  placement: PlacementRecord | undefined,
  { password }: Pick<RenewalWishes, 'password'>,
): Wishes {
  if (placement === undefined) return password === undefined ? {} : { password };
  const { formats, alias, p12Profile, passwordGiven, folder } = placement;
  if (passwordGiven && password === undefined) throw passwordMissing(label);
  const earlierPassword = madeUpPassword(folder, label);
  return {
    ...(formats === null ? {} : { formats }),
    ...(alias === null ? {} : { alias }),
    ...(p12Profile === null ? {} : { p12Profile }),
    ...(password === undefined ? {} : { password }),
    ...(earlierPassword === undefined ? {} : { earlierPassword }),
  };
}

/** The key stays: it is kept, given, or among the files. */
async function keyFor(
  { record, placement }: Renewable,
  wishes: RenewalWishes,
  { wishes: { password, earlierPassword } }: Files,
): Promise<Uint8Array | undefined> {
  if (wishes.key !== undefined) return wishes.key;
  // Whoever made the request has its key, and we never had.
  if (record.keyId !== null || placement?.withKey === false) return undefined;
  const { publicKey } = parseCertificate(record.certificate);
  const found = placement && (await findKey(placement.folder, publicKey, earlierPassword, password));
  if (found !== undefined) return privateKeyPem(found);
  throw keyMissing(record, placement);
}

const passwordMissing = (label: string) =>
  new LocalCaError(
    'LOCAL_CA_ANSWER_MISSING',
    `the key stores of ${quote(label)} have a password that somebody chose, and it is not on record`,
    'Give it again with --password-file FILE.',
  );

function keyMissing({ label }: CertificateRecord, placement: PlacementRecord | undefined): LocalCaError {
  const where =
    placement === undefined ? 'and it is not known where its files went' : `nor is it in ${placement.folder}`;
  return new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the private key of ${quote(label)} is not in the home, ${where}`,
    'Give it with --key FILE, or make a new one with --new-key.',
  );
}
