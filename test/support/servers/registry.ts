/** The Docker registry from Debian, with its store in a folder of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import {
  accountFolder,
  type Environment,
  type Lines,
  lastFirst,
  launch,
  linesFor,
  onFreePort,
  type Scope,
} from './process.ts';

export interface RegistryOptions {
  /** The section `http` of config.yml. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Registry {
  readonly port: number;
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Needs `docker-registry` and `setpriv`. */
export async function startRegistry(t: Scope, { lines, env = {} }: RegistryOptions): Promise<Registry> {
  const { folder, remove } = accountFolder(undefined);
  const closing = lastFirst(t);
  closing(remove);
  const config = join(folder, 'config.yml');
  const { port, server } = await onFreePort(async (port) => {
    await writeFile(config, [...settings(folder), ...(await linesFor(lines, port)), ''].join('\n'));
    const argv = [pathOf('docker-registry'), 'serve', config];
    return { port, server: await launch({ argv, account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' }) };
  });
  closing(server.stop);
  return { port, ...server };
}

const READY = /listening on .*, tls/;

const settings = (folder: string): string[] => [
  'version: 0.1',
  'storage:',
  '  filesystem:',
  `    rootdirectory: ${join(folder, 'store')}`,
];
