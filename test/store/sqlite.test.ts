import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'libsql';
import { createSqliteStore, openSqliteStore } from '../../src/store/sqlite.ts';
import { must } from '../support/peers.ts';
import { at, authority, certificate, created, storeContract } from './contract.ts';
import { modeOf, newFolder, script } from './script.ts';

const newFile = () => join(newFolder(), 'inventory.db');

storeContract('sqliteStore', async () => createSqliteStore(newFile()));

/** A file with one authority and the given number of certificates, closed again. */
async function filled(count: number): Promise<string> {
  const file = newFile();
  const store = createSqliteStore(file);
  await store.addAuthorities([authority()], created);
  await store.addCertificates(Array.from({ length: count }, (_, i) => numbered(i)));
  await store.close();
  return file;
}

const numbered = (i: number) => certificate({ serial: i.toString(16).padStart(8, '0'), label: `host${i}` });

/** Asks the file directly. */
function sqlite(file: string, sql: string): string {
  const database = new Database(file);
  const answer = JSON.stringify(database.prepare(sql).all([]));
  database.close();
  return answer;
}

describe('the inventory file', () => {
  it('keeps everything when it is opened again', async () => {
    const file = await filled(3);
    const store = openSqliteStore(file);
    assert.equal((await store.certificates()).length, 3);
    assert.deepEqual(await store.authorities(), [authority()]);
    await store.close();
  });

  it('is not made where one exists, nor by opening', async () => {
    const file = await filled(1);
    assert.throws(() => createSqliteStore(file), { code: 'LOCAL_CA_OUTPUT_EXISTS', message: `${file} exists already` });
    const absent = newFile();
    assert.throws(() => openSqliteStore(absent), { code: 'LOCAL_CA_INPUT_FAILED', message: /no such file/ });
    assert.equal(fs.existsSync(absent), false);
  });

  for (const umask of ['000', '022', '077']) {
    it(`has mode 600 from its first byte, and so have -wal and -shm, under umask ${umask}`, async () => {
      const file = newFile();
      const body = `
        process.umask(0o${umask});
        const seen = new Set();
        const note = () => { for (const name of fs.readdirSync(args[1])) seen.add(name + ' ' + (fs.statSync(args[1] + '/' + name).mode & 0o7777).toString(8)); };
        const store = createSqliteStore(args[0]);
        note();
        await store.addAuthorities([{ id: 'ca01', role: 'root', name: '', certificate: Buffer.of(1), parentId: null, active: true, createdAt: new Date(0), keyId: 'ca01', crlUrls: [], ocspUrls: [], revocation: null }], { at: new Date(0), action: 'create', serial: null, detail: '' });
        note();
        console.log([...seen].sort().join());`;
      const program = script({ createSqliteStore: 'store/sqlite.ts' }, body, file, dirname(file));
      const modes = await must(process.execPath, program);
      assert.equal(modes.trim(), 'inventory.db 600,inventory.db-shm 600,inventory.db-wal 600');
      assert.deepEqual(fs.readdirSync(dirname(file)), ['inventory.db']);
      assert.equal(modeOf(file), '600');
    });
  }

  it('is refused when others can read it', async () => {
    const file = await filled(1);
    fs.chmodSync(file, 0o640);
    assert.throws(() => openSqliteStore(file), {
      code: 'LOCAL_CA_PERMISSIONS_LAX',
      message: `the permissions of ${file} are 0640, and 0600 is required: other users can get at it`,
      hint: `Run: chmod 600 ${file}`,
    });
  });

  it('is refused when a newer local-ca made it', async () => {
    const file = await filled(1);
    sqlite(file, 'PRAGMA user_version = 7');
    assert.throws(() => openSqliteStore(file), {
      code: 'LOCAL_CA_HOME_INVALID',
      message: `the inventory ${file} was made by a newer local-ca (its version is 7, this one knows 3)`,
    });
  });

  it('is refused when it is damaged: empty, text, cut short, or overwritten in the middle', async () => {
    const source = await filled(20);
    sqlite(source, 'PRAGMA wal_checkpoint(TRUNCATE)');
    const whole = fs.readFileSync(source);
    const damage: Record<string, (bytes: Buffer) => Buffer> = {
      empty: () => Buffer.alloc(0),
      text: () => Buffer.from('this is not a database, however long it is'.repeat(50)),
      'cut short': (bytes) => bytes.subarray(0, 5000),
      overwritten: (bytes) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xee)]),
    };
    for (const [how, change] of Object.entries(damage)) {
      const file = newFile();
      fs.writeFileSync(file, change(whole), { mode: 0o600 });
      const use = async () => {
        const store = openSqliteStore(file);
        await store.certificates();
      };
      await assert.rejects(
        use,
        { code: 'LOCAL_CA_HOME_INVALID', message: /^the inventory .* cannot be used: the file is / },
        how,
      );
    }
  });

  it('names what is damaged in a row, where SQLite sees nothing', async () => {
    const damage: readonly (readonly [sql: string, where: string, shown: string])[] = [
      ["UPDATE certificates SET not_after = 'x'", 'certificates.not_after', 'x'],
      ["UPDATE certificates SET names = '[null]'", 'certificates.names', '[null]'],
      ["UPDATE certificates SET names = '{'", 'certificates.names', '{'],
      ["UPDATE certificates SET chain = '7'", 'certificates.chain', '7'],
      ["UPDATE authorities SET revocation = '{}'", 'authorities.revocation', '{}'],
      ["UPDATE authorities SET created_at = ''", 'authorities.created_at', ''],
      ['UPDATE authorities SET crl_urls = 1.5', 'authorities.crl_urls', '1.5'],
    ];
    for (const [sql, where, shown] of damage) {
      const file = await filled(1);
      const database = new Database(file);
      database.exec(`${sql};`);
      database.close();
      const store = openSqliteStore(file);
      const read = () => (where.startsWith('auth') ? store.authorities() : store.certificates());
      const message = `the inventory is damaged: ${where} is ${JSON.stringify(shown)}`;
      await assert.rejects(read, { code: 'LOCAL_CA_HOME_INVALID', message }, sql);
      await store.close();
    }
  });

  it('says what is wrong when it is a folder or cannot be made', async () => {
    const folder = newFolder();
    assert.throws(() => createSqliteStore(join(folder, 'no', 'inventory.db')), {
      code: 'LOCAL_CA_OUTPUT_FAILED',
      message: /cannot write .*: there is no such file or folder/,
    });
    fs.chmodSync(folder, 0o700);
    assert.throws(() => openSqliteStore(folder), { code: 'LOCAL_CA_STORE_FAILED', message: /it cannot be opened/ });
  });

  it('answers by index: serial, serial prefix, label and expiry', async () => {
    const file = await filled(1);
    const plan = (where: string) => sqlite(file, `EXPLAIN QUERY PLAN SELECT * FROM certificates WHERE ${where}`);
    assert.match(plan("serial = 'a'"), /USING INDEX certificates_serial/);
    assert.match(plan("serial >= 'a' AND serial < 'ag' ORDER BY serial LIMIT 10"), /USING INDEX certificates_serial/);
    assert.match(plan("label = 'a' ORDER BY seq DESC LIMIT 1"), /USING INDEX certificates_label/);
    assert.match(plan("not_after <= 'a'"), /USING INDEX certificates_not_after/);
  });

  it('lists 100,000 certificates within seconds', async () => {
    const file = newFile();
    const store = createSqliteStore(file);
    await store.addAuthorities([authority()], created);
    const der = new Uint8Array(600);
    await store.addCertificates(Array.from({ length: 100_000 }, (_, i) => ({ ...numbered(i), certificate: der })));
    const before = performance.now();
    assert.equal((await store.certificates()).length, 100_000);
    const took = performance.now() - before;
    assert.ok(took < 5000, `it took ${took} ms`);
    assert.equal((await store.bySerialPrefix('000186')).length, 10);
    await store.close();
  });
});

