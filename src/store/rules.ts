/** What every store does alike, so that no two of them can differ in it. */
import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord, CertificateRecord, Change } from './store.ts';

/** At most this many certificates answer to one serial prefix. */
export const PREFIX_LIMIT = 10;

/** Each certificate, and what the log says about it. */
export const certificatesAdded = (records: readonly CertificateRecord[], action: string): Change[] =>
  records.flatMap((record) => [
    { kind: 'certificate', record },
    {
      kind: 'event',
      event: {
        at: record.issuedAt,
        action,
        serial: record.serial,
        detail: `${record.label} (${record.profile}, ${record.keyType})`,
      },
    },
  ]);

export type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

/** How a store makes each kind of change. */
export type Appliers<Tables> = {
  readonly [Kind in Change['kind']]: (tables: Tables, change: ChangeOf<Kind>) => void;
};

export function applyChange<Tables, Kind extends Change['kind']>(
  appliers: Appliers<Tables>,
  tables: Tables,
  change: ChangeOf<Kind>,
): void {
  appliers[change.kind](tables, change);
}

/** Refuses a repeated id, an unknown parent, and two active authorities: new certificates would have two issuers. */
export function checkAuthorities(records: readonly AuthorityRecord[], existing: Iterable<string>): void {
  const known = new Set(existing);
  for (const { id } of records) {
    if (known.has(id)) throw duplicate('authority', id);
    known.add(id);
  }
  for (const { parentId } of records) if (parentId !== null && !known.has(parentId)) throw unknownAuthority(parentId);
  const active = records.filter((record) => record.active).map((record) => record.id);
  if (active.length > 1) throw storeFailed(`more than one authority would be active: ${active.join(', ')}`);
}

export const duplicate = (what: 'serial' | 'authority' | 'revocation list' | 'target', id: string, cause?: unknown) =>
  storeFailed(`${what} ${id} is in the inventory already`, cause);

export const unknownAuthority = (id: string, cause?: unknown) =>
  storeFailed(`the inventory has no authority ${id}`, cause);

export const unknownSerial = (serial: string) => storeFailed(`the inventory has no certificate ${serial} of this CA`);

export const closedStore = () => storeFailed('the inventory is closed');

/** A record that breaks the store's rules: the fault of the code that made it. */
const storeFailed = (message: string, cause?: unknown) =>
  new LocalCaError('LOCAL_CA_STORE_FAILED', message, 'Nothing was recorded. Please report this as a defect.', {
    cause,
  });
