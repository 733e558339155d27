/** Windows has no modes: there the home's access control list is cut down to the user. Not tested on Windows itself. */
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { win32 } from 'node:path';
import { LocalCaError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The program and its arguments: inherited rights are removed, the user gets full control, files inside inherit it. */
export function icaclsCommand(folder: string, env: Environment, user: string): { file: string; args: string[] } {
  const account = env.USERDOMAIN ? `${env.USERDOMAIN}\\${user}` : user;
  return {
    // By its full path: Windows would look for it in the current folder first.
    file: win32.join(env.SystemRoot || 'C:\\Windows', 'System32', 'icacls.exe'),
    args: [folder, '/inheritance:r', '/grant:r', `${account}:(OI)(CI)F`, '/Q'],
  };
}

/** On Windows, cuts a folder's ACL to the user who runs this; elsewhere its mode does that, and this does nothing. */
export function restrictToUser(folder: string): void {
  if (process.platform !== 'win32') return;
  const { file, args } = icaclsCommand(folder, process.env, userInfo().username);
  try {
    execFileSync(file, args, { stdio: 'ignore', windowsHide: true });
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_OUTPUT_FAILED',
      `the access rights of ${folder} could not be cut to the user`,
      'The home must be on a disk that has access control lists (NTFS).',
      { cause },
    );
  }
}
