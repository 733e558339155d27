/** Inventories of earlier versions, opened by this one. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'libsql';
import { migrationsFrom } from '../../src/store/migrations.ts';
import { createSqliteStore, openSqliteStore } from '../../src/store/sqlite.ts';
import { must } from '../support/peers.ts';
import { certificate } from './contract.ts';
import { modeOf, newFolder, script } from './script.ts';
import { makeVersion1 } from './version-1.ts';

function version1(count: number): string {
  const file = join(newFolder(), 'inventory.db');
  makeVersion1(file, count);
  return file;
}

function ask(file: string, sql: string): unknown[] {
  const database = new Database(file);
  const rows = database.prepare(sql).raw().all([]) as unknown[][];
  database.close();
  return rows.map((row) => (row.length === 1 ? row[0] : row));
}

const OPEN = `const store = openSqliteStore(args[0]); console.log((await store.certificates()).length); await store.close();`;
const opening = (file: string) => script({ openSqliteStore: 'store/sqlite.ts' }, OPEN, file);

describe('an inventory of version 1', () => {
  it('is brought up to date with all that is in it', async () => {
    const file = version1(6);
    const store = openSqliteStore(file);
    const [root, intermediate] = await store.authorities();
    const newFields = { crlUrls: [], ocspUrls: [], revocation: null };
    const createdAt = new Date('2026-11-22T00:00:00.123Z');
    assert.deepEqual(root, {
      ...{ id: 'ca01', role: 'root', name: 'Root', certificate: Uint8Array.of(0x30, 0), parentId: null },
      ...{ active: false, createdAt, keyId: 'ca01', ...newFields },
    });
    assert.deepEqual(intermediate, {
      ...{ id: 'ca02', role: 'intermediate', name: 'Int', certificate: Uint8Array.of(0x30, 1, 0), parentId: 'ca01' },
      ...{ active: true, createdAt, keyId: 'ca02', ...newFields },
    });
    const all = await store.certificates();
    assert.deepEqual(
      all.map(({ serial, state, keyId }) => [serial, state, keyId]),
      [
        ['00000000', 'superseded', null],
        ['00000001', 'valid', '00000001'],
        ['00000002', 'valid', null],
        ['00000003', 'superseded', '00000003'],
        ['00000004', 'valid', null],
        ['00000005', 'valid', '00000005'],
      ],
    );
    assert.deepEqual(all[0], {
      ...{
        serial: '00000000',
        label: 'h0',
        profile: 'server',
        template: 'nginx',
        names: ['h0', 'é'],
        subject: 'CN=h0',
      },
      ...{ keyType: 'p256', notBefore: createdAt, notAfter: new Date('2027-11-22T00:00:00.123Z') },
      ...{ fingerprintSha256: 'f0', certificate: new Uint8Array(600), issuerId: 'ca02', chain: [] },
      ...{ state: 'superseded', revocation: null, issuedAt: createdAt, keyId: null },
    });
    assert.equal((await store.audit(99)).length, 6);
    assert.deepEqual([await store.requests(), await store.placements(), await store.targets()], [[], [], []]);
    await store.addCertificates([certificate({ serial: 'ff', label: 'h1', issuerId: 'ca02' })]);
    assert.equal((await store.bySerial('00000001'))?.state, 'superseded');
    await store.close();
    assert.equal(modeOf(file), '600');
  });

  it('has the same tables afterwards as a new one', async () => {
    const [old, fresh] = [version1(1), join(newFolder(), 'inventory.db')];
    await openSqliteStore(old).close();
    await createSqliteStore(fresh).close();
    const tables = (file: string) => ask(file, 'SELECT sql FROM sqlite_schema ORDER BY name');
    assert.deepEqual(tables(old), tables(fresh));
    for (const pragma of ['user_version', 'journal_mode', 'integrity_check']) {
      assert.deepEqual(ask(old, `PRAGMA ${pragma}`), ask(fresh, `PRAGMA ${pragma}`));
    }
    assert.deepEqual(ask(old, 'PRAGMA foreign_key_check'), []);
  });

  it('is brought up to date once, by whichever of four processes comes first', async () => {
    const file = version1(2000);
    const counts = await Promise.all(Array.from({ length: 4 }, () => must(process.execPath, opening(file))));
    assert.deepEqual(
      counts.map((text) => text.trim()),
      ['2000', '2000', '2000', '2000'],
    );
    assert.deepEqual(ask(file, 'PRAGMA user_version'), [3]);
  });

  it('is of version 1 or 3 when the process is killed meanwhile, and opens', async () => {
    const file = version1(5000);
    const versions = new Set<unknown>();
    for (const delay of [0, 5, 20, 60]) {
      const body = `console.log('now'); ${OPEN}`;
      const child = spawn(process.execPath, script({ openSqliteStore: 'store/sqlite.ts' }, body, file));
      await once(child.stdout, 'data');
      await new Promise((done) => setTimeout(done, delay));
      child.kill('SIGKILL');
      await once(child, 'close');
      const [version] = ask(file, 'PRAGMA user_version');
      versions.add(version);
      assert.deepEqual(ask(file, `SELECT count(*) FROM certificates`), [5000]);
      assert.deepEqual(ask(file, `SELECT count(*) FROM sqlite_schema WHERE name = 'targets'`), [version === 3 ? 1 : 0]);
    }
    assert.ok(
      [...versions].every((version) => version === 1 || version === 3),
      [...versions].join(),
    );
    assert.equal((await must(process.execPath, opening(file))).trim(), '5000');
  });
});

describe('an inventory of version 2', () => {
  it('keeps its deployments and placements', async () => {
    const file = version1(1);
    const [target, placement] = [
      `'0d01', 'h0', '/etc/h0', 'nginx', NULL, NULL, NULL, '["reload"]', 60, NULL, NULL, 'https://h0:443', 0, 'enabled',
       'enabled', '00000000', 'c0', NULL, 0, NULL, '2026-11-22T00:00:00.123Z'`,
      `'h0', '00000000', 'nginx', '/h0', NULL, NULL, NULL, NULL, 0, 1, '[]', '2026-11-22T00:00:00.123Z', '[]'`,
    ];
    const database = new Database(file);
    database.exec(
      `${migrationsFrom(1, 2)} INSERT INTO targets VALUES (${target}); INSERT INTO placements VALUES (${placement})`,
    );
    database.close();
    const store = openSqliteStore(file);
    const [found] = await store.targets();
    assert.deepEqual(
      [found?.id, found?.hook, found?.contents, found?.probe, found?.probeName, found?.rights, found?.settings],
      ['0d01', ['reload'], 'c0', 'https://h0:443', null, [], {}],
    );
    const [placed] = await store.placements();
    assert.deepEqual([placed?.folder, placed?.withKey, placed?.settings], ['/h0', true, {}]);
    await store.close();
    assert.deepEqual(ask(file, 'PRAGMA user_version'), [3]);
  });
});
