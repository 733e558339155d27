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
import { Handover } from './handover.ts';
import { commitNewest } from './in-order.ts';
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
  const out = wishes.out ?? renewable.placement?.folder ?? record.label;
  const deployed = isDeployed(record.label, out, await home.store.targets());
  const files = deployed ? undefined : await filesOf(context, renewable, wishes, out);
  const key = wishes.newKey === true ? undefined : await keyFor(renewable, wishes);
  const options: RenewOptions = {
    days: wishes.days,
    newKey: wishes.newKey,
    keepKey: wishes.keepKey,
    force: wishes.force,
    ...(key === undefined ? {} : { key }),
  };
  const handover = new Handover();
  try {
    const issued = await ca.renew(record.serial, options, {
      beforeRecording: async ([one]) => {
        const parcels = files === undefined ? [] : [{ ...files, material: (one as Issued).material }];
        return handover.put(await stageDelivery(parcels, context, files?.shipping ?? {})).placements;
      },
    });
    const { delivery } = handover;
    const newer = await commitNewest(home, issued.record, delivery);
    if (newer === undefined) return { issued, delivery, deployed };
    context.io.warn(overtaken(issued.record, newer));
    return { issued, delivery: { ...delivery, ...NO_FILES }, deployed };
  } catch (error) {
    await handover.discard();
    throw error;
  }
}

const NO_FILES = { bundles: [], leftovers: [], files: [], zip: null } as const;

const overtaken = ({ label, serial }: CertificateRecord, newer: CertificateRecord) =>
  `another run has renewed ${label} at the same time: its files are those of ${newer.serial}, and of ${serial} there are none`;

/**
 * What is in a target's folder changes in its window and with its hook, and not before; and where the label's files were
 * taken away, they do not come back while they are deployed elsewhere.
 */
function isDeployed(label: string, out: string, targets: readonly TargetRecord[]): boolean {
  const isWanted = ({ wish }: TargetRecord) => wish === 'enabled';
  const [there] = targets.filter(({ folder }) => isSamePlace(folder, out));
  if (there === undefined) return false;
  return isWanted(there) || targets.some((one) => isWanted(one) && one.label === label);
}

interface Files {
  readonly template: Template;
  readonly out: string;
  readonly wishes: Wishes;
  readonly shipping: Shipping;
}

/** The same zip, formats and passwords as before. */
async function filesOf(
  context: Context,
  { record, placement }: Renewable,
  wishes: RenewalWishes,
  out: string,
): Promise<Files> {
  return {
    template: await findTemplate(context, placement?.template ?? record.template ?? undefined),
    out,
    wishes: bundleWishes(record.label, placement, wishes),
    shipping: { zip: wishes.zip ?? placement?.zip ?? undefined, force: wishes.force === true },
  };
}

export function bundleWishes(
  label: string,
  placement: PlacementRecord | undefined,
  { password }: Pick<RenewalWishes, 'password'>,
): Wishes {
  if (placement === undefined) return password === undefined ? {} : { password };
  const { formats, settings, alias, p12Profile, passwordGiven, folder } = placement;
  if (passwordGiven && password === undefined) throw passwordMissing(label);
  const earlierPassword = madeUpPassword(folder, label);
  return {
    ...(formats === null ? {} : { formats }),
    settings,
    ...(alias === null ? {} : { alias }),
    ...(p12Profile === null ? {} : { p12Profile }),
    ...(password === undefined ? {} : { password }),
    ...(earlierPassword === undefined ? {} : { earlierPassword }),
  };
}

/** The key stays: it is kept, given, or among the files. */
async function keyFor(
  { record, placement }: Renewable,
  { key, password }: RenewalWishes,
): Promise<Uint8Array | undefined> {
  if (key !== undefined) return key;
  // Whoever made the request has its key, and we never had.
  if (record.keyId !== null || placement?.withKey === false) return undefined;
  const { publicKey } = parseCertificate(record.certificate);
  const madeUp = placement && madeUpPassword(placement.folder, record.label);
  const found = placement && (await findKey(placement.folder, publicKey, madeUp, password));
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
