import { resolve } from 'node:path';
import type { AuthorityList } from '../../authority/lists.ts';
import { quote } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { writeWhole } from '../../disk.ts';
import { LocalCaError } from '../../errors.ts';
import { encodeCrls } from '../../formats/pem.ts';
import type { AuthorityRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { refuseForeignLists } from '../crl-file.ts';
import { refuseHomePlaces } from '../places.ts';
import { listJson, listWarnings, refreshLists } from '../revocation-lists.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';
import { days, everyItem, oneOf } from '../values.ts';

export const crl: Command = {
  name: 'crl',
  summary: 'Make new revocation lists, which tell clients what was revoked',
  flags: [
    { flags: '-o, --out <file>', about: 'write them to this file (default: to stdout)' },
    { flags: '-d, --days <n>', about: 'days until the next lists have to be there (default: 90)', parse: days },
    {
      flags: '--format <format>',
      about: 'pem, with the lists of all CAs; or der, with one',
      ...oneOf('--format', ['pem', 'der']),
    },
    {
      flags: '--for <cas>',
      about: 'of these CAs alone: root, intermediate, or serials',
      parse: everyItem,
      values: ['root', 'intermediate'],
    },
    { flags: '--force', about: 'overwrite a file that is no list of this CA' },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca crl --out /etc/ssl/acme.crl.pem', 'new lists of all CAs, in one file'],
    ['local-ca crl --for root --days 365', 'when the key of the root comes back from its safe for an hour'],
    ['local-ca crl --for intermediate --format der --out ca.crl', 'what belongs at the --crl-url of certificates'],
  ],
  run: async (context, _args, flags) => {
    await withAuthority(context, flags, (session) => makeAndTell(context, session, flags));
    return undefined;
  },
};

async function makeAndTell(context: Context, session: Session, flags: Flags): Promise<void> {
  const { ca, home } = session;
  const out = flags.out as string | undefined;
  const wanted = chosen(await ca.revocationLists(), flags.for as string[] | undefined);
  refuseSeveralInDer(wanted, flags);
  if (out !== undefined) {
    refuseHomePlaces(out, context.home, '--out');
    if (flags.force !== true) await refuseForeignLists(out, ca.authorities);
  }
  let bytes: Uint8Array = new Uint8Array();
  const options = { days: flags.days as number | undefined, authorities: wanted.map(({ id }) => id) };
  const made = await refreshLists(session, options, (lists) => {
    bytes = flags.format === 'der' ? (lists[0] as Uint8Array) : new TextEncoder().encode(encodeCrls(lists));
    if (out !== undefined) writeWhole(out, bytes, 0o644, { replace: true });
  });
  const text = out ?? new TextDecoder().decode(bytes);
  await tell(context, session, made, { path: out ?? home.listsPath, text });
}

/** Also by the start of a serial, as everywhere. */
function chosen(lists: readonly AuthorityList[], wanted: readonly string[] | undefined): AuthorityRecord[] {
  const all = lists.map(({ authority }) => authority);
  const found = wanted?.flatMap((one) => called(all, one));
  return found === undefined ? all : all.filter((one) => found.includes(one));
}

function called(all: readonly AuthorityRecord[], wanted: string): AuthorityRecord[] {
  const serial = wanted.toLowerCase().replaceAll(':', '');
  const isSerial = /^[0-9a-f]{4,}$/.test(serial);
  const found = all.filter(({ id, role }) => role === wanted || (isSerial && id.startsWith(serial)));
  if (found.length > 0) return found;
  throw new LocalCaError(
    'LOCAL_CA_NOT_FOUND',
    `this CA has no ${quote(wanted)} that makes lists`,
    `There are: ${namesOf(all)}.`,
  );
}

const namesOf = (all: readonly AuthorityRecord[]) =>
  all.map(({ role, id, name }) => `${role} ${id} (${name})`).join(', ');

function refuseSeveralInDer(wanted: readonly AuthorityRecord[], { format, out }: Flags): void {
  if (format !== 'der') return;
  if (out === undefined) {
    throw new LocalCaError('LOCAL_CA_ANSWER_MISSING', 'DER is not for a terminal', 'Name a file with --out.');
  }
  if (wanted.length === 1) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `a DER file holds one list, and ${wanted.length} CAs make one`,
    `Choose with --for: ${namesOf(wanted)}. Or use --format pem, which holds all.`,
  );
}

interface Told {
  readonly path: string;
  readonly text: string;
}

async function tell(
  { io, ambient }: Context,
  session: Session,
  made: readonly AuthorityList[],
  { path, text }: Told,
): Promise<void> {
  const warnings = await listWarnings(session, made, ambient.now());
  for (const { message } of warnings.flat()) io.warn(message);
  for (const { authority, list, isNew } of made) {
    if (isNew && list !== undefined) {
      const until = isoTime(list.nextUpdate).slice(0, 10);
      io.say(`${io.style('green', 'made')} list ${list.number} of ${authority.name}, good until ${until}`);
    }
  }
  io.result(
    made.map((one, i) => listJson(one, resolve(path), warnings[i] ?? [])),
    text,
  );
}
