/** HAProxy from Debian, with its runtime API on a socket file. */
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
  const { folder, remove } = accountFolder(undefined);
  const closing = lastFirst(t);
  closing(remove);
  const config = join(folder, 'haproxy.cfg');
  const socket = join(folder, 'admin.sock');
  const haproxy = [pathOf('haproxy'), '-f', config];
  const { port, server } = await onFreePort(async (port) => {
    await writeFile(config, [...settings(socket), ...(await linesFor(lines, port)), ''].join('\n'));
    const argv = [...haproxy, '-W'];
    return { port, server: await launch({ argv, account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' }) };
  });
  closing(server.stop);
  return { port, ...server, test: [...haproxy, '-c'], socket };
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
