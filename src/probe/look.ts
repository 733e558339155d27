/**
 * Looks at a live server: the certificates that it serves, and how. It trusts nothing and asks for nothing: whatever is
 * wrong with what is served, it is there to be seen.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { LocalCaError } from '../errors.ts';
import { handshake, type Served } from './handshake.ts';
import { closed } from './read-bytes.ts';
import { reasonOf } from './reasons.ts';
import { startOf } from './starts.ts';
import type { Target } from './target.ts';

export interface LookOptions {
  /** For all of it, from the name's resolution to the end of the handshake. */
  readonly timeoutMs?: number;
  /** The name to ask for, where it is not the host's. */
  readonly servername?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Throws LOCAL_CA_CONNECT_FAILED, and LOCAL_CA_CANCELLED when the signal says so. */
export async function lookAt(target: Target, options: LookOptions = {}): Promise<Served> {
  const { timeoutMs = 10_000, signal } = options;
  if (signal?.aborted) throw cancelled(target);
  const socket = connect({ host: target.host, port: target.port });
  const tooLate = () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} seconds`));
  const stop = () => socket.destroy(cancelled(target));
  const timer = setTimeout(tooLate, timeoutMs);
  signal?.addEventListener('abort', stop);
  try {
    await Promise.race([prepare(socket, target), ending(socket)]);
    return await handshake(socket, options.servername ?? target.host, startOf(target.scheme)?.alpn);
  } catch (cause) {
    throw cause instanceof LocalCaError ? cause : unreachable(target, cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** Fails when the connection does, whoever is waiting for what. */
function ending(socket: Socket): Promise<never> {
  return new Promise((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(socket.errored ?? closed()));
  });
}

async function prepare(socket: Socket, { scheme }: Target): Promise<void> {
  await once(socket, 'connect');
  await startOf(scheme)?.start?.(socket);
  // Whoever sits between could have put them there, and they would count as the server's (CVE-2021-23222).
  if (socket.readableLength > 0) throw new Error('something was sent in the clear where TLS was to begin');
}

const cancelled = ({ host, port }: Target) =>
  new LocalCaError('LOCAL_CA_CANCELLED', `looking at ${host} port ${port} was cancelled`, 'Try again.');

const unreachable = ({ scheme, host, port }: Target, cause: unknown) =>
  new LocalCaError(
    'LOCAL_CA_CONNECT_FAILED',
    `cannot look at ${host} port ${port}: ${reasonOf(cause)}`,
    startOf(scheme)?.advice ?? '',
    { cause },
  );
