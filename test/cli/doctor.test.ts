/** `doctor` over homes that something happened to: what it says of it, what it mends, and what it leaves to people. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { before, beforeEach, describe, test } from 'node:test';
import Database from 'libsql';
import { systemAmbient } from '../../src/ambient.ts';
import { CHECKS } from '../../src/cli/doctor/checks.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertRefused, posix } from './support.ts';

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly hint: string;
  readonly repaired: string | null;
}

const root = temporaryFolder();
const live = join(root, 'live');
const [home, cwd] = [join(live, 'home'), join(live, 'work')];
const options = { home, cwd };

async function doctor(...flags: readonly string[]): Promise<{ status: number; findings: Finding[] }> {
  const { status, stdout, stderr } = await localCa(['doctor', '--json', ...flags], options);
  assert.match(stdout, /^\{/, stderr);
  const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
  assert.equal(healthy, status === 0, stdout);
  return { status, findings };
}

function sql(text: string): void {
  const database = new Database(join(home, 'inventory.db'));
  database.exec(text);
  database.close();
}

const keysIn = (folder: string) =>
  fs
    .readdirSync(join(home, folder))
    .filter((name) => name.endsWith('.key.pem'))
    .map((name) => join(home, folder, name));

const records = () => localCaJson<{ label: string; serial: string }[]>(['list'], options);
const serialOf = async (label: string) => (await records()).find((one) => one.label === label)?.serial as string;
const keptKey = async (label: string) => join(home, 'keys', `${await serialOf(label)}.key.pem`);

/** The key of the CA that signs, or of the root above it. */
async function authorityKey(which: 'active' | 'root'): Promise<string> {
  const database = new Database(join(home, 'inventory.db'));
  const where = which === 'active' ? 'active = 1' : "role = 'root'";
  const [row] = database.prepare(`SELECT key_id FROM authorities WHERE ${where}`).raw().all([]) as [string][];
  database.close();
  return join(home, 'ca', `${row?.[0]}.key.pem`);
}

const move = (path: string) => fs.renameSync(path, `${path}.away`);
const certificate = (label: string) => join(cwd, label, `${label}.crt.pem`);
const key = (label: string) => join(cwd, label, `${label}.key.pem`);

