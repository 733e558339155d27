/** Paths inside a bundle: relative, inside it, and possible on every system that a zip may be opened on. */
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** Of a bundle's folder, for all that holds no secret; and of one that does. */
export const PUBLIC_FOLDER = 0o755;
export const PRIVATE_FOLDER = 0o700;

/** In the folder: what local-ca wrote there. */
export const MANIFEST = '.local-ca.json';

/** What a path may not be. The Windows rules hold everywhere: bundles are made on one system and unpacked on another. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'it is empty'],
  [/\p{Cc}/u, 'it has a control character'],
  [/\\/, 'it has a backslash'],
  [/^\//, 'it is absolute'],
  [/^[a-z]:/i, 'it starts with a drive letter'],
  [/(^|\/)\.\.(\/|$)/, 'it climbs out of its folder'],
  [/(^|\/)\.(\/|$)|\/\/|\/$/, 'it has an empty part'],
  [/[<>:"|?*]/, 'it has a character that Windows does not allow'],
  [/[. ](\/|$)/, 'a part of it ends with a dot or a space'],
  [/(^|\/)(con|prn|aux|nul|com\d|lpt\d)(\.|\/|$)/i, 'it has a part that is a device on Windows'],
  [/^\.local-ca/i, 'names that start with .local-ca are for local-ca itself'],
];

/** Throws LOCAL_CA_PATH_INVALID unless `path` can only mean a file inside the bundle. */
export function checkBundlePath(path: string): void {
  const broken = FORBIDDEN.find(([pattern]) => pattern.test(path));
  if (broken === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_PATH_INVALID',
    `${quote(path)} cannot be a path inside a bundle: ${broken[1]}`,
    'Use a plain relative path such as tls/server.pem.',
  );
}

/** Fills the one placeholder that a path may have, and checks the result. */
export function fillPath(path: string, label: string): string {
  const filled = path.replaceAll('{{label}}', label);
  checkBundlePath(filled);
  return filled;
}

/** The folders above a path, outermost first: `a/b/c` gives `a` and `a/b`. */
export function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
