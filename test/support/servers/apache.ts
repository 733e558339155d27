/** Apache from Debian, with a server root and modules of its own choice. Root's drops its rights to `www-data`. */
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import { type Environment, groundFor, type Lines, linesFor, type Scope, startConfigured } from './process.ts';

export interface ApacheOptions {
  /** A virtual host for the port. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Apache {
  readonly port: number;
  readonly pid: number;
  readonly log: () => string;
  /** Programs and arguments: what `apachectl graceful` and `apachectl configtest` run. */
  readonly graceful: readonly string[];
  readonly test: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Needs `apache2` and `setpriv`. */
export async function startApache(t: Scope, { lines, env = {} }: ApacheOptions): Promise<Apache> {
  const ground = groundFor(t);
  const { folder } = ground;
  const apache = [pathOf('apache2'), '-f', join(folder, 'apache2.conf')];
  const server = await startConfigured(ground, {
    name: 'apache2.conf',
    text: async (port) => [...settings(folder, port), ...(await linesFor(lines, port))],
    argv: () => [...apache, '-D', 'FOREGROUND'],
    env,
    ready: READY,
  });
  return { ...server, graceful: [...apache, '-k', 'graceful'], test: [...apache, '-t'] };
}

const READY = /resuming normal operations/;
const MODULES = ['mpm_event', 'authz_core', 'dir', 'ssl'];

const settings = (folder: string, port: number): string[] => [
  `ServerRoot ${folder}`,
  `DefaultRuntimeDir ${folder}`,
  'PidFile pid',
  'ServerName localhost',
  `Listen 127.0.0.1:${port}`,
  ...MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
  'StartServers 1',
  // Its stderr is a socket, which cannot be opened by a name.
  'ErrorLog "|$cat >&2"',
  'LogLevel notice',
  ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
];
