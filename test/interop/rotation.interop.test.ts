/**
 * A root is replaced: clients that know the old one, the new one or both, against servers whose files are from before, were
 * made again, or have a new certificate. docs/renewing.md shows this as a table.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { generate, ROOT, selfSign } from './foreign-authorities.ts';
import { type Meeting, Succession, testMeeting } from './succession.ts';
import { closeWorkers } from './verifiers/workers.ts';

after(closeWorkers);

const certificatesIn = (file: string) => readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;

/** It looks for no shorter path, and takes all that is sent; Java's TLS does look. */
const LITERAL = ['Java CertPathValidator'];

/** The folders that `rotate` leaves: servers, then clients. */
const MEETINGS: readonly Meeting[] = [
  { title: 'files from before, the old root', server: 'server-before', client: 'client-before', accepted: true },
  { title: 'files from before, both roots', server: 'server-before', client: 'client-both', accepted: true },
  { title: 'files from before, the new root', server: 'server-before', client: 'client-after', accepted: false },
  { title: 'files made again, the old root', server: 'server-again', client: 'client-before', accepted: true },
  { title: 'files made again, both roots', server: 'server-again', client: 'client-both', accepted: true },
  { title: 'files made again, the new root', server: 'server-again', client: 'client-after', accepted: false },
  { title: 'a new certificate, the old root', server: 'server-renewed', client: 'client-before', accepted: true },
  { title: 'a new certificate, both roots', server: 'server-renewed', client: 'client-both', accepted: true },
  {
    title: 'a new certificate, the new root',
    server: 'server-renewed',
    client: 'client-after',
    accepted: true,
    but: LITERAL,
  },
  { title: 'afterwards, the old root', server: 'server-after', client: 'client-before', accepted: false },
  { title: 'afterwards, both roots', server: 'server-after', client: 'client-both', accepted: true },
  { title: 'afterwards, the new root', server: 'server-after', client: 'client-after', accepted: true },
];

interface Root {
  readonly serial: string;
}

async function rotate(succession: Succession, role: readonly string[] = []): Promise<void> {
  succession.keep('server', 'server-before');
  succession.keep('client', 'client-before');
  const [{ serial: old }] = await succession.run<[Root]>(['renew', '--ca', 'root', '--dry-run']);
  await succession.renewAuthority([...role, '--new-key']);
  succession.keep('server', 'server-again');
  succession.keep('client', 'client-both');
  await succession.renew();
  succession.keep('server', 'server-renewed');
  await succession.run(['revoke', old, '--reason', 'superseded']);
  await succession.renew();
  succession.keep('server', 'server-after');
  await succession.exportTo('client');
  succession.keep('client', 'client-after');
}

for (const keyType of ['p256', 'rsa-2048']) {
  describe(`a root of ${keyType}`, () => {
    const succession = new Succession(temporaryFolder(), keyType);
    before(async () => {
      await succession.begin('--key-type', keyType);
      await rotate(succession);
    });
    for (const meeting of MEETINGS) testMeeting(succession, meeting);

    test('trust files hold both roots while it lasts, and the new one alone afterwards', () => {
      assert.equal(certificatesIn(join(succession.at('client-before'), 'ca.pem')), 1);
      assert.equal(certificatesIn(join(succession.at('client-both'), 'ca.pem')), 2);
      assert.equal(certificatesIn(join(succession.at('client-after'), 'ca.pem')), 1);
    });

    test('servers send the cross certificate while it lasts', () => {
      const sent = (name: string) => certificatesIn(join(succession.at(name), 'server.chain.pem'));
      assert.deepEqual(['server-again', 'server-renewed', 'server-after'].map(sent), [1, 2, 1]);
    });

    test('the key store holds the chain that is sent', async (t) => {
      if (!needs(t, 'keytool')) return;
      for (const type of ['jks', 'p12']) {
        const store = join(succession.at('server-renewed'), `server.${type}`);
        const list = await must('keytool', ['-list', '-v', '-keystore', store, '-storepass', 'changeit']);
        assert.match(list, /Certificate chain length: 2/);
      }
    });
  });
}

describe('a root above an intermediate that stays', () => {
  const succession = new Succession(temporaryFolder());
  before(async () => {
    await succession.begin('--intermediate');
    await rotate(succession, ['root']);
  });
  // Its key stays, and so the files that are made again lead to the new root, too.
  for (const meeting of MEETINGS) {
    const leads = meeting.server === 'server-again' && meeting.client === 'client-after';
    testMeeting(succession, leads ? { ...meeting, accepted: true, but: LITERAL } : meeting);
  }
});

describe('a root and its intermediate', () => {
  const succession = new Succession(temporaryFolder());
  before(async () => {
    await succession.begin('--intermediate');
    await rotate(succession);
  });
  for (const meeting of MEETINGS) testMeeting(succession, meeting);
});

/** Of those that count a cross certificate as a CA of its own, though it is self-issued (RFC 5280 4.2.1.9). */
const COUNTING = ['GnuTLS', 'Go', 'Python cryptography'];

describe('a root without room for a cross certificate', () => {
  const folder = temporaryFolder();
  const succession = new Succession(folder);
  before(async () => {
    mkdirSync(succession.at('foreign'));
    await generate(succession.at('foreign'));
    const extensions = ROOT.map((one) => (one.startsWith('basic') ? `${one},pathlen:0` : one));
    const { certificate, key } = await selfSign(succession.at('foreign'), extensions);
    await succession.begin('--from-cert', certificate, '--from-key', key);
    await rotate(succession);
  });
  const [renewed] = MEETINGS.filter(({ title }) => title === 'a new certificate, the old root');
  testMeeting(succession, { ...(renewed as Meeting), but: COUNTING });
});

describe('a root that is replaced while it still takes the place of another', () => {
  const succession = new Succession(temporaryFolder());
  before(async () => {
    await succession.begin();
    succession.keep('client', 'client-first');
    await succession.renewAuthority(['--new-key']);
    await succession.renew();
    succession.keep('server', 'server-second');
    await succession.exportTo('client-second');
    await succession.renewAuthority(['--new-key']);
    await succession.renew();
    await succession.exportTo('client-all');
  });

  const meetings: readonly Meeting[] = [
    { title: 'the third, a client of the second', server: 'server', client: 'client-second', accepted: true },
    { title: 'the third, a client of all', server: 'server', client: 'client-all', accepted: true },
    { title: 'the second, a client of all', server: 'server-second', client: 'client-all', accepted: true },
    {
      title: 'the third, a client of the first',
      server: 'server',
      client: 'client-first',
      accepted: true,
    },
  ];
  for (const meeting of meetings) testMeeting(succession, meeting);
});
