/** A CA with a client and a stranger, and curl, which verifies: for servers that speak HTTPS, or stand before one that speaks HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run } from '../support/peers.ts';
import { type Rendered, type RenderingCa, withClients } from '../support/rendered.ts';
import { type Account, type Lines, lastFirst, type Scope, serverFolder } from '../support/servers/process.ts';

/** What the templates call a client's files. */
export interface ClientNames {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

export interface SceneWishes {
  readonly names?: ClientNames;
  /** Who reads the clients' files, where it is not curl alone. */
  readonly account?: Account | undefined;
}

export interface Visit {
  /** Who is asked for; whatever it is, 127.0.0.1 answers. */
  readonly host?: string;
  /** A file. */
  readonly ca?: string;
  readonly client?: Rendered;
  readonly path?: string;
  readonly flags?: readonly string[];
}

/** With TLS 1.3, a client that is refused has finished its handshake, and may see the end of the connection before the reason. */
export const TELLS_WHY = ['--tls-max', '1.2'];
/** As programs of twenty years ago spoke. */
export const OLD = ['--tlsv1.0', '--tls-max', '1.0', '--ciphers', 'DEFAULT@SECLEVEL=0'];
export const SERVED = 'served';

export class WebScene {
  readonly ca: RenderingCa;
  readonly alice: Rendered;
  readonly stranger: Rendered;
  readonly #template: string;
  readonly #names: ClientNames;

  private constructor(template: string, names: ClientNames, ca: RenderingCa, clients: readonly [Rendered, Rendered]) {
    this.#template = template;
    this.#names = names;
    this.ca = ca;
    [this.alice, this.stranger] = clients;
  }

  static async make(folder: string, template: string, wishes: SceneWishes = {}): Promise<WebScene> {
    const { names = usualNames('alice'), account } = wishes;
    const wish = { template, account, profile: 'client', names: ['alice'] };
    const { ca, alice, stranger } = await withClients(join(folder, 'alice'), join(folder, 'stranger'), wish);
    return new WebScene(template, names, ca, [alice, stranger]);
  }

  /** Another client, of the same name, whom the lists in `crl` name. */
  async revoked(folder: string, crl: string, account?: Account): Promise<Rendered> {
    const wish = { template: this.#template, account, profile: 'client', names: ['alice'] };
    const gone = await this.ca.issue(folder, wish);
    await this.ca.revoke('alice');
    await this.ca.writeLists(crl);
    return gone;
  }

  /** What the server answered, or why curl has no answer. */
  async visit(port: number, wishes: Visit = {}): Promise<string> {
    const { host = 'localhost', ca = this.alice.path(this.#names.ca), client, path = '/', flags = [] } = wishes;
    const { certificate, key } = this.#names;
    const identity = client === undefined ? [] : ['--cert', client.path(certificate), '--key', client.path(key)];
    const to = ['--resolve', `${host}:${port}:127.0.0.1`, `https://${host}:${port}${path}`];
    const { status, stdout, stderr } = await run('curl', ['-qsS', '--cacert', ca, ...identity, ...flags, ...to]);
    return status === 0 ? stdout.trim() : stderr.trim();
  }

  /** It is believed under its names by those who trust its CA, and under no other and by nobody else. */
  async assertVerified(port: number, wishes: Visit = {}, answer: string | RegExp = SERVED): Promise<void> {
    const visit = (more: Visit) => this.visit(port, { ...wishes, ...more });
    const wanted = typeof answer === 'string' ? new RegExp(`^${answer}$`) : answer;
    assert.match(await visit({}), wanted);
    assert.match(await visit({ host: '127.0.0.1' }), wanted);
    assert.match(
      await visit({ host: 'other.test' }),
      /no alternative certificate subject name matches .*'other\.test'/,
    );
    assert.match(await visit({ ca: this.stranger.path(this.#names.ca) }), /SSL certificate problem: .*certificate/);
  }

  /** The lines of a snippet for each port, from a server's bundle in the folder. */
  linesFrom(folder: string, snippet: string, settings: Readonly<Record<string, string>>): Lines {
    return async (port) => {
      const wish = { template: this.#template, settings: { ...settings, port: String(port) } };
      return (await this.ca.issue(folder, wish)).lines(snippet);
    };
  }

  /** A server with `mutual` and `crl` lets alice in, and not whom the list names. */
  async assertRevoked(port: number, gone: Rendered): Promise<void> {
    await this.assertVerified(port, { client: this.alice });
    await this.assertMutual(port, ALERTS);
    assert.match(await this.visit(port, { client: gone, flags: TELLS_WHY }), /alert certificate revoked/);
  }

  /** A server with `legacy` speaks TLS 1.0, and what came later. */
  async assertLegacy(port: number): Promise<void> {
    assert.equal(await this.visit(port, { flags: OLD }), SERVED);
    await this.assertVerified(port);
  }

  /** It lets alice in, and neither those without a certificate nor those who have one of another CA. */
  async assertMutual(port: number, refusals: Refusals, wishes: Visit = {}, answer = SERVED): Promise<void> {
    const visit = (more: Visit) => this.visit(port, { ...wishes, ...more });
    assert.equal(await visit({ client: this.alice }), answer);
    assert.match(await visit({ flags: TELLS_WHY }), refusals.none);
    assert.match(await visit({ client: this.stranger, flags: TELLS_WHY }), refusals.stranger);
    assert.notEqual(await visit({}), answer, 'with TLS 1.3 too');
  }
}

export interface Refusals {
  readonly none: RegExp;
  readonly stranger: RegExp;
}

/** Of servers that end the handshake: with OpenSSL, and written in Go. */
export const ALERTS = { none: /alert handshake failure/, stranger: /alert unknown ca/ };
export const GO_ALERTS = { none: /alert bad certificate/, stranger: /alert (bad certificate|unknown ca)/ };

const usualNames = (label: string): ClientNames => ({
  certificate: `${label}.crt.pem`,
  key: `${label}.key.pem`,
  ca: 'ca.pem',
});

/** A folder with a page that any account can read. */
export function pageFolder(t: Scope): string {
  const folder = serverFolder(t, undefined);
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'index.html'), `${SERVED}\n`);
  return folder;
}

/** A server without TLS, for those that stand before one: `127.0.0.1:PORT`. */
export async function plainBackend(t: Scope): Promise<string> {
  const server = createServer((_request, response) => response.end(`${SERVED}\n`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  lastFirst(t)(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
