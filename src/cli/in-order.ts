/** Files take their places in the order of the records, whoever of several runs comes to it first. */
import { LocalCaError } from '../errors.ts';
import type { Home } from '../store/home.ts';
import type { CertificateRecord, Change, PlacementRecord } from '../store/store.ts';
import { type Delivery, isOfAuthority } from './deliver.ts';

/**
 * Commits what was recorded, unless another run has recorded a newer certificate of the label meanwhile: then the files are
 * that one's, and it is what this gives.
 */
export function commitNewest(
  { store, exclusively }: Home,
  { label, serial }: CertificateRecord,
  delivery: Delivery,
): Promise<CertificateRecord | undefined> {
  return exclusively(async () => {
    const newest = await store.byLabel(label);
    if (newest === undefined || newest.serial === serial) await delivery.commit();
    else await delivery.discard();
    return newest?.serial === serial ? undefined : newest;
  });
}

/** The same for files that were made again, of a placement that another run may have given to a newer certificate. */
export function replaceUnchanged(
  { store, exclusively }: Home,
  before: PlacementRecord,
  delivery: Delivery,
): Promise<void> {
  return exclusively(async () => {
    const now = (await store.placements()).find(({ label }) => label === before.label);
    if (!isOfAuthority(before) && now?.serial !== before.serial) throw overtaken(before);
    await store.write(delivery.placements.map((change) => withoutItsKey(change, before)));
    await delivery.commit();
  });
}

/** A key that was not found now is still somebody's to give: for the next renewal, nothing has changed. */
function withoutItsKey(change: Change, { withKey }: PlacementRecord): Change {
  return change.kind === 'placement' ? { ...change, record: { ...change.record, withKey } } : change;
}

const overtaken = ({ label }: PlacementRecord) =>
  new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `${label} was renewed by another run meanwhile`,
    'The files are those of its new certificate. local-ca doctor says whether they are as they should be.',
  );
