/** Clients of SQL Server against a small one that shows our certificates: each mode, and all that is to be refused. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { needs } from '../support/peers.ts';
import type { Coverage } from '../support/servers/tds.ts';
import { CLIENTS, type Client, closeClients, type Mode, type Wrong } from './tds-clients.ts';
import { SECOND_NAME } from './tds-scene.ts';
import { accepted, assertRefused, TdsStand } from './tds-stand.ts';

after(closeClients);

const WRONGS: readonly Wrong[] = ['stranger', 'elsewhere', 'expired', 'revoked'];

async function tryMode(stand: TdsStand, client: Client, mode: Mode, coverage: Coverage): Promise<void> {
  assert.deepEqual(await stand.visit(client, mode, 'right'), accepted(coverage), mode);
  for (const wrong of WRONGS) {
    const words = client.verifies.includes(mode) ? client.refuses[wrong] : undefined;
    const told = await stand.visit(client, mode, wrong);
    if (words === undefined) assert.deepEqual(told, accepted(coverage), `${mode}, ${wrong}`);
    else assertRefused(told, words, `${mode}, ${wrong}`);
  }
  const forced = await stand.visit(client, mode, 'right', { server: 'forcing' });
  if (coverage === 'none') assertRefused(forced, client.insisted, `${mode}, forced`);
  else assert.deepEqual(forced, accepted(coverage === 'strict' ? coverage : 'all'), `${mode}, forced`);
}

/** The name that it looks for can be another than the one that it connects to. */
async function tryNames(stand: TdsStand, client: Client): Promise<void> {
  assert.deepEqual(await stand.visit(client, 'require', 'right', { expects: SECOND_NAME }), accepted('all'));
  const third = await stand.visit(client, 'require', 'right', { expects: 'third.example.test' });
  if (client.takesHostName) assert.deepEqual(third, accepted('all'));
  else assertRefused(third, client.refuses.elsewhere, 'third.example.test');
  const wildcard = await stand.visit(client, 'require', 'wildcard', { expects: SECOND_NAME });
  if (client.takesWildcards) assert.deepEqual(wildcard, accepted('all'));
  else assertRefused(wildcard, client.refuses.elsewhere, '*.example.test');
}

test('clients of SQL Server', async (t) => {
  if (!needs(t, 'faketime')) return;
  const stand = await TdsStand.make(t);
  for (const client of CLIENTS) {
    await t.test(client.name, async (t) => {
      if (!needs(t, ...client.programs)) return;
      const covers = Object.entries(client.covers) as [Mode, Coverage][];
      for (const [mode, coverage] of covers) await tryMode(stand, client, mode, coverage);
      await tryNames(stand, client);
    });
  }
});
