import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryName } from '../../src/abandoned.ts';
import { createHome } from '../../src/store/create-home.ts';
import { type Home, openHome } from '../../src/store/home.ts';
import { memoryVault } from '../../src/store/vault.ts';
import { icaclsCommand } from '../../src/store/windows-acl.ts';
import { undoUnfinished } from '../../src/unfinished.ts';
import { must } from '../support/peers.ts';
import { authority, certificate, created } from './contract.ts';
import { modeOf, newFolder, script } from './script.ts';

const KEY = new TextEncoder().encode('-----BEGIN PRIVATE KEY-----\n');

/** As a process that is gone would have named it. */
const NAME_A_HOME = `console.log(temporaryName('home'));`;

async function fill(home: Home): Promise<void> {
  await home.caKeys.save('ca01', KEY);
  await home.store.addAuthorities([authority()], created);
}

async function newHome(): Promise<string> {
  const dir = join(newFolder(), 'home');
  await createHome(dir, fill);
  return dir;
}

/** What is in a folder's parent, for no traces may be left there. */
const beside = (dir: string) => fs.readdirSync(dirname(dir));

describe('createHome', () => {
  it('makes a home that opens', async () => {
    const dir = await newHome();
    const home = await openHome(dir);
    assert.equal(home.path, dir);
    assert.deepEqual(await home.store.authorities(), [authority()]);
    assert.deepEqual(await home.caKeys.load('ca01'), KEY);
    assert.equal(home.certificatePath('root'), join(dir, 'ca', 'root.crt.pem'));
    assert.equal(
      fs.readFileSync(home.certificatePath('root'), 'utf8'),
      '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
    );
    assert.equal(fs.existsSync(home.certificatePath('intermediate')), false);
    await home.close();
    assert.deepEqual(beside(dir), ['home']);
  });

  it('tells the path where the home will stand, and leaves no database open', async () => {
    const dir = join(newFolder(), 'home');
    await createHome(dir, async (home) => {
      assert.equal(home.path, dir);
      await fill(home);
      await home.store.addCertificates([certificate()]);
      assert.equal((await home.store.certificates()).length, 1);
      assert.equal(fs.existsSync(dir), false);
    });
    assert.deepEqual(fs.readdirSync(dir).sort(), ['ca', 'inventory.db', 'inventory.lock', 'keys']);
    if (process.platform !== 'linux') return;
    const open = fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    assert.deepEqual(
      open.filter((path) => path.includes(dirname(dir))),
      [],
    );
  });

  it('publishes the certificates of the chain that signs', async () => {
    const dir = join(newFolder(), 'home');
    await createHome(dir, async (home) => {
      const records = [
        authority({ active: false }),
        authority({ id: 'ca02', role: 'intermediate', parentId: 'ca01', certificate: Uint8Array.of(0x30, 1, 0) }),
        authority({ id: 'ca03', active: false, certificate: Uint8Array.of(0x30, 2, 0, 0) }),
      ];
      await home.store.addAuthorities(records, created);
    });
    const published = (role: string) => fs.readFileSync(join(dir, 'ca', `${role}.crt.pem`), 'utf8').split('\n')[1];
    assert.deepEqual([published('root'), published('intermediate')], ['MAA=', 'MAEA']);
  });

  for (const umask of ['000', '077']) {
    it(`has exact modes under umask ${umask}, while it is made too`, async () => {
      const dir = join(newFolder(), 'home');
      const body = `
        process.umask(0o${umask});
        await createHome(args[0], async (home) => {
          await home.caKeys.save('ca01', Buffer.from('k'));
          await home.leafKeys.save('01', Buffer.from('k'));
          await home.store.addAuthorities([{ id: 'ca01', role: 'root', name: '', certificate: Buffer.of(48, 0), parentId: null, active: true, createdAt: new Date(0), keyId: 'ca01', crlUrls: [], ocspUrls: [], revocation: null }], { at: new Date(0), action: 'create', serial: null, detail: '' });
          const [place] = fs.readdirSync(args[1]);
          console.log((fs.statSync(args[1] + '/' + place).mode & 0o7777).toString(8));
        });`;
      const program = script({ createHome: 'store/create-home.ts' }, body, dir, dirname(dir));
      assert.equal((await must(process.execPath, program)).trim(), '700');
      const names = (fs.readdirSync(dir, { recursive: true }) as string[]).sort();
      assert.deepEqual(
        ['.', ...names].map((name) => `${name} ${modeOf(join(dir, name))}`),
        [
          '. 700',
          'ca 700',
          'ca/ca01.key.pem 600',
          'ca/root.crt.pem 644',
          'inventory.db 600',
          'inventory.lock 600',
          'keys 700',
          'keys/01.key.pem 600',
        ],
      );
    });
  }

  it('leaves nothing when filling it fails', async () => {
    const dir = join(newFolder(), 'home');
    const broken = async (home: Home) => {
      await fill(home);
      throw new Error('no');
    };
    await assert.rejects(createHome(dir, broken), /^Error: no$/);
    assert.deepEqual(beside(dir), []);
    await assert.rejects(createHome(join(dir, 'a', 'b'), broken), /^Error: no$/);
    assert.deepEqual(beside(dir), [], 'nor the folders above it');
  });

  it('leaves no home when the process is killed', async () => {
    const dir = join(newFolder(), 'home');
    const body = `await createHome(args[0], async () => { console.log('in'); await new Promise((r) => setTimeout(r, 60000)); });`;
    const child = spawn(process.execPath, script({ createHome: 'store/create-home.ts' }, body, dir));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    await assert.rejects(openHome(dir), { code: 'LOCAL_CA_HOME_MISSING' });
    await createHome(dir, fill);
  });

  it('undoes what it began when the process is about to end', async () => {
    const dir = join(newFolder(), 'above', 'home');
    const broken = createHome(dir, async (home) => {
      await fill(home);
      undoUnfinished();
      assert.deepEqual(beside(dirname(dir)), []);
      throw new Error('no');
    });
    await assert.rejects(broken, /^Error: no$/);
    await createHome(dir, fill);
    undoUnfinished();
    assert.deepEqual(fs.readdirSync(dir).sort(), ['ca', 'inventory.db', 'inventory.lock', 'keys']);
  });

  it('sweeps up the homes that killed runs left, and nothing else', async () => {
    const folder = newFolder();
    const gone = (await must(process.execPath, script({ temporaryName: 'abandoned.ts' }, NAME_A_HOME))).trim();
    const elsewhere = gone.replace(/-[0-9a-f]{12}[.]/, '-000000000000.');
    const leave = (name: string, hours = 0) => {
      fs.mkdirSync(join(folder, name, 'keys'), { recursive: true });
      const then = Date.now() / 1000 - hours * 3600;
      fs.utimesSync(join(folder, name), then, then);
    };
    leave(`${gone}oldOne`);
    leave(`${elsewhere}oldOne`, 2);
    const kept = [`${elsewhere}youngO`, `${temporaryName('home')}alive1`, '.local-ca-mineXX', 'old'];
    for (const name of kept) leave(name, name === kept[0] ? 0.5 : 2);
    await createHome(join(folder, 'home'), fill);
    assert.deepEqual(fs.readdirSync(folder).sort(), [...kept, 'home'].sort());
  });

  it('refuses where a CA is, and changes nothing in it', async () => {
    const dir = await newHome();
    const error = { code: 'LOCAL_CA_HOME_EXISTS', message: `there is already a CA at ${dir}` };
    await assert.rejects(createHome(dir, fill), error);
    fs.rmSync(join(dir, 'inventory.db'));
    await assert.rejects(createHome(dir, fill), error);
    assert.deepEqual(fs.readdirSync(dir).sort(), ['ca', 'inventory.lock', 'keys']);
    assert.deepEqual(beside(dir), ['home']);
  });

  it('refuses a file, and a folder that holds something else', async () => {
    const folder = newFolder();
    const file = join(folder, 'file');
    fs.writeFileSync(file, '');
    for (const path of [file, folder]) {
      await assert.rejects(createHome(path, fill), {
        code: 'LOCAL_CA_OUTPUT_EXISTS',
        message: `${path} exists already`,
      });
    }
    await assert.rejects(createHome(join(file, 'home'), fill), {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      message: `${file} exists already`,
    });
    assert.deepEqual(fs.readdirSync(folder), ['file']);
  });

  it('takes an empty folder, whatever its mode, and one behind a link; and makes the folders above', async () => {
    const folder = newFolder();
    const empty = join(folder, 'empty');
    fs.mkdirSync(empty, { mode: 0o755 });
    await createHome(empty, fill);
    assert.equal(modeOf(empty), '700');
    fs.mkdirSync(join(folder, 'target'));
    fs.symlinkSync('target', join(folder, 'link'));
    await createHome(join(folder, 'link'), fill);
    assert.ok(fs.existsSync(join(folder, 'target', 'inventory.db')));
    await createHome(join(folder, 'a', 'b', 'c'), fill);
    assert.equal(modeOf(join(folder, 'a')), '700');
  });

  it('lets one of two that race win', async () => {
    for (const existing of [false, true]) {
      const dir = join(newFolder(), 'home');
      if (existing) fs.mkdirSync(dir);
      const ends = await Promise.allSettled(Array.from({ length: 4 }, () => createHome(dir, fill)));
      const refused = ends.filter((end) => end.status === 'rejected').map((end) => end.reason.code);
      assert.deepEqual(refused, Array(3).fill('LOCAL_CA_HOME_EXISTS'));
      assert.deepEqual(beside(dir), [basename(dir)]);
      const home = await openHome(dir);
      assert.deepEqual(await home.caKeys.load('ca01'), KEY);
      await home.close();
    }
  });

  it('lets one of several racing processes win', async () => {
    const dir = join(newFolder(), 'home');
    const body = `
      try {
        await createHome(args[0], async (home) => { await home.caKeys.save('ca01', Buffer.from('k')); });
        console.log('made');
      } catch (error) { console.log(error.code); }`;
    const program = script({ createHome: 'store/create-home.ts' }, body, dir);
    const ends = await Promise.all([1, 2, 3, 4].map(() => must(process.execPath, program)));
    const told = ends.map((out) => out.trim()).sort();
    assert.deepEqual(told, [...Array(3).fill('LOCAL_CA_HOME_EXISTS'), 'made']);
    assert.deepEqual(beside(dir), ['home']);
  });
});

