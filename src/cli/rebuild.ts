/** Makes the files of certificates that stay again, when the CA above them has changed: trust files and chains. */
import { existsSync } from 'node:fs';
import { parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';
import type { PlacementRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { AUTHORITY_PLACEMENT, type Delivery, findTemplate, stageDelivery } from './deliver.ts';
import { findKey } from './find-key.ts';
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
  for (const placement of await session.home.store.placements()) {
    done.push(await rebuildOne(context, session, placement, password));
  }
  return done;
}

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

async function deliverAgain(
  context: Context,
  session: Session,
  placement: PlacementRecord,
  password: string | undefined,
): Promise<Delivery> {
  const template = await findTemplate(context, placement.template);
  const wishes = bundleWishes(placement.label, placement, { password });
  const key = wishes.password ?? wishes.earlierPassword;
  const material = await materialFor(session, placement, key);
  const parcel = { material, template, out: placement.folder, wishes };
  const delivery = await stageDelivery([parcel], context, { zip: placement.zip ?? undefined });
  try {
    await session.home.store.write(delivery.placements);
  } catch (error) {
    await delivery.discard();
    throw error;
  }
  await delivery.commit();
  return delivery;
}

/** With its key where it is found: without it, the files that hold none are made. */
async function materialFor({ ca }: Session, { label, serial, folder }: PlacementRecord, password: string | undefined) {
  if (label === AUTHORITY_PLACEMENT) return ca.exportAuthority();
  const record = await ca.get(serial);
  if (record.keyId !== null) return ca.export(serial);
  return ca.export(serial, await findKey(folder, parseCertificate(record.certificate).publicKey, password));
}
