/** Whoever may write in a folder can put a pipe there, which nobody ever writes into: no command waits for it. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { must } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { posix } from './support.ts';

const LABEL = 'web.example.test';
const cwd = temporaryFolder();
const options: CliOptions = { home: join(cwd, 'home'), cwd, timeout: 30_000 };
const at = (name: string) => join(cwd, 'tls', name);

/** A pipe in the place of a file, until `action` is done. */
async function piped(name: string, action: () => Promise<void>): Promise<void> {
  fs.renameSync(at(name), at('kept'));
  await must('mkfifo', [at(name)]);
  try {
    await action();
  } finally {
    fs.renameSync(at('kept'), at(name));
  }
}

describe('a pipe in a deployed folder', { skip: !posix }, () => {
  before(async () => {
    await localCaJson(['init', '--yes'], options);
    await localCaJson(['issue', LABEL, '--template', 'nginx', '--out', 'tls'], options);
    await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
    await localCaJson(['deploy', 'run'], options);
  });

  test('in the place of the manifest is none', () =>
    piped('.local-ca.json', async () => {
      const { status, stderr } = await localCa(['deploy', 'run'], options);
      // The files are the very ones that it would write.
      assert.equal(status, 0, stderr);
      assert.equal(fs.lstatSync(at('.local-ca.json')).isFile(), true);
      const examined = await localCa(['doctor'], options);
      assert.ok([0, 1, 3].includes(examined.status), examined.stderr);
    }));

  for (const name of [`${LABEL}.key.pem`, `${LABEL}.chain.pem`]) {
    test(`in the place of ${name} holds nothing`, () =>
      piped(name, async () => {
        const examined = await localCa(['doctor'], options);
        assert.ok([0, 1, 3].includes(examined.status), examined.stderr);
        const { status, stderr } = await localCa(['deploy', 'run'], options);
        assert.equal(status, 1, stderr);
        assert.match(stderr, /exists, and local-ca did not put it there/);
        const added = await localCa(['deploy', 'add', LABEL, '--to', 'tls'], options);
        assert.equal(added.status, 0, added.stderr);
      }));
  }
});
