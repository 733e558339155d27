/** What the lines of freetds.conf do, each taken away or changed; and trustServerCertificate. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { encodePem } from '../../src/formats/pem.ts';
import { needs } from '../support/peers.ts';
import { type Changes, CREDULOUS, closeClients, FREETDS, ODBC, type Wrong } from './tds-clients.ts';
import { ADDRESS, SECOND_NAME } from './tds-scene.ts';
import { accepted, assertRefused, TdsStand, type Wishes } from './tds-stand.ts';

after(closeClients);

const { tsql, ctds } = FREETDS;
const PROGRAMS = [...tsql.programs, ...ctds.programs];
const TDS_7_1 = 0x71_00_00_01;
const TDS_7_4 = 0x74_00_00_04;

/** By what each certificate is taken that was refused. */
const LENIENT: readonly (readonly [Wrong, Changes])[] = [
  ['stranger', { 'ca file': undefined }],
  ['elsewhere', { 'ca file': undefined }],
  ['expired', { 'ca file': undefined }],
  ['revoked', { 'ca file': undefined }],
  ['elsewhere', { 'check certificate hostname': 'no' }],
  ['revoked', { 'crl file': undefined }],
];

test('settings', async (t) => {
  if (!needs(t, 'faketime')) return;
  const stand = await TdsStand.make(t);
  const { scene, servers } = stand;

  for (const client of [tsql, ctds]) {
    await t.test(`lines of freetds.conf, for ${client.name}`, async (t) => {
      if (!needs(t, ...client.programs)) return;
      for (const [wrong, changes] of LENIENT) {
        const told = await stand.visit(client, 'require', wrong, { changes });
        assert.deepEqual(told, accepted('all'), `${wrong} ${JSON.stringify(changes)}`);
      }
      const noNames = { changes: { 'check certificate hostname': 'no' } };
      assertRefused(await stand.visit(client, 'require', 'stranger', noNames), client.refuses.stranger, 'no names');
      const query =
        'SELECT encrypt_option, protocol_type, auth_scheme FROM sys.dm_exec_connections WHERE session_id = @@SPID';
      assert.equal((await stand.visit(client, 'require', 'right', { query })).row, 'TRUE TSQL SQL');
    });
  }

  await t.test('a list for each CA, to OpenSSL only', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const list = scene.at('intermediate.crl.pem');
    writeFileSync(list, encodePem('X509 CRL', readFileSync(scene.at('ca.crl'))));
    const partial: Wishes = { changes: { 'crl file': list } };
    assert.deepEqual(await stand.visit(tsql, 'require', 'right', partial), accepted('all'));
    assertRefused(await stand.visit(tsql, 'require', 'revoked', partial), tsql.refuses.revoked, 'partial');
    assertRefused(await stand.visit(ctds, 'require', 'right', partial), ctds.refuses.revoked, 'partial');
  });

  await t.test('strict', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    assertRefused(await stand.visit(tsql, 'strict', 'right'), /Error 20214.*Local configuration error/s, 'strict');
    assert.deepEqual(await stand.visit(ctds, 'strict', 'right'), accepted('strict'));
    // It trusts what the system trusts then, and not everybody.
    const without = { changes: { 'ca file': undefined, 'crl file': undefined } };
    assertRefused(await stand.visit(ctds, 'strict', 'right', without), ctds.refuses.stranger, 'system');
  });

  await t.test('tds version, which cTDS does not read', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    for (const [client, version] of [
      [tsql, TDS_7_1],
      [ctds, TDS_7_4],
    ] as const) {
      const older = { changes: { 'tds version': '7.1' } };
      assert.deepEqual(await stand.visit(client, 'require', 'right', older), accepted('all'));
      assert.equal(servers.open.logins.at(-1)?.version, version);
    }
  });

  await t.test('TLS 1.0', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const old = { server: 'old' } as const;
    for (const client of [tsql, ctds]) {
      const see = (wishes: Wishes, seen: 'right' | 'stranger' = 'right') =>
        stand.visit(client, 'require', seen, { ...old, ...wishes });
      assert.deepEqual(await see({ legacy: true }), accepted('all'), client.name);
      assert.equal(servers.old.logins.at(-1)?.protocol, 'TLSv1');
      assertRefused(await see({ legacy: true }, 'stranger'), client.refuses.stranger, client.name);
      assertRefused(await see({ changes: { 'enable tls v1': 'no' } }), client.insisted, client.name);
    }
    // FreeTDS 1.3 speaks it when nobody forbids it.
    const silent = { ...old, changes: { 'enable tls v1': undefined } };
    assert.deepEqual(await stand.visit(tsql, 'require', 'right', silent), accepted('all'));
    assertRefused(await stand.visit(ctds, 'require', 'right', silent), ctds.insisted, 'silent');
  });

  await t.test('an IP address, which ODBC does not find', async (t) => {
    if (!needs(t, ...ODBC.programs)) return;
    const changes = { host: ADDRESS };
    for (const mode of ['require', 'strict'] as const) {
      const told = await stand.visit(ODBC, mode, 'address', { changes });
      assertRefused(told, ODBC.refuses.elsewhere, mode);
      const named = await stand.visit(ODBC, mode, 'address', { changes, expects: SECOND_NAME });
      assert.deepEqual(named, accepted(mode === 'strict' ? mode : 'all'));
    }
  });

  await t.test('ServerCertificate, in strict mode only', async (t) => {
    if (!needs(t, ...ODBC.programs)) return;
    const given = (file: string): Wishes => ({ changes: { ServerCertificate: scene.at(file) } });
    const own = given('right/right.crt.pem');
    assert.deepEqual(await stand.visit(ODBC, 'strict', 'stranger', own), accepted('strict'));
    const other = await stand.visit(ODBC, 'strict', 'right', given('elsewhere/elsewhere.crt.pem'));
    assertRefused(other, /Provided certificate doesn't match/, 'of another server');
    const old = await stand.visit(ODBC, 'strict', 'expired', given('expired/localhost.crt.pem'));
    assertRefused(old, /certificate is either expired or not valid/, 'its own, which has ended');
    assertRefused(await stand.visit(ODBC, 'require', 'stranger', own), ODBC.refuses.stranger, 'require');
  });

  for (const client of CREDULOUS) {
    await t.test(`trustServerCertificate of ${client.name}`, async (t) => {
      if (!needs(t, ...client.programs)) return;
      const trusting = { changes: { trustServerCertificate: 'true' } };
      for (const wrong of ['stranger', 'elsewhere', 'expired'] as const) {
        assert.deepEqual(await stand.visit(client, 'require', wrong, trusting), accepted('all'), wrong);
        assertRefused(await stand.visit(client, 'strict', wrong, trusting), client.refuses[wrong], wrong);
      }
    });
  }
});
