import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { findAuthority } from '../../src/authority/find-authority.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { rejectsCode } from '../support/throws.ts';

test('an authority by its serial or the start of one, unless something else is meant', async () => {
  const home = memoryHome();
  const ca = await CertificateAuthority.create(home, { name: 'Test CA' }, systemAmbient);
  const { id } = ca.root;
  const start = id.slice(0, 6);
  const find = async (wanted: string) => (await findAuthority(home.store, wanted))?.id;
  assert.equal(await find(start), id);
  assert.equal(await find(id.toUpperCase().replace(/..(?=.)/g, '$&:')), id);
  assert.equal(await find(id.slice(0, 3)), undefined);
  assert.equal(await find('root'), undefined);
  const { record } = await ca.issue({ names: ['a.test'] });
  const twin = { ...record, label: 'twin', serial: `${start}${'0'.repeat(26)}` };
  await home.store.write([{ kind: 'certificate', record: twin }]);
  const message = new RegExp(`^2 serials start with ${start}$`);
  await rejectsCode(() => find(start), 'LOCAL_CA_AMBIGUOUS', message);
  await rejectsCode(() => ca.revoke(start), 'LOCAL_CA_AMBIGUOUS', message);
  assert.equal(await find(twin.serial), undefined);
  await ca.issue({ names: ['b.test'], label: start });
  assert.equal(await find(start), undefined, 'a label stands before the start of a serial');
});
