/** Redis from Debian, with nothing but TLS on its port, and nothing on the disk. */
import { type Outcome, pathOf, run } from '../peers.ts';
import { type Environment, groundFor, type Lines, linesFor, type Scope, startConfigured } from './process.ts';

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
  const ground = groundFor(t);
  const server = await startConfigured(ground, {
    name: 'redis.conf',
    text: async (port) => [...settings(ground.folder, port), ...(await linesFor(lines, port))],
    argv: (config) => [pathOf('redis-server'), config],
    env,
    ready: READY,
  });
  const cli = (...args: readonly string[]) => run('redis-cli', ['-h', '127.0.0.1', '-p', String(server.port), ...args]);
  return { ...server, cli };
}

const READY = /Ready to accept connections/;

const settings = (folder: string, port: number): string[] => [
  'bind 127.0.0.1',
  'port 0',
  `tls-port ${port}`,
  `dir "${folder}"`,
  'save ""',
];
