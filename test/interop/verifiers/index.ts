/** Every foreign verifier that a certificate of ours is held against. */
import { gnutls, nss, openssl } from './command-line.ts';
import { curl, node } from './handshakes.ts';
import type { Verifier } from './verifier.ts';
import { workerVerifiers } from './workers.ts';

export const VERIFIERS: readonly Verifier[] = [openssl, gnutls, nss, ...workerVerifiers, node, curl];
