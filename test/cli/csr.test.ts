/** `csr create`, `csr show` and `csr accept` through the real program, with and without a CA in the home. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { writePkcs7 } from '../../src/formats/pkcs7.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { BAD_CSRS } from '../support/csr-odd.ts';
import { needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { countChanges, dieAt } from './killed-scenarios.ts';
import { assertNothingDone, assertRefused, inventory, posix, snapshot } from './support.ts';
import { Terminal } from './terminal.ts';

interface Made {
  readonly label: string;
  readonly files: readonly { readonly path: string; readonly mode: string }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

interface Accepted extends Made {
  readonly serial: string;
  readonly issuer: string;
  readonly complete: boolean;
  readonly changes: readonly { readonly code: string }[];
}

interface Place {
  readonly cwd: string;
  readonly home: string;
}

function newPlace(t?: TestContext): Place {
  const folder = temporaryFolder(t);
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  return { cwd, home: join(folder, 'home') };
}

let other: CertificateAuthority;
before(async () => {
  other = await CertificateAuthority.create(memoryHome(), { name: 'Other CA', intermediate: true }, systemAmbient);
});

const CSR = join('db.test', 'db.test.csr.pem');

/** What the other CA sends: the leaf, or the whole chain. */
async function answer({ cwd }: Place, csr = CSR, file = 'answer.crt', options = {}): Promise<string> {
  const { record, material } = await other.sign(readFileSync(join(cwd, csr)), { force: true, ...options });
  const all = [...material.roots, ...material.intermediates, record.certificate];
  writeFileSync(join(cwd, file), all.map((der) => encodePem('CERTIFICATE', der)).join(''));
  return file;
}

/** A request is on record, and its files are not in place. */
async function isCutShort(place: Place): Promise<boolean> {
  const { status, stdout } = await localCa(['csr', 'show', '--json'], place);
  return status === 0 && JSON.parse(stdout).length === 1 && !existsSync(join(place.cwd, CSR));
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('from a request in one home, over sign in another, to a server that clients trust', async (t) => {
  const place = newPlace(t);
  const ca = { ...place, home: join(place.cwd, 'ca') };
  await localCaJson(['init', '--yes', '--intermediate'], ca);
  const made = await localCaJson<Made>(['csr', 'create', 'localhost', '127.0.0.1', '--template', 'nginx'], place);
  assert.deepEqual(
    made.files.map(({ path, mode }) => [path.slice(place.cwd.length + 1), mode]),
    [
      ['localhost/localhost.csr.pem', '0644'],
      ['localhost/localhost.key.pem', '0600'],
    ],
  );
  await localCaJson(['sign', 'localhost/localhost.csr.pem', '--out', 'signed'], ca);
  const files = ['signed/localhost.crt.pem', 'signed/localhost.chain.pem', 'signed/ca.pem'];
  const accepted = await localCaJson<Accepted>(['csr', 'accept', ...files], place);
  assert.deepEqual(
    [accepted.complete, accepted.changes, accepted.warnings.filter(({ code }) => code !== 'template')],
    [true, [], []],
  );
  const folder = join(place.cwd, 'localhost');
  const read = (content: RegExp) => {
    const name = readdirSync(folder).find((file) => content.test(file));
    return readFileSync(join(folder, name as string));
  };
  const peer = await handshake(read(/(chain|fullchain).*pem$/), read(/key.*pem$/), read(/^ca.*(pem|crt)$/));
  assert.equal(peer, 'authorized');
});

function handshake(cert: Buffer, key: Buffer, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer({ cert, key }, (socket: TLSSocket) => socket.end());
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => {
        resolve(client.authorized ? 'authorized' : String(client.authorizationError));
        client.end();
        server.close();
      });
      client.on('error', reject);
    });
  });
}

