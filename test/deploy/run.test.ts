import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasPrevious } from '../../src/bundle/previous.ts';
import { isAbout } from '../../src/deploy/ports.ts';
import { previewTarget } from '../../src/deploy/run.ts';
import { DAY, failing, Killed, LABEL, START, Stand } from './stand.ts';

const MINUTE = 60_000;
const CHAIN = `${LABEL}.chain.pem`;
const WINDOW = { window: '17:00-18:00', timeZone: 'Europe/Berlin' };

/** Of the certificate that stands in the folder. */
const standing = (stand: Stand) => new X509Certificate(stand.read(CHAIN)).serialNumber.toLowerCase();

async function enabled(t: Parameters<typeof Stand.make>[0], changes: Parameters<typeof Stand.make>[1] = {}) {
  const stand = await Stand.make(t, changes);
  assert.equal((await stand.run()).result, 'enabled');
  return stand;
}

describe('a run', () => {
  it('writes the files, tells the server, and remembers', async (t) => {
    const stand = await Stand.make(t);
    const { result, changed, target } = await stand.run();
    assert.deepEqual([result, changed], ['enabled', true]);
    assert.deepEqual(stand.files(), ['README.md', 'ca.pem', 'nginx.conf', CHAIN, `${LABEL}.key.pem`]);
    const serial = await stand.serial();
    assert.equal(standing(stand), serial);
    // The files were there when the hook ran.
    assert.deepEqual(stand.hooks, [{ serial, files: stand.files() }]);
    assert.equal(target.serial, serial);
    assert.equal(hasPrevious(stand.kept), false);
    const [event] = await stand.events();
    assert.equal(event?.action, 'deploy');
    assert.equal(event?.serial, serial);
    assert.match(event?.detail ?? '', /enabled with .*\n\$ reload \(done, 0\.0 s\)\nreloaded$/);
    assert.equal(event !== undefined && isAbout(target, event), true);
  });

  it('touches nothing when all is as it should be', async (t) => {
    const stand = await enabled(t);
    const before = fs.statSync(join(stand.folder, CHAIN));
    stand.later(30 * DAY);
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    assert.equal((await stand.run()).changed, false);
    assert.equal(fs.statSync(join(stand.folder, CHAIN)).ino, before.ino);
    assert.equal(stand.hooks.length, 1);
  });

  it('is skipped while somebody else is at work on the target, and over when that one forgot it', async (t) => {
    const stand = await Stand.make(t);
    stand.busy = true;
    assert.deepEqual(await stand.story(), ['busy', '', null]);
    stand.busy = false;
    const known = await stand.get();
    await stand.home.store.write([{ kind: 'target-gone', id: known.id }]);
    const { runTarget } = await import('../../src/deploy/run.ts');
    assert.equal((await runTarget(stand.ports, known)).result, 'gone');
  });

  it('needs no hook and no probe', async (t) => {
    const stand = await Stand.make(t, { hook: [] });
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
    assert.equal(stand.hooks.length, 0);
    assert.deepEqual(stand.probed, []);
  });

  it('makes the files anew when the settings of the target change', async (t) => {
    const stand = await enabled(t);
    await stand.change({ formats: ['pem'] });
    assert.equal((await stand.run()).result, 'updated');
    assert.ok(stand.files().includes(`${LABEL}.crt.pem`));
  });

  it('brings revocation lists, and again when there are new ones', async (t) => {
    const stand = await Stand.make(t, { withCrl: true });
    assert.deepEqual(await stand.story(), ['failed', 'not-enabled', 'this CA has no revocation list yet']);
    await stand.ca.makeRevocationLists({});
    assert.equal((await stand.run()).result, 'enabled');
    const first = stand.read('crl.pem');
    assert.match(first, /^-----BEGIN X509 CRL-----/);
    assert.equal((await stand.run()).result, 'unchanged');
    await stand.ca.makeRevocationLists({});
    assert.equal((await stand.run()).result, 'updated');
    assert.notEqual(stand.read('crl.pem'), first);
  });

  it('keeps key stores as they are while their certificate is', async (t) => {
    const stand = await Stand.make(t, { formats: ['p12'] });
    await stand.run();
    assert.equal((await stand.run()).result, 'unchanged');
    await stand.renew();
    assert.equal((await stand.run()).result, 'updated');
  });
});