describe('openHome', () => {
  it('says that there is none: no folder, an empty one, somebody else’s, a file', async () => {
    const folder = newFolder();
    fs.mkdirSync(join(folder, 'empty'));
    fs.writeFileSync(join(folder, 'file'), '');
    for (const path of ['nothing', 'empty', 'file', '.', 'file/below'].map((name) => join(folder, name))) {
      await assert.rejects(openHome(path), {
        code: 'LOCAL_CA_HOME_MISSING',
        message: `there is no CA at ${path}`,
        hint: 'Make one with: local-ca init. Or name the folder of yours with --home.',
      });
    }
  });

  it('refuses lax modes: of the folder, the inventory, a key', async () => {
    const dir = await newHome();
    const refused = async (path: string, lax: number, right: number, use: () => Promise<unknown>) => {
      fs.chmodSync(path, lax);
      const modes = [lax, right].map((mode) => mode.toString(8).padStart(4, '0'));
      await assert.rejects(use, {
        code: 'LOCAL_CA_PERMISSIONS_LAX',
        message: `the permissions of ${path} are ${modes[0]}, and ${modes[1]} is required: other users can get at it`,
        hint: `Run: chmod ${right.toString(8)} ${path}`,
      });
      fs.chmodSync(path, right);
    };
    await refused(dir, 0o750, 0o700, () => openHome(dir));
    await refused(dir, 0o701, 0o700, () => openHome(dir));
    await refused(join(dir, 'inventory.db'), 0o604, 0o600, () => openHome(dir));
    const home = await openHome(dir);
    await refused(join(dir, 'ca', 'ca01.key.pem'), 0o640, 0o600, () => home.caKeys.load('ca01'));
    await home.leafKeys.save('01', KEY);
    await refused(join(dir, 'keys', '01.key.pem'), 0o644, 0o600, () => home.leafKeys.load('01'));
    await home.close();
  });

  it('tells what is missing from a damaged home', async () => {
    const dir = await newHome();
    const key = join(dir, 'ca', 'ca01.key.pem');
    fs.rmSync(key);
    const home = await openHome(dir);
    const invalid = (message: string) => ({ code: 'LOCAL_CA_HOME_INVALID', message });
    await assert.rejects(
      home.caKeys.load('ca01'),
      invalid(`the home ${dir} is damaged: the CA's private key ${key} is missing`),
    );
    await home.close();
    fs.rmSync(join(dir, 'inventory.db'));
    await assert.rejects(openHome(dir), invalid(`the home ${dir} is damaged: inventory.db is missing`));
  });
});