describe('csr create', () => {
  test('makes a home without a CA, and keeps the key in it until the answer comes', async (t) => {
    const place = newPlace(t);
    const { stdout, stderr } = await localCa(['csr', 'create', 'db.test', '10.0.0.5', '--format', 'der'], place);
    assert.equal(stdout, 'db.test/db.test.csr.pem\ndb.test/db.test.csr.der\ndb.test/db.test.key.pem\n');
    assert.match(stderr, /^made a request for db\.test, 10\.0\.0\.5\n/);
    const [kept] = readdirSync(join(place.home, 'keys'));
    const key = readFileSync(join(place.cwd, 'db.test', 'db.test.key.pem'), 'utf8');
    assert.equal(readFileSync(join(place.home, 'keys', kept as string), 'utf8'), key);
    assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
    if (posix)
      assert.deepEqual([modeOf(place.home), modeOf(join(place.cwd, 'db.test', 'db.test.key.pem'))], ['700', '600']);
    await localCaJson(['csr', 'accept', await answer(place)], place);
    assert.deepEqual(readdirSync(join(place.home, 'keys')), []);
    assert.deepEqual(readdirSync(join(place.home, 'ca')), []);
  });

  test('with a name that no certificate can carry makes no home', async (t) => {
    const place = newPlace(t);
    const before = snapshot(place.cwd);
    await assertRefused(['csr', 'create', 'a..b'], place, { code: 'LOCAL_CA_NAME_INVALID', says: 'a..b' });
    await assertRefused(['csr', 'create'], place, {
      code: 'LOCAL_CA_ANSWER_MISSING',
      says: 'no name',
      hint: /--renew LABEL/,
    });
    writeFileSync(join(place.cwd, 'file'), '');
    await assertRefused(['csr', 'create', 'db.test', '--out', 'file'], place, {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: 'file',
    });
    rmSync(join(place.cwd, 'file'));
    assert.deepEqual([existsSync(place.home), snapshot(place.cwd)], [false, before]);
  });

  for (const [what, next] of [
    ['doctor --repair', ['doctor', '--repair']],
    ['csr create', ['csr', 'create', 'other.test']],
  ] as const) {
    test(`killed before its files are in place, ${what} completes it`, { skip: !posix }, async (t) => {
      const place = newPlace(t);
      const command = ['csr', 'create', 'db.test'];
      const changes = await countChanges(command, { ...place, home: `${place.home}0` });
      rmSync(join(place.cwd, 'db.test'), { recursive: true });
      // The last is the move into place, or what SQLite's home does as it is closed.
      for (let at = changes; !(await isCutShort(place)); at--) {
        assert.ok(at > 0, 'no change is between the record and the files');
        rmSync(place.home, { recursive: true, force: true });
        rmSync(join(place.cwd, 'db.test'), { recursive: true, force: true });
        await localCa(command, { ...place, env: dieAt(at) });
      }
      const { stdout } = await localCa(['doctor'], place);
      assert.match(stdout, /^error unfinished: \/.*db\.test is unfinished: a run was killed that had recorded it$/m);
      await localCaJson(next, place);
      assert.ok(existsSync(join(place.cwd, 'db.test', 'db.test.key.pem')));
      assert.equal((await localCa(['doctor'], place)).status, 0);
      await localCaJson(['csr', 'accept', await answer(place)], place);
    });
  }

  test('lets another key be where it is', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await assertNothingDone(['csr', 'create', 'db.test'], place, {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: 'db.test.key.pem is another private key',
      hint: /--out/,
    });
    const { warnings } = await localCaJson<Made>(['csr', 'create', 'db.test', '--force'], place);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['waiting'],
    );
  });

  test('takes a key that exists, and puts a challenge password into the request', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    writeFileSync(join(place.cwd, 'challenge'), 'open sesame\n');
    const args = ['--key', 'db.test/db.test.key.pem', '--challenge-password-file', 'challenge', '--out', 'again'];
    await localCaJson(['csr', 'create', 'db.test', ...args], place);
    assert.deepEqual(
      readFileSync(join(place.cwd, 'again', 'db.test.key.pem')),
      readFileSync(join(place.cwd, 'db.test', 'db.test.key.pem')),
    );
    const shown = await localCa(['csr', 'show', 'again/db.test.csr.pem'], place);
    assert.match(shown.stdout, /challengePassword: \(not shown\)/);
  });

  test('as one of several at once makes one home', async (t) => {
    const place = newPlace(t);
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}.test`);
    await Promise.all(names.map((name) => localCaJson(['csr', 'create', name], place)));
    const waiting = await localCaJson<{ label: string }[]>(['csr', 'show'], place);
    assert.deepEqual(waiting.map(({ label }) => label).sort(), names);
    assert.equal(readdirSync(join(place.home, 'keys')).length, 4);
  });

  const wrong = [
    [['db.test', '--renew', 'db.test'], 'LOCAL_CA_OPTION_INVALID', 'together with names'],
    [['db.test', '--new-key'], 'LOCAL_CA_OPTION_INVALID', '--new-key was given without --renew'],
    [['--renew', 'no.test'], 'LOCAL_CA_NOT_FOUND', 'no.test'],
    [['db.test', '--key', 'missing.pem'], 'LOCAL_CA_INPUT_FAILED', 'missing.pem'],
    [['db.test', '--template', 'nothing'], 'LOCAL_CA_TEMPLATE_UNKNOWN', 'nothing'],
    [['db.test', '--key-type', 'rsa-1'], 'LOCAL_CA_KEY_TYPE_UNKNOWN', 'rsa-1'],
    [['db.test', '--subject', 'C=Germany'], 'LOCAL_CA_SUBJECT_INVALID', "the subject's C has 7 characters"],
  ] as const;
  for (const [args, code, says] of wrong) {
    test(`refuses ${args.join(' ')}`, async (t) => {
      const place = newPlace(t);
      await localCaJson(['init', '--yes'], place);
      await assertNothingDone(['csr', 'create', ...args], place, { code, says });
    });
  }
});

describe('csr show', () => {
  test('tells who has not the key, with exit 3', async (t) => {
    const place = newPlace(t);
    const bad = BAD_CSRS.find(({ title }) => title === 'broken signature');
    writeFileSync(join(place.cwd, 'bad.csr'), bad?.make() as Uint8Array);
    const { status, stdout, stderr } = await localCa(['csr', 'show', 'bad.csr'], place);
    assert.equal(status, 3);
    assert.match(stdout, /^signed with +ECDSA with SHA-256, NOT BY ITS OWN KEY$/m);
    assert.match(stderr, /no CA should sign it/);
    const json = await localCa(['csr', 'show', 'bad.csr', '--json'], place);
    assert.deepEqual([json.status, JSON.parse(json.stdout).proofOfPossession], [3, false]);
    assert.equal(existsSync(place.home), false);
  });

  test('says what a request asks for, and what waits', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test', '10.0.0.5', '--profile', 'peer'], place);
    const shown = await localCaJson<Record<string, unknown>>(['csr', 'show', CSR], place);
    assert.deepEqual(
      [shown.subject, shown.names, shown.extendedKeyUsage, shown.proofOfPossession],
      ['CN=db.test', ['db.test', '10.0.0.5'], ['serverAuth', 'clientAuth'], true],
    );
    const { stdout } = await localCa(['csr', 'show'], place);
    assert.match(
      stdout,
      /^LABEL +SINCE +NAMES .*\ndb\.test +\d{4}-\d\d-\d\d +db\.test, 10\.0\.0\.5 +peer +p256 +\/.*db\.test$/m,
    );
    assert.match((await localCa(['status'], place)).stdout, /db\.test +request +waiting/);
  });

  test('refuses what is no request', async (t) => {
    const place = newPlace(t);
    writeFileSync(join(place.cwd, 'note.txt'), 'hello');
    await assertRefused(['csr', 'show', 'note.txt'], place, { code: 'LOCAL_CA_INPUT_UNKNOWN', says: 'note.txt' });
    await assertRefused(['csr', 'show', 'missing'], place, { code: 'LOCAL_CA_INPUT_FAILED', says: 'missing' });
    await assertRefused(['csr', 'show'], place, { code: 'LOCAL_CA_HOME_MISSING', says: place.home });
  });
});

describe('csr drop', () => {
  test('forgets the request and its key, and leaves its files', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    const before = snapshot(place.cwd);
    const { status, stdout, stderr } = await localCa(['csr', 'drop', 'db.test'], place);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^[0-9a-f]{32}\n$/);
    assert.match(
      stderr,
      /^dropped the request for db\.test\n {2}its key has left the home\n {2}the files of the request stay where/,
    );
    assert.deepEqual(snapshot(place.cwd), before);
    assert.deepEqual([readdirSync(join(place.home, 'keys')), await localCaJson(['csr', 'show'], place)], [[], []]);
    await assertNothingDone(['csr', 'drop', 'db.test'], place, { code: 'LOCAL_CA_NOT_FOUND', says: '"db.test"' });
    await assertNothingDone(['csr', 'accept', await answer(place)], place, {
      code: 'LOCAL_CA_KEY_MISMATCH',
      says: 'none waits',
    });
  });

  test('one of several with a label is named by its id, which csr show tells', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['csr', 'create', 'db.test', '--out', 'again'], place);
    const refusal = { code: 'LOCAL_CA_AMBIGUOUS', says: '2 requests wait', hint: /id/ } as const;
    await assertNothingDone(['csr', 'drop', 'db.test'], place, refusal);
    const [first, second] = await localCaJson<{ id: string; folder: string }[]>(['csr', 'show'], place);
    const dropped = await localCaJson<Record<string, unknown>>(['csr', 'drop', first?.id.slice(0, 8) as string], place);
    assert.deepEqual(
      [dropped.id, dropped.label, dropped.folder, dropped.keyKept],
      [first?.id, 'db.test', first?.folder, false],
    );
    assert.deepEqual(await localCaJson(['csr', 'show'], place), [second]);
  });

  test('at a terminal asks first', { skip: !posix }, async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    const terminal = await Terminal.open(t, 'csr drop db.test', place);
    await terminal.answer('Drop it', 'n');
    assert.equal(await terminal.status(), 130);
    assert.equal((await localCaJson<unknown[]>(['csr', 'show'], place)).length, 1);
  });

  test('makes no home', async (t) => {
    const place = newPlace(t);
    await assertRefused(['csr', 'drop', 'db.test'], place, { code: 'LOCAL_CA_HOME_MISSING', says: place.home });
    assert.equal(existsSync(place.home), false);
  });
});

describe('csr accept', () => {
  async function waiting(t: TestContext): Promise<Place> {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    return place;
  }

  test('refuses an answer for another key, and the request and its key stay', async (t) => {
    const place = await waiting(t);
    await localCaJson(['csr', 'create', 'x.test'], { ...place, home: join(place.cwd, 'elsewhere') });
    const file = await answer(place, join('x.test', 'x.test.csr.pem'));
    await assertNothingDone(['csr', 'accept', file], place, {
      code: 'LOCAL_CA_KEY_MISMATCH',
      says: 'CN=x.test was not made from a request that waits here; these wait: db.test',
    });
    assert.equal(readdirSync(join(place.home, 'keys')).length, 1);
  });

  test('refuses a PKCS#7 without the leaf', async (t) => {
    const place = await waiting(t);
    writeFileSync(join(place.cwd, 'chain.p7b'), writePkcs7(other.chain.map(({ certificate }) => certificate)));
    await assertNothingDone(['csr', 'accept', 'chain.p7b'], place, {
      code: 'LOCAL_CA_ANSWER_NO_LEAF',
      says: 'only CA certificates: CN=Other CA intermediate; CN=Other CA',
    });
  });

  test('refuses a certificate that its CA did not sign', async (t) => {
    const place = await waiting(t);
    const file = join(place.cwd, await answer(place));
    const [, , leaf] = readFileSync(file, 'utf8').split(/(?=-----BEGIN)/);
    const der = Buffer.from((leaf ?? '').replace(/-----.*-----|\s/g, ''), 'base64');
    der[der.length - 1] = (der.at(-1) as number) ^ 1;
    const intermediate = encodePem('CERTIFICATE', other.chain[0]?.certificate as Uint8Array);
    writeFileSync(file, encodePem('CERTIFICATE', der) + intermediate);
    await assertNothingDone(['csr', 'accept', file], place, {
      code: 'LOCAL_CA_ANSWER_SIGNATURE',
      says: 'CN=db.test was not signed by CN=Other CA intermediate',
    });
  });

  const files: readonly (readonly [
    name: string,
    text: string | Uint8Array,
    code: 'LOCAL_CA_INPUT_UNKNOWN' | 'LOCAL_CA_ANSWER_NO_LEAF',
    says: string,
  ])[] = [
    ['empty.crt', '', 'LOCAL_CA_INPUT_UNKNOWN', 'empty.crt'],
    ['page.crt', '<html>Log in first</html>', 'LOCAL_CA_INPUT_UNKNOWN', 'page.crt'],
  ];
  for (const [name, content, code, says] of files) {
    test(`refuses ${name}`, async (t) => {
      const place = await waiting(t);
      writeFileSync(join(place.cwd, name), content);
      await assertNothingDone(['csr', 'accept', name], place, { code, says });
    });
  }

  test('refuses the request itself, no file, and a second time', async (t) => {
    const place = await waiting(t);
    await assertNothingDone(['csr', 'accept', CSR], place, { code: 'LOCAL_CA_ANSWER_NO_LEAF', says: 'no certificate' });
    await assertNothingDone(['csr', 'accept'], place, { code: 'LOCAL_CA_ANSWER_MISSING', says: 'no file' });
    const file = await answer(place);
    await localCaJson(['csr', 'accept', file], place);
    await assertNothingDone(['csr', 'accept', file], place, {
      code: 'LOCAL_CA_KEY_MISMATCH',
      says: 'is on record already',
    });
  });

  test('completes a chain whose upper part comes later, with the key from the folder', async (t) => {
    const place = newPlace(t);
    const ca = { ...place, home: join(place.cwd, 'ca') };
    await localCaJson(['init', '--yes', '--intermediate'], ca);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['sign', CSR, '--out', 'signed'], ca);
    const first = await localCaJson<Accepted>(['csr', 'accept', 'signed/db.test.crt.pem'], place);
    assert.equal(first.complete, false);
    const later = ['signed/db.test.crt.pem', 'signed/db.test.chain.pem', 'signed/ca.pem'];
    const second = await localCaJson<Accepted>(['csr', 'accept', ...later], place);
    assert.deepEqual([second.complete, second.serial], [true, first.serial]);
    const roots = readFileSync(join(place.cwd, 'signed', 'ca.pem'), 'utf8');
    assert.equal(readFileSync(join(place.cwd, 'db.test', 'ca.pem'), 'utf8'), roots);
    const sent = readFileSync(join(place.cwd, 'db.test', 'db.test.chain.pem'), 'utf8');
    assert.equal(sent.match(/BEGIN CERTIFICATE/g)?.length, 2);
    await assertNothingDone(['csr', 'accept', ...later.slice(0, 2)], place, {
      code: 'LOCAL_CA_KEY_MISMATCH',
      says: 'is on record already',
    });
  });

  test('refuses the answer before for a renewal, which waits on', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test', '--keep-key'], place);
    const file = await answer(place);
    await localCaJson(['csr', 'accept', file], place);
    await localCaJson(['csr', 'create', '--renew', 'db.test'], place);
    const refusal = { code: 'LOCAL_CA_ANSWER_OLD', says: 'the request for "db.test" still waits' } as const;
    await assertNothingDone(['csr', 'accept', file], place, refusal);
    await assertNothingDone(['csr', 'accept', file, '--force'], place, refusal);
    assert.equal((await localCaJson<unknown[]>(['csr', 'show'], place)).length, 1);
    await localCaJson(['csr', 'accept', await answer(place, CSR, 'new.crt')], place);
    assert.deepEqual(await localCaJson(['csr', 'show'], place), []);
  });

  test('takes what waits, and not the certificate before that came with it', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    const before = await localCaJson<Accepted>(['csr', 'accept', await answer(place, CSR, 'old.crt')], place);
    await localCaJson(['csr', 'create', '--renew', 'db.test', '--new-key'], place);
    const files = ['old.crt', await answer(place, CSR, 'new.crt')];
    const all = files.map((file) => readFileSync(join(place.cwd, file), 'utf8')).join('');
    writeFileSync(join(place.cwd, 'all.pem'), all);
    const after = await localCaJson<Accepted>(['csr', 'accept', 'all.pem', '--ca', 'old.crt'], place);
    assert.notEqual(after.serial, before.serial);
    assert.deepEqual(await localCaJson(['csr', 'show'], place), []);
  });

  test('takes what waits, and not the certificate of another label that came with it', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['csr', 'accept', await answer(place, CSR, 'db.crt')], place);
    await localCaJson(['csr', 'create', 'e.test'], place);
    const file = await answer(place, join('e.test', 'e.test.csr.pem'), 'e.crt');
    const { label } = await localCaJson<Accepted>(['csr', 'accept', 'db.crt', file, '--ca', 'db.crt'], place);
    assert.equal(label, 'e.test');
    assert.deepEqual(await localCaJson(['csr', 'show'], place), []);
  });

  test('that cannot write its files changes nothing, and can be done again', async (t) => {
    const place = await waiting(t);
    const file = await answer(place);
    writeFileSync(join(place.cwd, 'db.test', 'ca.pem'), 'mine\n');
    await assertNothingDone(['csr', 'accept', file], place, { code: 'LOCAL_CA_OUTPUT_EXISTS', says: 'ca.pem' });
    const { stderr } = await localCa(['csr', 'accept', file, '--force'], place);
    assert.match(stderr, /^accepted db\.test\n/);
  });

  test('says what the CA changed', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test', '10.0.0.5'], place);
    const file = await answer(place, CSR, 'answer.crt', { names: ['db.test'], days: 30, profile: 'client' });
    const { stderr, status } = await localCa(['csr', 'accept', file], place);
    assert.equal(status, 0);
    assert.match(stderr, /warning: the CA left out 10\.0\.0\.5/);
    assert.match(stderr, /warning: it lives 30 days/);
    assert.match(stderr, /warning: it is not good for serverAuth/);
    assert.match(stderr, /signed by CN=Other CA intermediate$/m);
  });

  test('takes a certificate whose request was made elsewhere, into a home that is not there yet', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], { ...place, home: join(place.cwd, 'elsewhere') });
    const file = await answer(place);
    const key = join('db.test', 'db.test.key.pem');
    const args = ['csr', 'accept', file, '--key', key, '--label', 'db', '--format', 'p12', '--keep-key'];
    const accepted = await localCaJson<Accepted>(args, place);
    assert.equal(accepted.label, 'db');
    assert.ok(existsSync(join(place.cwd, 'db', 'db.p12')));
    assert.equal(readdirSync(join(place.home, 'keys')).length, 1);
    // And now that it is on record:
    await localCaJson(['export', 'db', '--out', 'again'], place);
    assert.ok(existsSync(join(place.cwd, 'again', 'db.key.pem')));
    assert.deepEqual(await inventory(place.home), [`db ${accepted.serial} valid`]);
  });
});

describe('a certificate of another CA is renewed', () => {
  test('with its key, into the place where its files are', async (t) => {
    const place = newPlace(t);
    await localCaJson(
      ['csr', 'create', 'db.test', '10.0.0.5', '--template', 'nginx', '--subject', '/CN=db.test/C=US'],
      place,
    );
    await localCaJson(['csr', 'accept', await answer(place), '--zip', 'db.zip'], place);
    const key = readFileSync(join(place.cwd, 'db.test', 'db.test.key.pem'), 'utf8');
    const elsewhere = join(place.cwd, 'elsewhere');
    mkdirSync(elsewhere);
    const made = await localCaJson<Made>(['csr', 'create', '--renew', 'db.test'], { ...place, cwd: elsewhere });
    assert.deepEqual(
      made.files.map(({ path }) => path),
      [join(place.cwd, CSR)],
    );
    rmSync(join(place.cwd, 'db.zip'));
    const file = join(place.cwd, await answer(place));
    const accepted = await localCaJson<Accepted>(['csr', 'accept', file], { ...place, cwd: elsewhere });
    assert.deepEqual(
      accepted.warnings.filter(({ code }) => code !== 'template'),
      [],
    );
    assert.equal(readFileSync(join(place.cwd, 'db.test', 'db.test.key.pem'), 'utf8'), key);
    assert.ok(existsSync(join(place.cwd, 'db.zip')));
    assert.deepEqual(readdirSync(elsewhere), []);
    const states = (await inventory(place.home)).map((line) => line.split(' ')[2]);
    assert.deepEqual(states, ['superseded', 'valid']);
  });

  test('with a new key, which takes its place together with its certificate', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['csr', 'accept', await answer(place)], place);
    const before = snapshot(join(place.cwd, 'db.test'));
    await localCaJson(['csr', 'create', '--renew', 'db.test', '--new-key'], place);
    const key = join('db.test.key.pem');
    assert.equal(snapshot(join(place.cwd, 'db.test'))[key], before[key]);
    await localCaJson(['csr', 'accept', await answer(place)], place);
    assert.notEqual(snapshot(join(place.cwd, 'db.test'))[key], before[key]);
  });

  test('and renew says how', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['csr', 'accept', await answer(place)], place);
    const { stderr } = await localCa(['renew', 'db.test'], place);
    assert.match(stderr, /another CA\n.*csr create --renew db\.test/);
  });
});

describe('init in a home where requests wait', () => {
  test('makes the CA there, with its first certificate, and the requests stay', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    const made = await localCaJson<{ root: { certificate: string } }>(['init', '--yes', 'web.test'], place);
    assert.ok(existsSync(made.root.certificate));
    assert.ok(existsSync(join(place.cwd, 'web.test', 'web.test.key.pem')));
    assert.equal((await localCaJson<unknown[]>(['csr', 'show'], place)).length, 1);
    await localCaJson(['issue', 'more.test'], place);
    await localCaJson(['csr', 'accept', await answer(place)], place);
    assert.equal((await inventory(place.home)).length, 3);
    await assertRefused(['init', '--yes'], place, { code: 'LOCAL_CA_HOME_EXISTS', says: place.home });
  });

  test('that fails leaves no CA behind', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await assertNothingDone(['init', '--yes', '--permit', '.internal', 'web.test'], place, {
      code: 'LOCAL_CA_CONSTRAINT',
      says: 'web.test',
    });
    assert.deepEqual(readdirSync(join(place.home, 'ca')), []);
  });

  test('of several at once, one makes the CA', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    const all = await Promise.all([1, 2, 3].map(() => localCa(['init', '--yes', '--json'], place)));
    assert.deepEqual(all.map(({ status }) => status).sort(), [0, 1, 1]);
    assert.equal(readdirSync(join(place.home, 'ca')).filter((name) => name.endsWith('.key.pem')).length, 1);
  });

  test('without one, what signs says so', async (t) => {
    const place = newPlace(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    for (const args of [
      ['issue', 'a.test'],
      ['sign', CSR],
      ['export', '--ca'],
    ]) {
      await assertRefused(args, place, {
        code: 'LOCAL_CA_HOME_MISSING',
        says: 'there is no CA here yet',
        hint: /local-ca init/,
      });
    }
    assert.deepEqual(await localCaJson(['list'], place), []);
  });
});
