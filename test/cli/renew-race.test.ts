/** Two runs that renew the same label at once: the files are those of the certificate that is on record as the newest. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { Io } from '../../src/cli/io.ts';
import { rebuildAll } from '../../src/cli/rebuild.ts';
import { renewOne } from '../../src/cli/renewal.ts';
import type { Session } from '../../src/cli/session.ts';
import { type Home, openHome } from '../../src/store/home.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
let made = 0;

async function place() {
  const cwd = join(folder, `work-${made++}`);
  mkdirSync(cwd);
  const at = { cwd, home: `${cwd}-home` };
  await localCaJson(['init', '--yes'], at);
  await localCaJson(['issue', 'a.test', '--format', 'pem,p12', '--zip', 'a.zip'], at);
  return at;
}

type Place = Awaited<ReturnType<typeof place>>;

/** Key and certificate belong together, and are those on record; and nobody left anything. */
async function assertInOrder(at: Place): Promise<string> {
  const { serial } = await localCaJson<{ serial: string }>(['show', 'a.test'], at);
  const certificate = new X509Certificate(readFileSync(join(at.cwd, 'a.test', 'a.test.crt.pem')));
  assert.equal(certificate.serialNumber.toLowerCase().padStart(32, '0'), serial);
  const key = createPublicKey(createPrivateKey(readFileSync(join(at.cwd, 'a.test', 'a.test.key.pem'))));
  assert.ok(certificate.publicKey.equals(key));
  assert.deepEqual((await localCaJson<{ findings: unknown[] }>(['doctor'], at)).findings, []);
  return serial;
}

/** Work in this process, with another run of the same label between its record and its files. */
async function overtaken<T>(at: Place, work: (session: Session, io: Io) => Promise<T>) {
  const stream = new PassThrough();
  const options = { json: false, quiet: false, verbose: false, yes: false, color: false };
  const io = new Io(options, { stdout: stream, stderr: stream, stdin: stream } as unknown as NodeJS.Process);
  const home = await openHome(at.home);
  const slow: Home = {
    ...home,
    exclusively: async (inside) => {
      await localCaJson(['renew', 'a.test', '--new-key'], at);
      return home.exclusively(inside);
    },
  };
  try {
    const ca = await CertificateAuthority.open(slow, { ambient: systemAmbient });
    const result = await work({ home: slow, ca }, io);
    return { result, said: String(stream.read() ?? '') };
  } finally {
    await home.close();
  }
}

const contextOf = (at: Place, io: Io) => ({ io, ambient: systemAmbient, home: at.home, env: {} });

test('who is overtaken between record and files leaves the files to the other, and says so', async () => {
  const at = await place();
  const { result, said } = await overtaken(at, async (session, io) => {
    const record = await session.ca.get('a.test');
    const [placement] = await session.home.store.placements();
    return renewOne(contextOf(at, io), session, { record, placement }, { newKey: true });
  });
  const serial = await assertInOrder(at);
  assert.notEqual(result.issued.record.serial, serial);
  assert.deepEqual([result.delivery.files, result.delivery.zip], [[], null]);
  const words = said.replace(/\s+/g, ' ');
  assert.match(
    words,
    new RegExp(`another run has renewed a\\.test at the same time: its files are those of ${serial}`),
  );
});

test('files are not made again of a certificate that was renewed meanwhile', async () => {
  const at = await place();
  const { result } = await overtaken(at, (session, io) => rebuildAll(contextOf(at, io), session));
  await assertInOrder(at);
  assert.deepEqual(
    result.map(({ why }) => why),
    ['a.test was renewed by another run meanwhile'],
  );
});

test('of processes at once, files and record are of one run', async () => {
  const at = await place();
  for (let round = 0; round < 6; round++) {
    const runs = Array.from({ length: 3 }, () => localCa(['renew', 'a.test', '--new-key'], at));
    for (const { status, stderr } of await Promise.all(runs)) assert.equal(status, 0, stderr);
    await assertInOrder(at);
  }
  assert.deepEqual(readdirSync(at.cwd).sort(), ['a.test', 'a.zip']);
});