describe('what stands in the way', () => {
  const denied = () => Object.assign(new Error("EACCES: permission denied, open '/srv/x'"), { syscall: 'open' });

  it('is said of a certificate that is not valid yet', async (t) => {
    const stand = await Stand.make(t);
    stand.now = new Date(START.getTime() - DAY);
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', /is valid from 2026-01-14T\S+, and not before$/);
  });

  it('is said of an expired one with why it was not renewed', async (t) => {
    const stand = await enabled(t);
    stand.later(400 * DAY);
    stand.trouble = 'it is due, and could not be renewed: no passphrase';
    assert.match((await stand.story())[2] ?? '', /expired on .*; it is due, and could not be renewed: no passphrase$/);
  });

  it("is the system's answer, on record", async (t) => {
    const stand = await Stand.make(t);
    const { runTarget } = await import('../../src/deploy/run.ts');
    for (const name of ['goal', 'hook', 'probe', 'lock'] as const) {
      await stand.change({ state: 'not-enabled', serial: null, problem: null, probe: 'tls://a:1', retryAt: null });
      const ports = { ...stand.ports, [name]: () => Promise.reject(denied()) };
      const { result, changed } = await runTarget(ports, await stand.get());
      assert.deepEqual([result, changed], ['failed', true], name);
      assert.match((await stand.get()).problem ?? '', /^EACCES: permission denied/, name);
    }
    const ports = { ...stand.ports, goal: () => Promise.reject(new TypeError('a defect')) };
    await assert.rejects(runTarget(ports, await stand.get()), /a defect/);
  });

  it('leaves under way what was when the store failed, and its files before are kept', async (t) => {
    const stand = await enabled(t);
    const old = await stand.serial();
    await stand.renew();
    const { runTarget } = await import('../../src/deploy/run.ts');
    const { store } = stand.ports;
    let writes = 0;
    const write: typeof store.write = (changes) =>
      [2, 3].includes(++writes) ? Promise.reject(denied()) : store.write(changes);
    const ports = { ...stand.ports, store: { ...store, write } };
    const { target, result } = await runTarget(ports, await stand.get());
    assert.deepEqual([result, target.state, target.serial], ['failed', 'updating', old]);
    assert.deepEqual(await stand.get(), target);
    assert.match(target.problem ?? '', /^EACCES: permission denied/);
    assert.equal(hasPrevious(stand.kept), true);
    stand.answers = [failing()];
    stand.later(DAY);
    assert.equal((await stand.run({ atOnce: true })).result, 'failed');
    assert.equal(standing(stand), old);
  });

  it('is a time zone that this machine does not know', async (t) => {
    const stand = await Stand.make(t, { ...WINDOW, timeZone: 'Mars/Base', state: 'waiting' });
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'not-enabled']);
    assert.match(problem ?? '', /"Mars\/Base"/);
    const preview = await previewTarget(stand.ports, await stand.get(), {});
    assert.deepEqual([preview.step, preview.problem], [null, problem]);
  });
});

