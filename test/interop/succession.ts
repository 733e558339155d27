/** Servers and clients of a CA that is renewed or replaced: each has the files of some day, as folders. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CliOptions, localCaJson } from '../support/cli.ts';
import { needs } from '../support/peers.ts';
import { VERIFIERS } from './verifiers/index.ts';
import type { Case, Verifier } from './verifiers/verifier.ts';

export const HOST = 'db.example.test';
const PASSWORD = 'changeit';
const FORMATS = ['--format', 'pem,p12,jks', '--password', PASSWORD];

/** A home, a server's folder and a client's, which the commands keep up to date. */
export class Succession {
  readonly #folder: string;
  readonly keyType: string;

  constructor(folder: string, keyType = 'p256') {
    this.#folder = folder;
    this.keyType = keyType;
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  run<T = unknown>(args: readonly string[], options: Partial<CliOptions> = {}): Promise<T> {
    return localCaJson<T>(args, { home: this.at('home'), cwd: this.#folder, ...options });
  }

  async begin(...init: readonly string[]): Promise<void> {
    await this.run(['init', '--yes', ...init]);
    await this.issue('server');
    await this.run(['export', '--ca', '--out', this.at('client'), ...FORMATS]);
  }

  issue(label: string): Promise<unknown> {
    return this.run(['issue', HOST, '--label', label, '--out', this.at(label), '--key-type', this.keyType, ...FORMATS]);
  }

  renewAuthority(args: readonly string[] = []): Promise<unknown> {
    return this.run(['renew', '--ca', ...args, '--password', PASSWORD]);
  }

  renew(...args: readonly string[]): Promise<unknown> {
    return this.run(['renew', 'server', '--password', PASSWORD, ...args]);
  }

  /** Trust files as `export --ca` makes them now. */
  async exportTo(name: string): Promise<void> {
    await this.run(['export', '--ca', '--out', this.at(name), ...FORMATS]);
  }

  /** The files as they are now, in a folder that nothing changes any more. */
  keep(name: string, as: string): void {
    cpSync(this.at(name), this.at(as), { recursive: true });
  }

  /** A server with the files of one folder, and a client with those of another. */
  meeting(server: string, client: string, label = 'server'): Case {
    const store = (type: string) => ({
      keys: join(this.at(server), `${label}.${type}`),
      trust: join(this.at(client), `ca.${type}`),
    });
    return {
      keyType: this.keyType,
      host: HOST,
      chain: join(this.at(server), `${label}.chain.pem`),
      key: join(this.at(server), `${label}.key.pem`),
      ca: join(this.at(client), 'ca.pem'),
      stores: { jks: store('jks'), p12: store('p12') },
      password: PASSWORD,
    };
  }
}

export interface Meeting {
  readonly title: string;
  readonly server: string;
  readonly client: string;
  readonly accepted: boolean;
  /** Verifiers, by the start of their names, whose verdict is the other. */
  readonly but?: readonly string[];
}

/** A test for each verifier that knows the key type. */
export function testMeeting(succession: Succession, { title, server, client, accepted, but = [] }: Meeting): void {
  for (const verifier of VERIFIERS.filter((one) => one.supports(succession.keyType))) {
    const expected = but.some((name) => verifier.name.startsWith(name)) ? !accepted : accepted;
    test(`${title}: ${expected ? 'accepted' : 'refused'} by ${verifier.name}`, async (t) => {
      if (!needs(t, ...verifier.programs)) return;
      await assertVerdict(verifier, succession.meeting(server, client), expected);
    });
  }
}

async function assertVerdict(verifier: Verifier, one: Case, expected: boolean): Promise<void> {
  const { accepted, output } = await verifier.verify(one);
  assert.equal(accepted, expected, `${verifier.name}: ${output}`);
}
