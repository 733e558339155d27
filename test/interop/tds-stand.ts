/** SQL Servers that show the certificates of one scene, and clients that visit them. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Coverage, startTdsServer, type TdsServer } from '../support/servers/tds.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { Changes, Client, Mode } from './tds-clients.ts';
import { type Shown, TdsScene } from './tds-scene.ts';

/** That of the documentation of SQL Server, TencentDB and cTDS. */
const QUERY = 'SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID';

/** What came of a visit. */
export interface Told {
  readonly row: string | undefined;
  readonly refusal: string | undefined;
  /** Of the login; undefined when the client did not come that far. */
  readonly coverage: Coverage | undefined;
}

interface Servers {
  /** Leaves encryption to its clients. */
  readonly open: TdsServer;
  /** Lets nobody in without. */
  readonly forcing: TdsServer;
  /** Has TLS 1.0. */
  readonly old: TdsServer;
}

export interface Wishes {
  /** Which server: `open` when not given. */
  readonly server?: keyof Servers;
  readonly expects?: string;
  readonly legacy?: boolean;
  readonly changes?: Changes;
  readonly query?: string;
}

/** With `login` the password is encrypted, and the query is not. */
export const accepted = (coverage: Coverage): Told => ({
  row: coverage === 'all' || coverage === 'strict' ? 'TRUE' : 'FALSE',
  refusal: undefined,
  coverage,
});

export function assertRefused(told: Told, words: RegExp | undefined, which: string): void {
  assert.match(told.refusal ?? 'accepted', words ?? /^never$/, which);
  assert.equal(told.coverage, undefined, `${which}: refused, but the server has the password`);
}

export class TdsStand {
  readonly scene: TdsScene;
  readonly servers: Servers;

  private constructor(scene: TdsScene, servers: Servers) {
    this.scene = scene;
    this.servers = servers;
  }

  static async make(t: TestContext): Promise<TdsStand> {
    const scene = await TdsScene.make(t, temporaryFolder(t));
    const right = scene.shown('right');
    return new TdsStand(scene, {
      open: await startTdsServer(t, { ...right, force: false }),
      forcing: await startTdsServer(t, right),
      old: await startTdsServer(t, { ...right, tls10: true }),
    });
  }

  /** `stranger` is the right certificate, seen by a client that trusts another CA. */
  async visit(client: Client, mode: Mode, seen: Shown | 'stranger', wishes: Wishes = {}): Promise<Told> {
    const { expects, legacy = false, changes = {}, query = QUERY } = wishes;
    const server = this.servers[wishes.server ?? 'open'];
    server.use(this.scene.shown(seen === 'stranger' ? 'right' : seen));
    const before = server.logins.length;
    const trusted = seen === 'stranger' ? seen : 'ours';
    const { scene } = this;
    const answer = await client.visit({ scene, port: server.port, mode, trusted, expects, legacy, changes, query });
    return { row: undefined, refusal: undefined, ...answer, coverage: server.logins[before]?.coverage };
  }
}
