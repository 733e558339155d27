/** What `deploy add` was asked for: all that can be checked without the CA. */
import * as fs from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parseName } from '../core/names.ts';
import { quote } from '../core/text.ts';
import { parseHook } from '../deploy/hook.ts';
import { parseWindow } from '../deploy/window.ts';
import { LocalCaError } from '../errors.ts';
import type { FormatName } from '../formats/formats.ts';
import { parseTarget, urlOf } from '../probe/target.ts';
import type { TargetRecord } from '../store/store.ts';
import type { Context, Flags } from './command.ts';
import { settingsOf } from './deliver.ts';
import { refuseHomePlaces } from './places.ts';

/** Of a target. */
export type Settings = Omit<
  TargetRecord,
  | 'id'
  | 'label'
  | 'template'
  | 'wish'
  | 'state'
  | 'serial'
  | 'contents'
  | 'rights'
  | 'problem'
  | 'failures'
  | 'retryAt'
  | 'since'
>;

export function settingsFrom(context: Context, flags: Flags): Settings {
  const { to, owner, group, window, tz, probe, probeName } = flags as Readonly<Record<string, string | undefined>>;
  if (to === undefined) {
    throw new LocalCaError('LOCAL_CA_ANSWER_MISSING', '--to is missing', 'Name the folder that the server reads.');
  }
  if (tz !== undefined && window === undefined) throw invalid('--tz was given without --window', 'Add --window.');
  if (probeName !== undefined && probe === undefined) {
    throw invalid('--probe-name was given without --probe', 'Add --probe.');
  }
  return {
    folder: folderFrom(context, to),
    formats: (flags.format as readonly FormatName[] | undefined) ?? null,
    settings: settingsOf(flags),
    owner: owner ?? null,
    group: group ?? null,
    hook: hookFrom((flags.hook as Hook | undefined)?.argv ?? []),
    hookTimeout: (flags.hookTimeout as number | undefined) ?? 60,
    window: window?.trim() ?? null,
    timeZone: window === undefined ? null : parseWindow(window, tz).timeZone,
    probe: probe === undefined ? null : urlOf(parseTarget(probe)),
    probeName: probeName ?? null,
    withCrl: flags.withCrl === true,
  };
}

function folderFrom(context: Context, to: string): string {
  refuseHomePlaces(to, context.home, '--to');
  const folder = resolve(to);
  if (dirname(folder) === folder) throw invalid('--to is the root of a disk', 'Give a folder of its own to the files.');
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true || (stat === undefined && fs.existsSync(dirname(folder)))) return folder;
  if (stat !== undefined) {
    const what = stat.isSymbolicLink() ? 'a symbolic link' : 'not a folder';
    throw new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `${folder} is ${what}`, 'Give --to the folder itself.');
  }
  throw new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `${folder} cannot be made: the folder above it is not there`,
    'Make it first, or check the path.',
  );
}

/** No bare array, which would grow when the flag is given twice. */
interface Hook {
  readonly argv: readonly string[];
}

export const hookOf = (text: string): Hook => ({ argv: parseHook(text) });

/** Whoever runs it later has another working folder. */
const hookFrom = ([program = '', ...args]: readonly string[]): string[] => {
  if (program === '') return [];
  return [/[/\\]/.test(program) && !isAbsolute(program) ? resolve(program) : program, ...args];
};

/** TLS has host names alone there (RFC 6066 3), and no addresses. */
export function hostName(text: string): string {
  const { kind, text: name } = parseName(text);
  if (kind === 'dns' && !name.startsWith('*')) return name;
  throw invalid(`--probe-name cannot be ${quote(text)}`, 'Give one host name, like db1.example.test.');
}

export function hookSeconds(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 86_400) return Number(text);
  throw invalid(`--hook-timeout cannot be ${quote(text)}`, 'Give a number of seconds from 1 to 86400.');
}

const invalid = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

/** Whether a program can be run. Windows finds programs by rules of its own. */
export function isThere(program: string, path = ''): boolean {
  if (process.platform === 'win32') return true;
  const places = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  return places.some((place) => {
    try {
      fs.accessSync(place, fs.constants.X_OK);
      return fs.statSync(place).isFile();
    } catch {
      return false;
    }
  });
}