describe('a hook that fails', () => {
  it('brings the files before back, runs again, and is tried again later and later', async (t) => {
    const stand = await enabled(t);
    const old = standing(stand);
    await stand.renew();
    stand.answers = [failing()];
    const problem = 'the hook ended with exit code 1';
    assert.deepEqual(await stand.story(), ['failed', 'updating -> enabled', problem]);
    assert.equal(standing(stand), old);
    assert.deepEqual(
      stand.hooks.map(({ serial }) => serial),
      [old, await stand.serial(), old],
    );
    assert.equal(hasPrevious(stand.kept), false);
    const failed = await stand.get();
    assert.deepEqual([failed.serial, failed.failures], [old, 1]);
    stand.later(10 * MINUTE - 1);
    assert.deepEqual(await stand.story(), ['later', '', problem]);
    stand.later(1);
    stand.answers = [failing()];
    assert.equal((await stand.run()).result, 'failed');
    assert.equal((await stand.get()).retryAt?.getTime(), stand.now.getTime() + 20 * MINUTE);
    stand.later(20 * MINUTE);
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
    assert.equal(standing(stand), await stand.serial());
    assert.deepEqual([(await stand.get()).failures, (await stand.get()).retryAt], [0, null]);
    assert.deepEqual(
      (await stand.events()).map(({ action }) => action),
      ['deploy', 'deploy-failed', 'deploy-failed', 'deploy'],
    );
  });

  it('is told of with the last line that it printed, cut and with nothing that a terminal obeys', async (t) => {
    const stand = await Stand.make(t);
    const problem = 'the hook ended with exit code 1';
    stand.answers = [failing(problem, 'first\n\u001b[31mno such server\n\n'), failing(problem, 'x'.repeat(500))];
    const said = (await stand.run()).target.problem ?? '';
    assert.equal(said, `${problem}: \\u001b[31mno such server; with the files before, ${problem}: ${'x'.repeat(199)}…`);
  });

  it('is tried at once when somebody says so', async (t) => {
    const stand = await enabled(t);
    await stand.renew();
    stand.answers = [failing()];
    await stand.run();
    assert.equal((await stand.run({ atOnce: true })).result, 'updated');
  });

  it('leaves nothing behind when it was the first time', async (t) => {
    const stand = await Stand.make(t);
    stand.answers = [failing('the hook did not end within 60 seconds')];
    const problem = 'the hook did not end within 60 seconds';
    assert.deepEqual(await stand.story(), ['failed', 'in-progress -> not-enabled', problem]);
    assert.deepEqual(stand.files(), []);
    assert.deepEqual(stand.hooks[1]?.files, []);
  });

  it('is told of twice when it fails with the files before too', async (t) => {
    const stand = await enabled(t);
    await stand.renew();
    stand.answers = [failing(), failing('the hook was ended by SIGKILL')];
    const { target } = await stand.run();
    assert.equal(
      target.problem,
      'the hook ended with exit code 1; with the files before, the hook was ended by SIGKILL',
    );
  });
});

describe('a server that goes on with the old certificate', () => {
  it('gets its files back', async (t) => {
    const stand = await enabled(t, { probe: 'https://web.example.test:443' });
    assert.deepEqual(stand.probed, ['https://web.example.test:443']);
    const old = standing(stand);
    await stand.renew();
    stand.probes = [{ ok: false, why: 'web.example.test port 443 serves another certificate' }];
    const problem = 'web.example.test port 443 serves another certificate';
    assert.deepEqual(await stand.story(), ['failed', 'updating -> enabled', problem]);
    assert.equal(standing(stand), old);
    assert.equal(stand.hooks.length, 3);
  });

  it('is asked for another name than its host has', async (t) => {
    const stand = await enabled(t, { probe: 'https://10.0.0.5:443', probeName: LABEL });
    assert.deepEqual(stand.probed, [`https://10.0.0.5:443 as ${LABEL}`]);
    const [event] = await stand.events();
    assert.match(event?.detail ?? '', /\nhttps:\/\/10\.0\.0\.5:443 serves it as web\.example\.test$/);
  });

  it('is not asked when the hook failed', async (t) => {
    const stand = await Stand.make(t, { probe: 'https://web.example.test:443' });
    stand.answers = [failing()];
    await stand.run();
    assert.deepEqual(stand.probed, []);
  });
});

