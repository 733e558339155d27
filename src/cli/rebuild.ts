/** Makes the files of certificates that stay again, when the CA above them has changed: trust files and chains. */
import { existsSync } from 'node:fs';
import { parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';
import type { PlacementRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import {
  type Delivery,
  type DeliveryContext,
  findTemplate,
  isOfAuthority,
  stageDelivery,
  type Wishes,
} from './deliver.ts';
import { findKey } from './find-key.ts';
import { replaceUnchanged } from './in-order.ts';
import { isSamePlace } from './places.ts';
import { bundleWishes } from './renewal.ts';
import type { Session } from './session.ts';

/** What became of one placement. */
export interface Rebuilt {
  readonly placement: PlacementRecord;
  /** Undefined when nothing was made again, and `why` says the reason. */
  readonly delivery?: Delivery;
  readonly why?: string;
}

/** One after the other; what cannot be made again is told, and hinders no other. */
export async function rebuildAll(context: Context, session: Session, password?: string): Promise<Rebuilt[]> {
  const done: Rebuilt[] = [];
  const { store } = session.home;
  // What stands in a target's folder changes in its window and with its hook, and may be newer than what was put there first.
  const deployed = (await store.targets()).filter(({ wish }) => wish === 'enabled').map(({ folder }) => folder);
  for (const placement of await store.placements()) {
    if (deployed.some((folder) => isSamePlace(folder, placement.folder))) continue;
    if (!(await isConcerned(session, placement))) continue;
    done.push(await rebuildOne(context, session, placement, password));
  }
  return done;
}

/** What stays as it was, for now. */
export function warnOfUnmade({ io }: Context, rebuilt: readonly Rebuilt[]): void {
  const unmade = rebuilt.filter(({ why }) => why !== undefined);
  for (const { placement, why } of unmade) io.warn(`the files in ${placement.folder} were not made again: ${why}`);
  if (unmade.length > 0) io.say('  local-ca doctor says how to make them');
}

/** The files of another CA's certificate have nothing of ours. */
const isConcerned = async ({ ca }: Session, placement: PlacementRecord): Promise<boolean> =>
  isOfAuthority(placement) || (await ca.get(placement.serial)).issuerId !== null;

async function rebuildOne(
  context: Context,
  session: Session,
  placement: PlacementRecord,
  password: string | undefined,
): Promise<Rebuilt> {
  if (!existsSync(placement.folder)) return { placement, why: 'the folder is not there any more' };
  try {
    return { placement, delivery: await deliverAgain(context, session, placement, password) };
  } catch (error) {
    if (error instanceof LocalCaError) return { placement, why: error.message };
    throw error;
  }
}

/** Throws what hinders it. */
export async function deliverAgain(
  context: DeliveryContext,
  session: Session,
  placement: PlacementRecord,
  password?: string,
): Promise<Delivery> {
  const template = await findTemplate(context, placement.template);
  // The password is for those that need it, and would be refused for the others.
  const wishes = bundleWishes(nameOf(placement), placement, {
    password: placement.passwordGiven ? password : undefined,
  });
  const material = await materialFor(session, placement, wishes);
  const parcel = { material, template, out: placement.folder, wishes };
  const delivery = await stageDelivery([parcel], context, { zip: placement.zip ?? undefined });
  try {
    await replaceUnchanged(session.home, placement, delivery);
  } catch (error) {
    await delivery.discard();
    throw error;
  }
  return delivery;
}

/** What its files are called after: a certificate's label, or the CA. */
export const nameOf = (placement: PlacementRecord): string => (isOfAuthority(placement) ? 'ca' : placement.label);

/** With its key where it is found: without it, the files that hold none are made. */
async function materialFor({ ca }: Session, placement: PlacementRecord, { password, earlierPassword }: Wishes) {
  if (isOfAuthority(placement)) return ca.exportAuthority();
  const { certificate, keyId } = await ca.get(placement.serial);
  if (keyId !== null || !placement.withKey) return ca.export(placement.serial);
  const { publicKey } = parseCertificate(certificate);
  return ca.export(placement.serial, await findKey(placement.folder, publicKey, earlierPassword, password));
}