interface Case {
  readonly happened: string;
  readonly damage: () => Promise<unknown> | unknown;
  readonly check: string;
  readonly severity?: 'error' | 'warning' | 'note';
  readonly says: RegExp;
  readonly hint: RegExp;
  /** What --repair says that it did; without it, the finding stays. */
  readonly repaired?: RegExp;
  /** The checks that still have something to note after it. */
  readonly notes?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    happened: 'others may read a key',
    damage: async () => fs.chmodSync(await keptKey('kept.test'), 0o640),
    check: 'permissions',
    says: /^other users can get at \/.*key\.pem: its mode is 0640, and should be 0600$/,
    hint: /^Run: chmod 0600 \//,
    repaired: /^its mode is 0600 now$/,
  },
  {
    happened: 'others may look into a folder of it',
    damage: () => fs.chmodSync(join(home, 'keys'), 0o755),
    check: 'permissions',
    says: /keys: its mode is 0755, and should be 0700$/,
    hint: /^Run: chmod 0700/,
    repaired: /^its mode is 0700 now$/,
  },
  {
    happened: 'the inventory says another end',
    damage: () => sql("UPDATE certificates SET not_after = '2040-01-01T00:00:00.000Z' WHERE label = 'kept.test'"),
    check: 'certificates',
    says: /^the inventory is wrong about the certificate [0-9a-f]+ of "kept.test": end$/,
    hint: /backup/,
  },
  {
    happened: 'the inventory says other names and another fingerprint',
    damage: () =>
      sql(`UPDATE certificates SET names = '["x.test"]', fingerprint_sha256 = 'aa' WHERE label = 'plain.test'`),
    check: 'certificates',
    says: /of "plain.test": fingerprint, names$/,
    hint: /backup/,
  },
  {
    happened: 'a certificate is said to be signed by the root',
    damage: () =>
      sql(
        "UPDATE certificates SET issuer_id = (SELECT id FROM authorities WHERE role = 'root') WHERE label = 'kept.test'",
      ),
    check: 'certificates',
    says: /^the certificate [0-9a-f]+ of "kept.test" was not signed by [0-9a-f]+, as the inventory says$/,
    hint: /backup/,
  },
  {
    happened: 'two certificates of one label are valid',
    damage: () => sql("UPDATE certificates SET state = 'valid' WHERE label = 'again.test'"),
    check: 'certificates',
    says: /^[0-9a-f]+ is valid, and so is another certificate of "again.test"$/,
    hint: /^Revoke the older one/,
  },
  {
    happened: 'no authority is active',
    damage: () => sql('UPDATE authorities SET active = 0'),
    check: 'authorities',
    says: /^0 authorities are active, and one should be$/,
    hint: /backup/,
  },
  {
    happened: 'the key that signs is missing',
    damage: async () => move(await authorityKey('active')),
    check: 'ca-keys',
    says: /^the private key of the CA ".* intermediate", \/.*, is missing: nothing can be signed$/,
    hint: /^Put it back from a backup/,
  },
  {
    happened: 'the key of the root is elsewhere',
    damage: async () => move(await authorityKey('root')),
    check: 'ca-keys',
    severity: 'note',
    says: /is not in the home$/,
    hint: /^It may well be elsewhere/,
  },
  {
    happened: 'the key that signs is another',
    damage: async () => fs.copyFileSync(await authorityKey('root'), await authorityKey('active')),
    check: 'ca-keys',
    says: /cannot be used: it belongs to something else$/,
    hint: /backup/,
  },
  {
    happened: 'a key that was kept is gone',
    damage: async () => move(await keptKey('kept.test')),
    check: 'kept-keys',
    says: /^the private key of "kept.test" \([0-9a-f]+\), \/.*, is missing$/,
    hint: /^It still stands in \/.*kept\.test: local-ca doctor --repair puts it back\.$/,
    repaired: /^it was put back from \/.*kept\.test$/,
  },
  {
    happened: 'a key that was kept is only on the server any more',
    damage: async () => {
      move(await keptKey('kept.test'));
      fs.rmSync(join(cwd, 'kept.test'), { recursive: true });
    },
    check: 'kept-keys',
    says: /^the private key of "kept.test" \([0-9a-f]+\), \/.*, is missing$/,
    hint: /^It still stands in \/.*server: local-ca doctor --repair puts it back\.$/,
    repaired: /^it was put back from \/.*server$/,
    notes: ['placements'],
  },
  {
    happened: 'a key that was kept is gone for good',
    damage: async () => {
      move(await keptKey('kept.test'));
      for (const folder of ['kept.test', 'server']) fs.rmSync(join(cwd, folder), { recursive: true });
    },
    check: 'kept-keys',
    says: /^the private key of "kept.test" \([0-9a-f]+\), \/.*, is missing$/,
    hint: /local-ca renew kept.test --new-key$/,
  },
  {
    happened: 'the key of a request is gone',
    damage: () => sql("UPDATE requests SET id = '0123456789abcdef', folder = NULL"),
    check: 'requests',
    says: /^the private key of the request for "asked.test", \/.*0123456789abcdef\.key\.pem, is missing$/,
    hint: /Or ask again: local-ca csr create asked.test$/,
  },
  {
    happened: 'the key of a request is only in its folder any more',
    damage: () => {
      const database = new Database(join(home, 'inventory.db'));
      const [row] = database.prepare('SELECT id FROM requests').raw().all([]) as [string][];
      database.close();
      move(join(home, 'keys', `${row?.[0]}.key.pem`));
    },
    check: 'requests',
    says: /^the private key of the request for "asked.test", \/.*\.key\.pem, is missing$/,
    hint: /^It still stands in \/.*asked\.test: /,
    repaired: /^it was put back from \/.*asked\.test$/,
  },
  {
    happened: 'a key of nothing is in the home',
    damage: async () => {
      await localCaJson(['init', '--yes'], { ...options, home: join(live, 'other') });
      const [other] = fs.readdirSync(join(live, 'other', 'ca')).filter((name) => name.endsWith('.key.pem'));
      fs.copyFileSync(join(live, 'other', 'ca', other as string), join(home, 'keys', 'abcd.key.pem'));
    },
    check: 'orphan-keys',
    severity: 'warning',
    says: /^the key \/.*abcd\.key\.pem belongs to nothing on record$/,
    hint: /^local-ca doctor --repair/,
    repaired: /^it was removed$/,
  },
  {
    happened: 'a key is in the home that may be the only copy',
    damage: () => fs.copyFileSync(key('plain.test'), join(home, 'ca', 'abcd.key.pem')),
    check: 'orphan-keys',
    severity: 'warning',
    says: /abcd\.key\.pem, and it belongs to "plain.test"$/,
    hint: /^Move it/,
  },
  {
    happened: 'the copy of the root is another',
    damage: () => fs.copyFileSync(certificate('kept.test'), join(home, 'ca', 'root.crt.pem')),
    check: 'copies',
    severity: 'warning',
    says: /root\.crt\.pem is not the certificate that the CA has now$/,
    hint: /--repair/,
    repaired: /^it was written anew$/,
  },
  {
    happened: 'the revocation lists that people read are missing',
    damage: () => move(join(home, 'ca', 'crl.pem')),
    check: 'revocation-lists',
    severity: 'warning',
    says: /crl\.pem does not hold the newest revocation lists$/,
    hint: /--repair/,
    repaired: /^it was written anew$/,
  },
  {
    happened: 'a revocation list is not what was signed',
    damage: () => sql('UPDATE revocation_lists SET number = number + 5'),
    check: 'revocation-lists',
    says: /^the revocation list 6 of ".*" has another number in itself$/,
    hint: /local-ca crl$/,
  },
  {
    happened: 'the files were moved',
    damage: () => move(join(cwd, 'plain.test')),
    check: 'placements',
    severity: 'note',
    says: /^the files of "plain.test" are no longer in /,
    hint: /--out/,
  },
  {
    happened: 'others were let at a key',
    damage: () => fs.chmodSync(key('plain.test'), 0o644),
    check: 'placements',
    says: /^more users can get at \/.*plain\.test\.key\.pem than should: its mode is 0644, and was 0600$/,
    hint: /^Run: chmod 0600 \//,
    repaired: /^its mode is 0600 now$/,
  },
  {
    happened: 'others were let at a key on a server',
    damage: () => fs.chmodSync(join(cwd, 'server', 'kept.test.key.pem'), 0o640),
    check: 'targets',
    says: /^more users can get at \/.*server\/kept\.test\.key\.pem than should: its mode is 0640, and was 0600$/,
    hint: /^Run: chmod 0600 \//,
    repaired: /^its mode is 0600 now$/,
  },
  {
    happened: 'a key was put in the place of another',
    damage: () => fs.copyFileSync(key('kept.test'), key('plain.test')),
    check: 'placements',
    says: /^a private key in \/.*plain\.test belongs to no certificate there$/,
    hint: /local-ca renew plain\.test$/,
  },
  {
    happened: 'a key was taken away',
    damage: () => move(key('plain.test')),
    check: 'placements',
    severity: 'warning',
    says: /^the private key of "plain\.test" is no longer in \/.*plain\.test: plain\.test\.key\.pem is missing$/,
    hint: /^Put it back, or give it with --key FILE: local-ca renew plain\.test\. If it is lost: local-ca renew plain\.test --new-key$/,
  },
  {
    happened: 'all that held a key was taken away, which the home has',
    damage: () => {
      for (const ending of ['key.pem', 'p12', 'jks']) move(join(cwd, 'kept.test', `kept.test.${ending}`));
    },
    check: 'placements',
    severity: 'warning',
    says: /^the private key of "kept\.test" is no longer in \/.*: kept\.test\.jks, kept\.test\.key\.pem, kept\.test\.p12 are missing$/,
    hint: /^The home has a copy: local-ca renew kept\.test$/,
  },
  {
    happened: 'a key was taken away from a server',
    damage: () => move(join(cwd, 'server', 'kept.test.key.pem')),
    check: 'targets',
    says: /^the private key of "kept\.test" is no longer in \/.*server: /,
    hint: /^Put it there again: local-ca deploy run --now$/,
  },
  {
    happened: 'an earlier certificate was put back',
    damage: () => {
      fs.cpSync(join(root, 'earlier'), join(cwd, 'again.test'), { recursive: true });
    },
    check: 'placements',
    says: /^\/.*again\.test does not hold the certificate [0-9a-f]+ of "again\.test", which is on record$/,
    hint: /local-ca renew again\.test$/,
  },
  {
    happened: 'a run was killed while it changed the home',
    damage: () => fs.writeFileSync(join(home, 'inventory.busy'), '', { mode: 0o600 }),
    check: 'unfinished',
    severity: 'warning',
    says: /^a run was killed while it changed /,
    hint: /^The next command/,
    repaired: /undone$/,
  },
  {
    happened: 'a deployment hangs',
    damage: () => sql("UPDATE targets SET state = 'updating'"),
    check: 'deployments',
    says: /^the deployment of "kept.test" to \/.*server hangs \(Updating\)$/,
    hint: /local-ca deploy run$/,
  },
  {
    happened: 'a folder is left of a deployment that is no more',
    damage: () => fs.mkdirSync(join(home, 'deploy', 'abcd'), { recursive: true, mode: 0o700 }),
    check: 'deployments',
    severity: 'warning',
    says: /deploy\/abcd is of a deployment that is no more$/,
    hint: /--repair/,
    repaired: /^it was removed$/,
  },
  {
    happened: 'such a folder holds what stood somewhere before',
    damage: () => {
      fs.mkdirSync(join(home, 'deploy', 'abcd', 'previous'), { recursive: true, mode: 0o700 });
      fs.writeFileSync(join(home, 'deploy', 'abcd', 'previous', 'index.json'), '{}');
    },
    check: 'deployments',
    severity: 'warning',
    says: /previous holds what stood somewhere before/,
    hint: /^Look at it/,
  },
  {
    happened: 'the inventory is something else',
    damage: () => fs.writeFileSync(join(home, 'inventory.db'), 'nothing of the kind'.repeat(300), { mode: 0o600 }),
    check: 'inventory',
    says: /^the inventory \/.* cannot be used: the file is not an inventory$/,
    hint: /backup/,
  },
];