describe('a run that was cut short', () => {
  it('in the first hook is taken up again, without waiting for the window', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    stand.answers = [new Killed()];
    await assert.rejects(() => stand.run(), Killed);
    assert.equal((await stand.get()).state, 'in-progress');
    stand.later(3 * 60 * MINUTE);
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
    assert.equal(stand.hooks.length, 2);
  });

  it('in an update is taken up again; and what it rolls back to is what was there first', async (t) => {
    const stand = await enabled(t);
    const old = standing(stand);
    await stand.renew();
    stand.answers = [new Killed()];
    await assert.rejects(() => stand.run(), Killed);
    assert.equal((await stand.get()).state, 'updating');
    assert.notEqual(standing(stand), old);
    stand.answers = [failing()];
    assert.equal((await stand.run()).result, 'failed');
    assert.equal(standing(stand), old);
    assert.equal((await stand.run({ atOnce: true })).result, 'updated');
  });

  it('in its rolling back is done again', async (t) => {
    const stand = await enabled(t);
    const old = standing(stand);
    await stand.renew();
    stand.answers = [failing(), new Killed()];
    await assert.rejects(() => stand.run(), Killed);
    assert.equal((await stand.get()).state, 'updating');
    assert.equal(standing(stand), old);
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
  });

  it('while it was disabled is taken up again', async (t) => {
    const stand = await enabled(t);
    await stand.change({ wish: 'disabled' });
    stand.answers = [new Killed()];
    await assert.rejects(() => stand.run(), Killed);
    assert.deepEqual([(await stand.get()).state, stand.files()], ['disabling', []]);
    assert.deepEqual(await stand.story(), ['disabled', 'disabling -> disabled', null]);
  });

  it('is rolled back when its certificate was revoked meanwhile', async (t) => {
    const stand = await enabled(t);
    const old = standing(stand);
    const serial = await stand.renew();
    stand.answers = [new Killed()];
    await assert.rejects(() => stand.run(), Killed);
    await stand.ca.revoke(serial, {});
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'enabled']);
    assert.match(problem ?? '', /was revoked \(unspecified\); issue a new one/);
    assert.equal(standing(stand), old);
  });

  it('does not take copies of earlier work for what stood there last', async (t) => {
    const stand = await enabled(t);
    const { keepPrevious } = await import('../../src/bundle/previous.ts');
    await stand.renew();
    await stand.run();
    const second = standing(stand);
    // As if an earlier run had died just before it would have dropped these.
    await keepPrevious(stand.folder, ['ca.pem'], stand.kept);
    await stand.renew();
    stand.answers = [failing()];
    await stand.run();
    assert.equal(standing(stand), second);
  });
});

