/** Whether a server serves the certificate that it was given: asked of its port, again and again for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from '../core/attempt.ts';
import { fingerprintSha256, parseCertificate } from '../core/parse.ts';
import { isoTime } from '../core/time.ts';
import { LocalCaError } from '../errors.ts';
import { lookAt } from '../probe/look.ts';
import type { Target } from '../probe/target.ts';

export interface WaitOptions {
  /** How long to go on asking. It is asked once at least. */
  readonly timeoutMs: number;
  /** Milliseconds between the first two questions; the pauses grow while the answer is wrong. */
  readonly every?: number;
  /** The name to ask for, where it is not the host's. */
  readonly servername?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Answer = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** For one look; a server that is starting up may accept a connection and say nothing for a long time. */
const ONE_LOOK_MS = 5000;

/**
 * MySQL takes each look for a broken connection, and after 100 in a row (`max_connect_errors`) it lets this host in no more:
 * half a minute has to do with a dozen.
 */
const GROWTH = 1.5;
const LONGEST_PAUSE_MS = 5000;

/** While old processes of a server are at their end, an answer may come from them or from the new ones. */
const GOOD_LOOKS = 2;

/** Waits until the port serves exactly this leaf, twice in a row. Throws LOCAL_CA_CANCELLED alone: the rest is the answer. */
export async function waitUntilServed(target: Target, fingerprint: string, options: WaitOptions): Promise<Answer> {
  const { timeoutMs, every = 500, signal, servername } = options;
  const end = performance.now() + timeoutMs;
  for (let good = 0, pause = every; ; ) {
    const left = Math.max(end - performance.now(), 1000);
    const why = await complaint(target, fingerprint, {
      timeoutMs: Math.round(Math.min(left, ONE_LOOK_MS)),
      servername,
      signal,
    });
    good = why === undefined ? good + 1 : 0;
    if (good === GOOD_LOOKS) return { ok: true };
    if (why !== undefined && performance.now() + pause >= end) return { ok: false, why };
    // When it is cancelled, the next look says so.
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    pause = why === undefined ? every : Math.min(pause * GROWTH, LONGEST_PAUSE_MS);
  }
}

/** What it serves at this moment, for a person to read. */
export const servedNow = async (target: Target, fingerprint: string, servername?: string): Promise<string> =>
  (await complaint(target, fingerprint, { timeoutMs: ONE_LOOK_MS, servername })) ??
  `${target.host} port ${target.port} serves this certificate`;

async function complaint(target: Target, wanted: string, options: Parameters<typeof lookAt>[1]) {
  try {
    const { chain } = await lookAt(target, options);
    const leaf = chain[0] ?? new Uint8Array();
    return fingerprintSha256(leaf) === wanted ? undefined : stillServed(target, leaf);
  } catch (error) {
    if (error instanceof LocalCaError && error.code === 'LOCAL_CA_CONNECT_FAILED') return error.message;
    throw error;
  }
}

function stillServed({ host, port }: Target, leaf: Uint8Array): string {
  const other = attempt(() => parseCertificate(leaf));
  const which = other === undefined ? '' : ` with serial ${other.serial}, valid until ${isoTime(other.notAfter)}`;
  return `${host} port ${port} serves another certificate${which}`;
}
