/** stunnel from Debian: its configuration file says everything, also whether it is a tunnel's server or its client. */
import { pathOf } from '../peers.ts';
import {
  type Account,
  accountFor,
  type Environment,
  groundFor,
  type Lines,
  linesFor,
  type Scope,
  startConfigured,
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
  return startConfigured(groundFor(t, account), {
    name: 'stunnel.conf',
    // It has its account from the start: a process that changes it by itself outlives the test that dies (prctl(2)).
    text: async (port) => (await linesFor(lines, port)).filter((line) => !/^set[ug]id/.test(line)),
    argv: (config) => [pathOf('stunnel4'), config],
    account,
    env,
    ready: READY,
  });
}

const READY = /Configuration successful/;
