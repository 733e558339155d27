/** Where output may not go, whatever `--force` says: among the CA's own files, and onto other output of the same run. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { MANIFEST } from '../bundle/paths.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { CA_FOLDER, DEPLOY_FOLDER, INVENTORY, KEYS_FOLDER } from '../store/layout.ts';

/** SQLite keeps two files beside its own. */
const INVENTORY_FILES = ['', '-wal', '-shm'].map((suffix) => `${INVENTORY}${suffix}`);

/** `cd HOME; local-ca export --ca` would put what clients get beside the CA's private key. */
export function refuseHomePlaces(path: string, home: string, flag: `--${string}`): void {
  const why = whyNot(realPlace(path), wholeRealPath(resolve(home)));
  if (why === undefined) return;
  throw new LocalCaError('LOCAL_CA_PATH_INVALID', `${quote(path)} is ${why}`, `Choose another place with ${flag}.`);
}

function whyNot(path: string, home: string): string | undefined {
  if (path === home) return "the CA's home itself";
  const folder = [CA_FOLDER, KEYS_FOLDER, DEPLOY_FOLDER].find((name) => isWithin(join(home, name), path));
  if (folder !== undefined) return `in the folder ${quote(folder)} of the CA's home, among private keys`;
  return INVENTORY_FILES.some((name) => isWithin(join(home, name), path)) ? "the CA's inventory" : undefined;
}

/** A bundle as it will stand on the disk. */
interface Output {
  readonly out: string;
  readonly files: readonly { readonly path: string }[];
}

/** Found out at the end, when the certificate is on record, this would cost its key. */
export function refuseZipOnto(zip: string, outputs: readonly Output[]): void {
  const place = realPlace(zip);
  for (const { out, files } of outputs) {
    const folder = realPlace(out);
    if (isWithin(place, folder)) throw clash(zip, place === folder ? `the folder ${out}` : `a folder above ${out}`);
    const taken = [MANIFEST, ...files.map(({ path }) => path)].find((path) => overlap(join(folder, path), place));
    if (taken !== undefined) throw clash(zip, `where ${join(out, taken)} goes`);
  }
}

const clash = (zip: string, what: string) =>
  new LocalCaError('LOCAL_CA_OPTION_INVALID', `--zip ${quote(zip)} is ${what}`, 'Choose another name with --zip.');

const overlap = (a: string, b: string) => isWithin(a, b) || isWithin(b, a);

/** Also true of the folder itself. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}

/** Without symbolic links on the way. The last part stays: a link there is replaced, or refused, and not followed. */
function realPlace(path: string): string {
  const whole = resolve(path);
  return join(wholeRealPath(dirname(whole)), basename(whole));
}

/** Whether two paths lead to the same folder, through links too. */
export const isSamePlace = (a: string, b: string): boolean => wholeRealPath(resolve(a)) === wholeRealPath(resolve(b));

/** What is not there yet has no links in it. */
function wholeRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(wholeRealPath(dirname(path)), basename(path));
  }
}
