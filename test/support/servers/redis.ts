/** Redis from Debian, with nothing but TLS on its port, and nothing on the disk. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, pathOf, run } from '../peers.ts';
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

export interface RedisOptions {
  /** Of redis.conf: `tls-cert-file ...`. What they say of ports wins. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Redis {
  readonly port: number;
  readonly pid: number;
  readonly log: () => string;
  /** `redis-cli` with these arguments, and this port of 127.0.0.1. */
  readonly cli: (...args: readonly string[]) => Promise<Outcome>;
  readonly stop: () => Promise<void>;
}

/** Needs `redis-server`, `redis-cli` and `setpriv`. */
export async function startRedis(t: Scope, { lines, env = {} }: RedisOptions): Promise<Redis> {
  const { folder, remove } = accountFolder(undefined);
  const closing = lastFirst(t);
  closing(remove);
  const config = join(folder, 'redis.conf');
  const { port, server } = await onFreePort(async (port) => {
    await writeFile(config, [...settings(folder, port), ...(await linesFor(lines, port)), ''].join('\n'));
    const argv = [pathOf('redis-server'), config];
    return { port, server: await launch({ argv, account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' }) };
  });
  closing(server.stop);
  const cli = (...args: readonly string[]) => run('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...args]);
  return { port, ...server, cli };
}

const READY = /Ready to accept connections/;

const settings = (folder: string, port: number): string[] => [
  'bind 127.0.0.1',
  'port 0',
  `tls-port ${port}`,
  `dir "${folder}"`,
  'save ""',
];
