/** The Docker registry from Debian, with its store in a folder of its own. */
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import { type Environment, groundFor, type Lines, linesFor, type Scope, startConfigured } from './process.ts';

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
  const ground = groundFor(t);
  return startConfigured(ground, {
    name: 'config.yml',
    text: async (port) => [...settings(ground.folder), ...(await linesFor(lines, port))],
    argv: (config) => [pathOf('docker-registry'), 'serve', config],
    env,
    ready: READY,
  });
}

const READY = /listening on .*, tls/;

const settings = (folder: string): string[] => [
  'version: 0.1',
  'storage:',
  '  filesystem:',
  `    rootdirectory: ${join(folder, 'store')}`,
];