describe('what stands in the way', () => {
  const PROBLEMS = {
    edited: /README\.md was changed after local-ca made it; local-ca deploy run aabbccdd --force replaces a file$/,
    revoked: /^the certificate \w+ of "web\.example\.test" was revoked \(keyCompromise\); issue a new one$/,
    expired: /^the certificate \w+ of "web\.example\.test" expired on 2027-/,
  };

  /** As a person would, with the commands of the README. */
  async function installed(stand: Stand): Promise<void> {
    const { files } = await stand.ports.goal(await stand.get());
    fs.mkdirSync(stand.folder, { recursive: true });
    for (const { path, bytes } of files.filter((file) => /pem$/.test(file.path))) {
      fs.writeFileSync(join(stand.folder, path), bytes);
    }
  }

  it('is nothing that a person installed by hand: the same files, or those of the certificate before', async (t) => {
    const stand = await Stand.make(t);
    await installed(stand);
    await stand.renew();
    assert.deepEqual((await previewTarget(stand.ports, await stand.get(), {})).problem, null);
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
    assert.equal(standing(stand), await stand.serial());
    fs.rmSync(join(stand.folder, '.local-ca.json'));
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
  });

  it("nor are those files lost when the hook fails: they are back, and still the person's", async (t) => {
    const stand = await Stand.make(t);
    await installed(stand);
    const before = stand.files();
    stand.answers = [failing()];
    await stand.run();
    assert.deepEqual(stand.files(), before);
    assert.equal(fs.existsSync(join(stand.folder, '.local-ca.json')), false);
  });

  it('is what is not in the certificates and this key alone: a note, another key, the certificate of others', async (t) => {
    const stand = await Stand.make(t);
    await installed(stand);
    const mine = { [CHAIN]: `# mine\n${stand.read(CHAIN)}`, [`${LABEL}.key.pem`]: stand.read(`${LABEL}.key.pem`) };
    await stand.issue();
    // A fresh key: the one that stands there may be the only one of its kind.
    const foreign = /exists, and local-ca did not put it there; local-ca deploy run aabbccdd --force replaces a file$/;
    assert.match((await stand.story())[2] ?? '', new RegExp(`key\\.pem ${foreign.source}`));
    fs.rmSync(join(stand.folder, `${LABEL}.key.pem`));
    fs.writeFileSync(join(stand.folder, CHAIN), mine[CHAIN] ?? '');
    assert.match((await stand.story())[2] ?? '', new RegExp(`chain\\.pem ${foreign.source}`));
    const other = (await stand.ca.issue({ names: ['other.example.test'] })).record.certificate;
    fs.writeFileSync(join(stand.folder, CHAIN), other);
    assert.match((await stand.story())[2] ?? '', foreign);
    assert.equal((await stand.run({ force: true })).result, 'enabled');
  });

  it('an edited file is not replaced, unless that is asked for', async (t) => {
    const stand = await enabled(t);
    fs.appendFileSync(join(stand.folder, 'README.md'), 'mine');
    await stand.renew();
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'enabled']);
    assert.match(problem ?? '', PROBLEMS.edited);
    assert.match(stand.read('README.md'), /mine$/);
    assert.equal(stand.hooks.length, 1);
    // The same again is no news.
    const again = await stand.run();
    assert.deepEqual([again.result, again.changed, stand.states], ['failed', false, []]);
    assert.deepEqual(await stand.story({ force: true }), ['updated', 'updating -> enabled', null]);
  });

  it('mended by hand, it is well again, and the server is left alone', async (t) => {
    const stand = await enabled(t);
    const text = stand.read('README.md');
    fs.appendFileSync(join(stand.folder, 'README.md'), 'mine');
    await stand.run();
    fs.writeFileSync(join(stand.folder, 'README.md'), text);
    assert.deepEqual(await stand.story(), ['unchanged', 'enabled', null]);
    assert.equal(stand.hooks.length, 1);
  });

  it('a link in the place of the folder is not followed', { skip: process.platform === 'win32' }, async (t) => {
    const stand = await enabled(t);
    fs.renameSync(stand.folder, `${stand.folder}-elsewhere`);
    fs.symlinkSync(`${stand.folder}-elsewhere`, stand.folder);
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', /tls is a symbolic link$/);
    assert.equal((await stand.run({ force: true })).result, 'failed');
  });

  it('a folder that vanished is made again where its parent is there', async (t) => {
    const stand = await enabled(t);
    fs.rmSync(stand.folder, { recursive: true });
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
    assert.equal(standing(stand), await stand.serial());
    const far = await Stand.make(t, { folder: join(stand.parent, 'gone', 'tls') });
    const [result, , problem] = await far.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', /cannot be made: the folder above it is not there$/);
  });

  it('a file that vanished comes back', async (t) => {
    const stand = await enabled(t);
    fs.rmSync(join(stand.folder, CHAIN));
    assert.equal((await stand.run()).result, 'updated');
    assert.equal(standing(stand), await stand.serial());
  });

  it('a key that others were let at is closed again', { skip: process.platform === 'win32' }, async (t) => {
    const stand = await enabled(t);
    const key = join(stand.folder, `${LABEL}.key.pem`);
    fs.chmodSync(key, 0o666);
    assert.equal((await stand.run()).result, 'updated');
    assert.equal(fs.statSync(key).mode & 0o7777, 0o600);
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
  });

  it('a key that was given to somebody else is given back', { skip: process.geteuid?.() !== 0 }, async (t) => {
    const stand = await enabled(t, { owner: '4711', group: '4712' });
    const key = join(stand.folder, `${LABEL}.key.pem`);
    fs.chownSync(key, 0, 0);
    assert.equal((await stand.run()).result, 'updated');
    assert.equal(fs.statSync(key).uid, 4711);
  });

  it('a revoked certificate is not deployed, and what is there stays', async (t) => {
    const stand = await enabled(t);
    await stand.ca.revoke(LABEL, { reason: 'keyCompromise' });
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'enabled']);
    assert.match(problem ?? '', PROBLEMS.revoked);
    assert.notDeepEqual(stand.files(), []);
    await stand.issue();
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
  });

  it('nor is an expired one', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    stand.later(366 * DAY);
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', PROBLEMS.expired);
  });

  it('a disk that cannot be written to: the files before stay, and the server is not told', async (t) => {
    const stand = await enabled(t);
    const old = standing(stand);
    await stand.renew();
    fs.mkdirSync(join(stand.folder, 'x'));
    fs.rmSync(join(stand.folder, CHAIN));
    fs.mkdirSync(join(stand.folder, CHAIN));
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', /chain\.pem is a folder$/);
    assert.equal(stand.hooks.length, 1);
    assert.equal((await stand.get()).serial, old);
  });

  it('a renewal that failed is told, also while all is up to date, and with new files', async (t) => {
    const stand = await enabled(t);
    stand.trouble = 'it is due, and could not be renewed: the CA has expired';
    assert.deepEqual(await stand.story(), ['failed', 'enabled', stand.trouble]);
    assert.deepEqual(await stand.story(), ['failed', '', stand.trouble]);
    await stand.renew();
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', stand.trouble]);
    stand.trouble = null;
    assert.deepEqual(await stand.story(), ['unchanged', 'enabled', null]);
  });
});

