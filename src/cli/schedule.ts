/** `deploy watch --print`: what makes a scheduler of the system run `deploy run`, with all that it was told here. */
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { importKey } from '../core/keys.ts';
import {
  cronFile,
  cronLine,
  type ScheduleFile,
  type SchedulePaths,
  systemdUnits,
  windowsTask,
} from '../deploy/schedules.ts';
import { writeWhole } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { openHome } from '../store/home.ts';
import type { Context, Flags } from './command.ts';
import { flagName, secretFrom } from './values.ts';

export const SCHEDULERS = ['systemd', 'cron', 'windows'] as const;

type Scheduler = (typeof SCHEDULERS)[number];

export async function printSchedule(context: Context, wanted: readonly string[], flags: Flags): Promise<undefined> {
  refuseOwnTimes(flags);
  await checkPassphrase(context, flags);
  const { home, io } = context;
  const out = flags.out as string | undefined;
  const placed = MADE_BY[flags.print as Scheduler]({
    node: process.execPath,
    program: resolve(process.argv[1] ?? ''),
    home: resolve(home),
    words: wordsOf(wanted, flags),
  });
  if (out !== undefined) {
    fs.mkdirSync(out, { recursive: true });
    for (const { file } of placed) writeWhole(join(out, file.name), file.bytes, 0o644, { replace: true });
    const written = placed.map(({ file }) => join(out, file.name));
    io.result({ files: written.map((path) => resolve(path)) }, written.join('\n'));
    return;
  }
  const texts = placed.map(({ folder, file }) => ({ name: file.name, folder, text: textOf(file) }));
  const parts = texts.map(({ name, folder, text }) => (texts.length > 1 ? `# ${join(folder, name)}\n${text}` : text));
  io.result({ files: texts }, parts.join('\n'));
}

function refuseOwnTimes(flags: Flags): void {
  const given = ['every', 'once'].find((flag) => flags[flag] !== undefined);
  if (given === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${flagName(given)} was given together with --print`,
    'What is printed looks every ten minutes: change that in the text.',
  );
}

/** Nobody is there to be asked when the timer runs, and until a certificate is due nobody would notice. */
async function checkPassphrase({ home: folder, io }: Context, flags: Flags): Promise<void> {
  const passphrase = secretFrom(flags, 'passphrase');
  if (!fs.existsSync(folder)) return;
  const home = await openHome(folder);
  try {
    const signing = (await home.store.authorities()).find(({ active }) => active);
    if (signing === undefined || !(await home.caKeys.list()).includes(signing.keyId)) return;
    importKey(await home.caKeys.load(signing.keyId), passphrase);
  } catch (error) {
    if (!(error instanceof LocalCaError && error.code === 'LOCAL_CA_KEY_ENCRYPTED') || passphrase !== undefined)
      throw error;
    io.warn("the CA's key has a passphrase: add --passphrase-file FILE, or set LOCAL_CA_PASSPHRASE for the scheduler");
  } finally {
    await home.close();
  }
}

/** A scheduler's working folder is another one. */
function wordsOf(wanted: readonly string[], flags: Flags): string[] {
  const file = flags.passphraseFile as string | undefined;
  return [
    ...wanted.map((word) => (/[\\/]/.test(word) ? resolve(word) : word)),
    ...(flags.renew === false ? ['--no-renew'] : []),
    ...(flags.force === true ? ['--force'] : []),
    ...(file === undefined ? [] : ['--passphrase-file', resolve(file)]),
  ];
}

/** Where a file of a scheduler belongs. */
interface Placed {
  readonly folder: string;
  readonly file: ScheduleFile;
}

const isRoot = () => process.getuid?.() === 0;

const MADE_BY: Readonly<Record<Scheduler, (paths: SchedulePaths) => readonly Placed[]>> = {
  systemd: (paths) => {
    const scope = isRoot() ? 'system' : 'user';
    const folder = isRoot() ? '/etc/systemd/system' : join(homedir(), '.config', 'systemd', 'user');
    return systemdUnits(paths, { scope }).map((file) => ({ folder, file }));
  },
  cron: (paths) => {
    if (isRoot()) return [{ folder: '/etc/cron.d', file: cronFile(paths) }];
    const bytes = new TextEncoder().encode(`${cronLine(paths)}\n`);
    return [{ folder: '', file: { name: 'local-ca-deploy', bytes } }];
  },
  windows: (paths) => [{ folder: '', file: windowsTask(paths) }],
};

/** The Task Scheduler's files are UTF-16, with a mark in front and line ends of their own. */
function textOf({ bytes }: ScheduleFile): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes).replaceAll('\r\n', '\n');
}
