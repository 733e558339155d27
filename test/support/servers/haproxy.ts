/** HAProxy from Debian, with its runtime API on a socket file. */
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import { type Environment, groundFor, type Lines, linesFor, type Scope, startConfigured } from './process.ts';

export interface HaproxyOptions {
  /** A frontend for the port. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Haproxy {
  readonly port: number;
  /** The process that SIGUSR2 reloads. */
  readonly pid: number;
  readonly log: () => string;
  /** Program and arguments that only read the configuration. */
  readonly test: readonly string[];
  /** Takes the commands of the runtime API. */
  readonly socket: string;
  readonly stop: () => Promise<void>;
}

/** Needs `haproxy` and `setpriv`. */
export async function startHaproxy(t: Scope, { lines, env = {} }: HaproxyOptions): Promise<Haproxy> {
  const ground = groundFor(t);
  const socket = join(ground.folder, 'admin.sock');
  const haproxy = [pathOf('haproxy'), '-f', join(ground.folder, 'haproxy.cfg')];
  const server = await startConfigured(ground, {
    name: 'haproxy.cfg',
    text: async (port) => [...settings(socket), ...(await linesFor(lines, port))],
    argv: () => [...haproxy, '-W'],
    env,
    ready: READY,
  });
  return { ...server, test: [...haproxy, '-c'], socket };
}

const READY = /Loading success/;

/** Of Debian's haproxy.cfg what this needs. */
const settings = (socket: string): string[] => [
  'global',
  `stats socket ${socket} mode 660 level admin expose-fd listeners`,
  'defaults',
  'timeout connect 5s',
  'timeout client 50s',
  'timeout server 50s',
];
