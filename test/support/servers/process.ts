/**
 * A foreign server as a child of the test: on a free port of 127.0.0.1, in a folder of its own, as another user where it
 * must not be root. It is ended by its process id, and by the kernel when the test process dies.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from '../peers.ts';

/** A test, or whatever else can say when it is over. */
export interface Scope {
  after(close: () => void | Promise<void>): void;
}
export type Environment = Readonly<Record<string, string>>;

/** What to close after the test, the last first: a folder goes when the server in it has gone. */
export function lastFirst(t: Scope): (close: () => void | Promise<void>) => void {
  const closers: (() => void | Promise<void>)[] = [];
  t.after(async () => {
    for (const close of closers.reverse()) await close();
  });
  return (close) => closers.push(close);
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Root becomes this user; everybody else stays who they are (undefined). */
export function accountFor(user: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The words before a program that make it run as `account`. The process stays the same: setpriv does not fork. */
export function asAccount(account: Account | undefined): readonly string[] {
  if (account === undefined) return [];
  return [pathOf('setpriv'), `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'];
}

/** A temporary folder that belongs to `account`, with what takes it away again. */
export function accountFolder(account: Account | undefined): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'local-ca-server-'));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const sweeper = sweepAfterDeath(folder);
  const remove = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    sweeper.kill('SIGKILL');
  };
  return { folder, remove };
}

/** Where one server runs: its folder goes after the test, when all that was given to `closing` has ended. */
export interface Ground {
  readonly folder: string;
  readonly closing: (close: () => void | Promise<void>) => void;
}

export function groundFor(t: Scope, account?: Account): Ground {
  const { folder, remove } = accountFolder(account);
  const closing = lastFirst(t);
  closing(remove);
  return { folder, closing };
}

/** Removes the folder when this process dies: then its input ends. In a session of its own, so that Ctrl-C spares it. */
function sweepAfterDeath(folder: string): ChildProcess {
  const script = 'read -r _; sleep 1; rm -rf -- "$1"';
  const sweeper = spawn('/bin/sh', ['-c', script, 'sweeper', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  sweeper.unref();
  return sweeper;
}

export interface Launch {
  readonly argv: readonly string[];
  readonly account: Account | undefined;
  readonly cwd: string;
  readonly env: Environment;
  /** What it writes when it serves. */
  readonly ready: RegExp;
  /** The signal that ends it and its children quickly. */
  readonly end: 'SIGTERM' | 'SIGQUIT';
}

export interface ServerProcess {
  readonly pid: number;
  /** All that it wrote so far. */
  readonly log: () => string;
  /** Ends it and waits until its last child is gone. */
  readonly stop: () => Promise<void>;
}

/** Starts a server and waits until it serves. */
export async function launch({ argv, account, cwd, env, ready, end }: Launch): Promise<ServerProcess> {
  const [, ...identity] = asAccount(account);
  const dies = ['--pdeathsig', end.slice('SIG'.length), ...(account === undefined ? ['--'] : identity)];
  // Behind setpriv: what another clock's library makes must belong to the server's user (see faketime.ts).
  const surroundings = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const child = spawn(pathOf('setpriv'), [...dies, ...surroundings, ...argv], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  // Closed when nobody holds its output any more: when its children have ended too.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill(end);
    await atMost(10, child, closed);
  };
  const serves = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      log += chunk.toString();
      if (ready.test(log)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (status) => reject(new Error(`${argv.join(' ')}\nended with ${status}\n${log}`)));
  });
  await atMost(30, child, serves);
  return { pid: child.pid ?? 0, log: () => log, stop };
}

/** Ends a child the hard way that lets one wait for longer. */
async function atMost(seconds: number, child: ChildProcess, wait: Promise<void>): Promise<void> {
  const late = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  await wait.finally(() => clearTimeout(late));
}

/** Tries again when another program took the free port meanwhile. */
export const onFreePort = <T>(start: (port: number) => Promise<T>): Promise<T> =>
  onFreePorts(1, ([port = 0]) => start(port));

/** The same for a server with several ports. */
export async function onFreePorts<T>(
  count: number,
  start: (ports: readonly number[]) => Promise<T>,
  attempts = 3,
): Promise<T> {
  const ports = await freePorts(count);
  try {
    return await start(ports);
  } catch (error) {
    if (attempts > 1 && /address already in use/i.test(String(error))) return onFreePorts(count, start, attempts - 1);
    throw error;
  }
}

/** All are taken before the first is given back, so that none is there twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Waits for a server that says nothing when it listens, or says it too early. */
export async function untilListening(...ports: readonly number[]): Promise<void> {
  for (const port of ports) for (let attempt = 0; attempt < 200 && !(await listens(port)); attempt++) await sleep(25);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const heard = once(socket, 'connect').then(
    () => true,
    () => false,
  );
  return heard.finally(() => socket.destroy());
}

/** Lines of a server's configuration; some are known only when its port is, since a template writes it. */
export type Lines = readonly string[] | ((port: number) => readonly string[] | Promise<readonly string[]>);

export const linesFor = async (lines: Lines, port: number): Promise<readonly string[]> =>
  typeof lines === 'function' ? await lines(port) : lines;

/** A server that one configuration file says everything to. */
export interface Configured {
  /** The file's name in the server's folder, and its lines for a port. */
  readonly name: string;
  readonly text: (port: number) => Promise<readonly string[]>;
  /** Starts it with the file. */
  readonly argv: (config: string) => readonly string[];
  readonly account?: Account | undefined;
  readonly env: Environment;
  readonly ready: RegExp;
}

/** Starts it on a free port; it ends with the test. */
export async function startConfigured(
  { folder, closing }: Ground,
  { name, text, argv, account, env, ready }: Configured,
): Promise<ServerProcess & { readonly port: number }> {
  const config = join(folder, name);
  const started = await onFreePort(async (port) => {
    writeFileSync(config, [...(await text(port)), ''].join('\n'));
    return { port, ...(await launch({ argv: argv(config), account, cwd: folder, env, ready, end: 'SIGTERM' })) };
  });
  closing(started.stop);
  return started;
}

/** A folder for a server and its certificate files, which its account can enter; it goes after the test. */
export function serverFolder(t: Scope, account: Account | undefined): string {
  const { folder, remove } = accountFolder(account);
  t.after(remove);
  return folder;
}
