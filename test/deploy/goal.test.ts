/** What a server gets, and what is never put beside its key. */
import assert from 'node:assert/strict';
import { extname } from 'node:path';
import { test } from 'node:test';
import { sequence } from '../../src/core/der.ts';
import { subjectAltName } from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { ecKey, oddCsr } from '../support/csr-odd.ts';
import { encodeExtension } from '../support/signed.ts';
import { LABEL, Stand } from './stand.ts';

test("a stranger's certificate under the label is not deployed: its key is not here", async (t) => {
  const stand = await Stand.make(t);
  assert.equal((await stand.run()).result, 'enabled');
  const before = stand.files().map((name) => [name, stand.read(name)]);
  assert.ok(before.some(([name]) => extname(name ?? '') === '.pem'));
  const names = sequence(encodeExtension(subjectAltName(parseNames([LABEL]), false)));
  const csr = oddCsr({ key: ecKey(), subject: `CN=${LABEL}`, attributes: [['1.2.840.113549.1.9.14', names]] });
  const { record } = await stand.ca.sign(csr, { force: true });
  const [result, , problem] = await stand.story();
  assert.equal(result, 'failed');
  assert.equal(problem, `the private key of the certificate ${record.serial} of "${LABEL}" is not in the home`);
  assert.deepEqual(
    stand.files().map((name) => [name, stand.read(name)]),
    before,
  );
});
