/** stunnel from Debian: its configuration file says everything, also whether it is a tunnel's server or its client. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import {
  type Account,
  accountFolder,
  accountFor,
  type Environment,
  type Lines,
  lastFirst,
  launch,
  linesFor,
  onFreePort,
  type Scope,
} from './process.ts';

export interface StunnelOptions {
  /** The whole stunnel.conf, which accepts on the port, and stays in the foreground. */
  readonly lines: Lines;
  readonly env?: Environment;
}

export interface Stunnel {
  readonly port: number;
  /** The process that SIGHUP reloads. */
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** The user that Debian's stunnel runs as when the test runs as root. */
export const stunnelAccount = (): Account | undefined => accountFor('stunnel4');

/** Needs `stunnel4` and `setpriv`. */
export async function startStunnel(t: Scope, { lines, env = {} }: StunnelOptions): Promise<Stunnel> {
  const account = stunnelAccount();
  const { folder, remove } = accountFolder(account);
  const closing = lastFirst(t);
  closing(remove);
  const config = join(folder, 'stunnel.conf');
  const { port, server } = await onFreePort(async (port) => {
    const given = await linesFor(lines, port);
    // It has its account from the start: a process that changes it by itself outlives the test that dies (prctl(2)).
    await writeFile(config, `${given.filter((line) => !/^set[ug]id/.test(line)).join('\n')}\n`);
    const argv = [pathOf('stunnel4'), config];
    return { port, server: await launch({ argv, account, cwd: folder, env, ready: READY, end: 'SIGTERM' }) };
  });
  closing(server.stop);
  return { port, ...server };
}

const READY = /Configuration successful/;