describe('a key vault', () => {
  const vaults = {
    memory: async () => memoryVault(),
    folder: async () => (await openHome(await newHome())).leafKeys,
  };
  for (const [name, open] of Object.entries(vaults)) {
    it(`${name}: keeps what it is given, once`, async () => {
      const vault = await open();
      await vault.save('00ff', KEY);
      assert.deepEqual(await vault.load('00ff'), KEY);
      await assert.rejects(vault.save('00ff', Uint8Array.of(1)), { code: 'LOCAL_CA_OUTPUT_EXISTS', message: /00ff/ });
      assert.deepEqual(await vault.load('00ff'), KEY);
    });

    it(`${name}: says which key it does not have`, async () => {
      const vault = await open();
      await assert.rejects(vault.load('ab'), {
        code: 'LOCAL_CA_KEY_NOT_KEPT',
        message: 'the private key of ab was not kept',
      });
    });

    it(`${name}: takes only serials for ids`, async () => {
      const vault = await open();
      for (const id of ['', '../ca/ca01', 'AB', 'a/b', '.', 'a\0', 'a'.repeat(41), 'g', 'ab\n']) {
        const error = { code: 'LOCAL_CA_HOME_INVALID', message: `${JSON.stringify(id)} is not the serial of a key` };
        await assert.rejects(vault.save(id, KEY), error);
        await assert.rejects(vault.load(id), error);
      }
    });
  }
});

it('on Windows cuts the rights to the user, by arguments and not through a shell', () => {
  assert.deepEqual(icaclsCommand('C:\\a b', { SystemRoot: 'D:\\Win', USERDOMAIN: 'CORP' }, 'ann'), {
    file: 'D:\\Win\\System32\\icacls.exe',
    args: ['C:\\a b', '/inheritance:r', '/grant:r', 'CORP\\ann:(OI)(CI)F', '/Q'],
  });
  assert.deepEqual(icaclsCommand('C:\\a', {}, 'ann').args[3], 'ann:(OI)(CI)F');
});