describe('doctor', { skip: !posix && 'Windows has no modes' }, () => {
  before(async () => {
    fs.mkdirSync(cwd, { recursive: true });
    await localCaJson(['init', '--yes', '--intermediate'], options);
    await localCaJson(['issue', 'plain.test'], options);
    await localCaJson(['issue', 'kept.test', '--keep-key', '--format', 'pem,p12,jks'], options);
    await localCaJson(['issue', 'again.test'], options);
    fs.cpSync(join(cwd, 'again.test'), join(root, 'earlier'), { recursive: true });
    await localCaJson(['renew', 'again.test', '--new-key'], options);
    await localCaJson(['csr', 'create', 'asked.test'], options);
    await localCaJson(['deploy', 'add', 'kept.test', '--to', 'server', '--hook', 'true'], options);
    await localCaJson(['deploy', 'run', '--now'], options);
    await localCaJson(['crl'], options);
    fs.cpSync(live, join(root, 'whole'), { recursive: true });
  });
  beforeEach(() => {
    fs.rmSync(live, { recursive: true });
    fs.cpSync(join(root, 'whole'), live, { recursive: true });
  });

  test('finds nothing in a home that nothing happened to, and changes nothing', async () => {
    assert.deepEqual(await doctor(), { status: 0, findings: [] });
    assert.deepEqual(await doctor('--repair'), { status: 0, findings: [] });
    const { stdout, stderr } = await localCa(['doctor'], options);
    assert.deepEqual([stdout, stderr], ['', `${home} is healthy: 16 checks\n`]);
  });

  for (const { happened, damage, check, severity = 'error', says, hint, repaired, notes = [] } of CASES) {
    test(`says that ${happened}${repaired === undefined ? '' : ', and mends it'}`, async () => {
      await damage();
      const found = await doctor();
      const finding = found.findings.find((one) => one.check === check);
      assert.ok(finding, JSON.stringify(found));
      assert.equal(finding.severity, severity);
      assert.match(finding.message, says);
      assert.match(finding.hint, hint);
      assert.equal(found.status, severity === 'note' ? 0 : 3);
      const keys = [...(fs.existsSync(join(home, 'keys')) ? keysIn('keys') : []), ...keysIn('ca')];
      const mended = (await doctor('--repair')).findings.find((one) => one.check === check);
      if (repaired === undefined) {
        assert.equal(mended?.repaired, null);
        assert.deepEqual([...keysIn('keys'), ...keysIn('ca')], keys);
        return;
      }
      assert.match(mended?.repaired ?? '', repaired);
      const { status, findings } = await doctor();
      assert.deepEqual({ status, notes: findings.map((one) => one.check) }, { status: 0, notes });
    });
  }

  test('opens a home again that others could look into', async () => {
    fs.chmodSync(home, 0o755);
    const { findings, status } = await doctor();
    assert.deepEqual([status, findings.map(({ check }) => check)], [3, ['permissions', 'inventory']]);
    assert.match(findings[1]?.message ?? '', /^the permissions of \/.* are 0755/);
    assert.equal((await doctor('--repair')).status, 0);
    assert.deepEqual(await doctor(), { status: 0, findings: [] });
  });

  test('finds a template in the home that cannot be used', async () => {
    const bad = join(home, 'templates', 'bad');
    fs.mkdirSync(bad, { recursive: true });
    fs.writeFileSync(join(bad, 'template.json'), '{');
    const { status, findings } = await doctor();
    assert.equal(status, 3);
    assert.deepEqual(
      findings.filter(({ check }) => check === 'templates').map(({ severity }) => severity),
      ['warning'],
    );
    assert.match(findings.map(({ message }) => message).join(), /bad\/template\.json: it is not JSON/);
  });

  test('speaks to people on stdout, and says what it did', async () => {
    await CASES[0]?.damage();
    const { stdout, status } = await localCa(['doctor'], options);
    assert.match(stdout, /^error permissions: other users .*\n {2}Run: chmod 0600 .*\n$/);
    assert.equal(status, 3);
    const mended = await localCa(['doctor', '--repair'], options);
    assert.match(mended.stdout, /\n {2}repaired: its mode is 0600 now\n$/);
    assert.equal(mended.status, 0);
  });

  test('says when a revocation list has ended', async () => {
    const later = { ...systemAmbient, now: () => new Date(Date.now() + 91 * 86_400_000) };
    const found = await examine({ ambient: later }, home, { repair: false, passphrase: undefined });
    assert.deepEqual(
      found.map(({ check, severity }) => [check, severity]),
      [
        ['revocation-lists', 'warning'],
        ['revocation-lists', 'warning'],
      ],
    );
    assert.match(found[0]?.message ?? '', /^the revocation list 1 of ".*" ended on 20/);
  });

  test('checks an encrypted key when it has the passphrase', async () => {
    const env = { LOCAL_CA_PASSPHRASE: 'correct horse' };
    const other = { home: join(live, 'other'), cwd };
    await localCaJson(['init', '--yes', '--encrypt-key'], { ...other, env });
    const { findings } = await localCaJson<{ findings: Finding[] }>(['doctor'], other);
    assert.deepEqual(
      findings.map(({ severity, check }) => [severity, check]),
      [['note', 'ca-keys']],
    );
    assert.match(findings[0]?.message ?? '', /is encrypted and was not checked$/);
    assert.deepEqual((await localCaJson<{ findings: Finding[] }>(['doctor'], { ...other, env })).findings, []);
    const wrong = await localCa(['doctor', '--json'], { ...other, env: { LOCAL_CA_PASSPHRASE: 'wrong horse' } });
    assert.match(wrong.stdout, /cannot be used: /);
    assert.equal(wrong.status, 3);
  });

  test('has each of its checks in the documentation', () => {
    const page = fs.readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(rows, ['permissions', ...CHECKS.map(({ name }) => name)]);
  });

  test('is refused where there is no home', async () => {
    const nowhere = join(root, 'nowhere');
    await assertRefused(['doctor'], { home: nowhere }, { code: 'LOCAL_CA_HOME_MISSING', says: nowhere });
  });
});
