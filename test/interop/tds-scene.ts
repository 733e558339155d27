/** A CA for SQL Servers, made with the command line: what its servers show, and what their clients are given. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import type { Scope } from '../support/servers/process.ts';

/** What servers show. */
export type Shown = 'right' | 'elsewhere' | 'expired' | 'revoked' | 'wildcard' | 'address';
/** Whose certificates clients trust. */
export type Trusted = 'ours' | 'stranger';

/** Files for clients: the CA certificates, and the revocation lists of root and intermediate. */
interface Trust {
  readonly pem: string;
  readonly jks: string;
  readonly p12: string;
  readonly lists: string;
}

/** The labels of both CAs' certificates for `localhost`, which name the bundles' folders. */
export const LABELS: Readonly<Record<Trusted, string>> = { ours: 'right', stranger: 'localhost' };
/** The trust stores' password in TencentDB's zip. */
export const TRUST_PASSWORD = 'tencentdb';
/** In the certificates beside `localhost`. */
export const SECOND_NAME = 'db.example.test';
/** Of the servers; in the certificate `address`. */
export const ADDRESS = '127.0.0.1';

const NAMES = ['localhost', SECOND_NAME];
const TEMPLATE = ['--template', 'tencentdb-sqlserver'];

export class TdsScene {
  readonly #folder: string;
  readonly #configurations = new Map<string, Promise<unknown>>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** `scope` ends the server of the list in DER, for clients that look where the certificate says. */
  static async make(scope: Scope, folder: string): Promise<TdsScene> {
    const scene = new TdsScene(folder);
    const url = await serveFile(scope, scene.at('ca.crl'));
    await Promise.all([scene.#makeOurs(url), scene.#makeStranger()]);
    return scene;
  }

  async #makeOurs(url: string): Promise<void> {
    const run = (args: readonly string[], env = {}) => this.#run('ours', args, env);
    // The first certificate ended a month ago.
    await run(['init', ...NAMES, ...TEMPLATE, '--intermediate', '--out', 'expired'], atDate(-400).env);
    const servers = [
      { label: 'right', names: NAMES },
      { label: 'elsewhere', names: ['other.example.test'] },
      { label: 'revoked', names: NAMES },
      { label: 'wildcard', names: ['*.example.test'] },
      { label: 'address', names: [ADDRESS, SECOND_NAME] },
    ];
    writeFileSync(this.at('servers.json'), JSON.stringify(servers));
    await run(['issue', '--from', 'servers.json', '--crl-url', url, ...TEMPLATE, '--out', '.']);
    await run(['revoke', 'revoked']);
    await run(['crl', '--for', 'intermediate', '--format', 'der', '--out', 'ca.crl']);
    await this.#giveOut('ours');
  }

  async #makeStranger(): Promise<void> {
    await this.#run('stranger', ['init', ...NAMES, ...TEMPLATE, '--intermediate']);
    await this.#giveOut('stranger');
  }

  async #giveOut(whose: Trusted): Promise<void> {
    await this.#run(whose, ['crl', '--out', this.trust(whose).lists]);
    const store = ['--format', 'p12', '--password', TRUST_PASSWORD, '--out', `${whose}-p12`];
    await this.#run(whose, ['export', '--ca', ...store]);
  }

  #run(whose: Trusted, args: readonly string[], env = {}): Promise<unknown> {
    return localCaJson([...args, '--yes'], { home: this.at(`${whose}-home`), cwd: this.#folder, env });
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  /** What a server is given. */
  shown(what: Shown): { key: Buffer; cert: Buffer } {
    const label = what === 'expired' ? 'localhost' : what;
    const read = (kind: string) => readFileSync(this.at(join(what, `${label}.${kind}.pem`)));
    return { key: read('key'), cert: read('crt') };
  }

  trust(whose: Trusted): Trust {
    const bundle = this.at(LABELS[whose]);
    return {
      pem: join(bundle, 'ca.pem'),
      jks: join(bundle, 'ca.jks'),
      p12: this.at(`${whose}-p12/ca.p12`),
      lists: this.at(`${whose}.crl.pem`),
    };
  }

  /** The folder with what the template `freetds` makes, for the server of `localhost` on this port. */
  async freetds(whose: Trusted, port: number, flags: readonly string[]): Promise<string> {
    const name = ['freetds', whose, port, ...flags].join('-');
    const folder = this.at(name);
    const place = ['--set', `port=${port}`, '--set', `dir=${folder}`, '--out', folder];
    const made =
      this.#configurations.get(name) ??
      this.#run(whose, ['export', LABELS[whose], '--template', 'freetds', ...place, ...flags]);
    this.#configurations.set(name, made);
    await made;
    return folder;
  }
}

async function serveFile(scope: Scope, file: string): Promise<string> {
  const server = createServer((_, response) => response.end(readFileSync(file)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/ca.crl`;
}
