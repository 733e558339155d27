/**
 * Looks at a live server: the certificates that it serves, and how. It trusts nothing and asks for nothing: whatever is
 * wrong with what is served, it is there to be seen.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LocalCaError } from '../errors.ts';
import { Clear, Closed, isClosed } from './clear.ts';
import { BrokenOff, handshake, type Served } from './handshake.ts';
import { checkIdentity, type Identity } from './identity.ts';
import { isUnknownName, reasonOf } from './reasons.ts';
import type { Way } from './start.ts';
import { startOf } from './starts.ts';
import type { Target } from './target.ts';

export type { Identity, Served };

export interface LookOptions {
  /** For all of it, from the name's resolution to the end of the handshake. */
  readonly timeoutMs?: number;
  /** The name to ask for, where it is not the host's. */
  readonly servername?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Shown when the server asks for a client certificate. */
  readonly identity?: Identity | undefined;
}

/**
 * Throws LOCAL_CA_CONNECT_FAILED, and LOCAL_CA_CANCELLED when the signal says so; LOCAL_CA_KEY_MISMATCH and
 * LOCAL_CA_OPTION_INVALID for an identity that cannot be shown.
 */
export async function lookAt(target: Target, options: LookOptions = {}): Promise<Served> {
  const { timeoutMs = 10_000, signal, identity } = options;
  if (signal?.aborted) throw cancelled(target);
  if (identity !== undefined) checkIdentity(identity);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new Error(`no answer within ${timeoutMs / 1000} seconds`)), timeoutMs);
  const cancel = () => ending.abort(cancelled(target));
  signal?.addEventListener('abort', cancel);
  try {
    return await anyWay(startOf(target)?.ways ?? [], (way) => lookOnce(target, way, options, ending.signal));
  } catch (cause) {
    throw cause instanceof LocalCaError ? cause : unreachable(target, cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** The next way is tried when the server closes the connection on the words of the one before. */
async function anyWay([way, ...others]: readonly Way[], look: (way: Way) => Promise<Served>): Promise<Served> {
  if (way === undefined) throw new Error('it is not known how TLS begins there');
  try {
    return await look(way);
  } catch (cause) {
    if (others.length === 0 || !isClosed(cause)) throw cause;
    return await anyWay(others, look).catch((other: unknown) => {
      throw other instanceof LocalCaError ? other : new Error(`${tried(way, cause)}; ${tried(others[0], other)}`);
    });
  }
}

const tried = (way: Way | undefined, cause: unknown) => `${reasonOf(cause)} (${way?.way})`;

async function lookOnce(target: Target, way: Way, options: LookOptions, ending: AbortSignal): Promise<Served> {
  ending.throwIfAborted();
  const name = options.servername ?? target.host;
  const socket = connect({ host: target.host, port: target.port });
  const stop = () => socket.destroy(ending.reason);
  ending.addEventListener('abort', stop);
  try {
    const transport = await Promise.race([begin(socket, way, name), failure(socket)]);
    return await handshake(transport, { ...way, name, identity: options.identity });
  } finally {
    ending.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** Fails when the connection does, whoever is waiting for what. */
function failure(socket: Socket): Promise<never> {
  return new Promise((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(socket.errored ?? new Closed()));
  });
}

async function begin(socket: Socket, way: Way, name: string): Promise<Duplex> {
  await once(socket, 'connect');
  await way.begin?.(new Clear(socket), name);
  // Whoever sits between could have put them there, and they would count as the server's (CVE-2021-23222).
  if (socket.readableLength > 0) throw new Error('something was sent in the clear where TLS was to begin');
  return way.inside?.(socket) ?? socket;
}

const cancelled = ({ host, port }: Target) =>
  new LocalCaError('LOCAL_CA_CANCELLED', `looking at ${host} port ${port} was cancelled`, 'Try again.');

const unreachable = (target: Target, cause: unknown) =>
  new LocalCaError(
    'LOCAL_CA_CONNECT_FAILED',
    `cannot look at ${target.host} port ${target.port}: ${reasonOf(cause)}`,
    hintFor(target, cause),
    { cause },
  );

/** Where there is no host, nothing can be said of its server. */
function hintFor(target: Target, cause: unknown): string {
  if (cause instanceof BrokenOff) return BROKEN_OFF;
  return isUnknownName(cause) ? NO_SUCH_NAME : (startOf(target)?.advice ?? '');
}

const NO_SUCH_NAME = 'Check the name, or connect by an address and give the name with --host.';

const BROKEN_OFF =
  "Try again, and look into the server's log. What stands before the server may have lost its connection to it.";