describe('disabling', () => {
  it('takes away what local-ca made, and tells the server', async (t) => {
    const stand = await enabled(t);
    const serial = await stand.serial();
    fs.writeFileSync(join(stand.folder, 'dhparam.pem'), 'mine');
    await stand.change({ wish: 'disabled' });
    assert.equal((await stand.run()).result, 'disabled');
    assert.deepEqual(stand.files(), ['dhparam.pem']);
    assert.deepEqual(stand.hooks[1], { serial, files: ['dhparam.pem'] });
    const { serial: none, contents } = await stand.get();
    assert.deepEqual([none, contents], [null, null]);
    assert.equal((await stand.events()).at(-1)?.serial, serial);
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
  });

  it('leaves a file that somebody changed, and a server that cannot do without: and says so', async (t) => {
    const stand = await enabled(t);
    fs.appendFileSync(join(stand.folder, 'README.md'), 'mine');
    await stand.change({ wish: 'disabled' });
    stand.answers = [failing()];
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'disabling -> disabled']);
    assert.match(problem ?? '', /^left, since somebody changed them: .*README\.md; the hook ended with exit code 1$/);
  });

  it('is over at once where nothing ever was, whatever the window', async (t) => {
    const stand = await Stand.make(t, { ...WINDOW, state: 'waiting', wish: 'disabled' });
    stand.now = new Date(START.getTime() - 5 * 3_600_000);
    assert.deepEqual(await stand.story(), ['disabled', 'disabled', null]);
    assert.equal(stand.hooks.length, 0);
  });

  it('fails where a link stands in the place of the folder, and is tried again', async (t) => {
    if (process.platform === 'win32') return;
    const stand = await enabled(t);
    await stand.change({ wish: 'disabled' });
    fs.renameSync(stand.folder, `${stand.folder}-elsewhere`);
    fs.symlinkSync(`${stand.folder}-elsewhere`, stand.folder);
    const [result, states, problem] = await stand.story();
    assert.deepEqual([result, states], ['failed', 'disabling -> enabled']);
    assert.match(problem ?? '', /is a symbolic link/);
    fs.rmSync(stand.folder);
    fs.renameSync(`${stand.folder}-elsewhere`, stand.folder);
    assert.equal((await stand.run()).result, 'later');
    stand.later(10 * MINUTE);
    assert.equal((await stand.run()).result, 'disabled');
  });
});

describe('a preview', () => {
  it('says what would be done, and does nothing', async (t) => {
    const stand = await Stand.make(t);
    const look = async () => previewTarget(stand.ports, await stand.get(), {});
    assert.deepEqual(await look(), { step: { kind: 'work', work: 'enable' }, problem: null });
    assert.deepEqual([stand.files(), stand.states, stand.hooks], [[], [], []]);
    await stand.run();
    assert.deepEqual(await look(), { step: { kind: 'nothing' }, problem: null });
    await stand.ca.revoke(LABEL, {});
    const { step, problem } = await look();
    assert.equal(step, null);
    assert.match(problem ?? '', /was revoked/);
  });
});