describe('several processes at one inventory', () => {
  /** Inserts args[2] certificates one by one, each its own transaction, with serials that start with args[1]. */
  const INSERT = `
    const store = openSqliteStore(args[0]);
    const date = new Date(0);
    for (let i = 0; i < Number(args[2]); i++) {
      const serial = args[1] + i.toString(16).padStart(6, '0');
      await store.addCertificates([{ serial, label: serial, profile: 'server', template: null, names: [serial], subject: '',
        keyType: 'p256', notBefore: date, notAfter: date, fingerprintSha256: '', certificate: Buffer.alloc(600),
        issuerId: 'ca01', chain: [], state: 'valid', revocation: null, issuedAt: date, keyId: null }]);
      if (i === 0) console.log('started');
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    console.log('all');`;
  const imports = { openSqliteStore: 'store/sqlite.ts' };

  it('loses nothing when eight insert fifty each at once', async () => {
    const file = await filled(0);
    const inserting = (_: unknown, i: number) => must(process.execPath, script(imports, INSERT, file, `${i}`, '50'));
    for (const out of await Promise.all(Array.from({ length: 8 }, inserting))) assert.match(out, /all/);
    const store = openSqliteStore(file);
    assert.equal((await store.certificates()).length, 400);
    assert.equal((await store.audit(1000)).length, 401);
    await store.close();
  });

  it('reads while another writes', async () => {
    const file = await filled(1);
    const store = openSqliteStore(file);
    let running = true;
    const end = must(process.execPath, script(imports, INSERT, file, 'b', '300')).finally(() => {
      running = false;
    });
    let last = 0;
    while (running) {
      const { length } = await store.certificates();
      assert.ok(length >= last, `${length} after ${last}`);
      last = length;
      await new Promise((done) => setTimeout(done, 5));
    }
    assert.match(await end, /all/);
    assert.equal((await store.certificates()).length, 301);
    await store.close();
  });

  it('leaves a readable inventory when it is killed, with whole transactions only', async () => {
    const file = await filled(0);
    for (const prefix of ['a', 'b', 'c']) {
      const child = spawn(process.execPath, script(imports, INSERT, file, prefix, '100000'));
      await once(child.stdout, 'data');
      await new Promise((done) => setTimeout(done, 40));
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const store = openSqliteStore(file);
    const list = await store.certificates();
    assert.ok(list.length >= 3, `${list.length}`);
    assert.equal((await store.audit(1e6)).length, list.length + 1);
    await store.addCertificates([certificate({ serial: 'ff', issuedAt: at(2) })]);
    await store.close();
    assert.match(sqlite(file, 'PRAGMA integrity_check'), /"ok"/);
  });
});
