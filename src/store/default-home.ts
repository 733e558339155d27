/** Where the CA lives when nobody says so. */
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `LOCAL_CA_HOME`, else the platform's data folder: the one that `env-paths` names, which reads the environment of the
 * process when it loads, and so can be neither asked about another nor tested.
 */
export function defaultHome(env: Environment, platform: NodeJS.Platform): string {
  return env.LOCAL_CA_HOME || (DATA_FOLDERS[platform] ?? xdgData)(env);
}

const DATA_FOLDERS: Partial<Record<NodeJS.Platform, (env: Environment) => string>> = {
  darwin: (env) => posix.join(env.HOME || homedir(), 'Library', 'Application Support', 'local-ca'),
  win32: (env) =>
    win32.join(env.LOCALAPPDATA || win32.join(env.USERPROFILE || homedir(), 'AppData', 'Local'), 'local-ca', 'Data'),
};

/** XDG Base Directory Specification: a relative path is invalid and ignored. */
function xdgData(env: Environment): string {
  const given = env.XDG_DATA_HOME ?? '';
  const data = posix.isAbsolute(given) ? given : posix.join(env.HOME || homedir(), '.local', 'share');
  return posix.join(data, 'local-ca');
}
