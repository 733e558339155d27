import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { describe, it } from 'node:test';
import { findOwner } from '../../src/deploy/owner.ts';
import { rejectsCode } from '../support/throws.ts';

const posix = process.platform !== 'win32';
const asRoot = process.geteuid?.() !== 0 && 'only root may give files away';

describe('findOwner', { skip: !posix }, () => {
  const own = { uid: process.geteuid?.(), gid: process.getegid?.() };

  it('knows ourselves, by name and by number', async () => {
    for (const user of [userInfo().username, String(own.uid)]) assert.deepEqual(await findOwner({ user }), own);
    assert.deepEqual(await findOwner({ group: String(own.gid) }), own);
    assert.deepEqual(await findOwner({}), own);
  });

  it('knows users and groups of the system, and numbers without a name', { skip: asRoot }, async () => {
    const daemon = await findOwner({ user: 'daemon' });
    assert.ok(daemon.uid > 0 && daemon.gid > 0);
    assert.deepEqual(await findOwner({ user: String(daemon.uid) }), daemon);
    assert.deepEqual(await findOwner({ user: 'daemon', group: String(own.gid) }), { uid: daemon.uid, gid: own.gid });
    assert.deepEqual(await findOwner({ user: '54321', group: 'daemon' }), { uid: 54321, gid: daemon.gid });
  });

  it('reads the local lists where there is no getent', { skip: asRoot }, async (t) => {
    const { PATH } = process.env;
    const daemon = await findOwner({ user: 'daemon', group: 'daemon' });
    t.after(() => {
      process.env.PATH = PATH;
    });
    process.env.PATH = '/nowhere';
    assert.deepEqual(await findOwner({ user: 'daemon', group: 'daemon' }), daemon);
    await rejectsCode(() => findOwner({ user: 'no-such-user' }), 'LOCAL_CA_OWNER_UNKNOWN', /no user "no-such-user"/);
  });

  for (const user of ['no-such-user', '', '-h', 'root:x', 'root\nroot', '4294967295', '99999999999', '-1']) {
    it(`refuses the user ${JSON.stringify(user)}`, async () => {
      await rejectsCode(() => findOwner({ user, group: '0' }), 'LOCAL_CA_OWNER_UNKNOWN', /^there is no user "/);
    });
  }

  it('refuses a group that is not there, and a number that has none', async () => {
    await rejectsCode(
      () => findOwner({ group: 'no-such-group' }),
      'LOCAL_CA_OWNER_UNKNOWN',
      /no group "no-such-group"/,
    );
    await rejectsCode(() => findOwner({ user: '54321' }), 'LOCAL_CA_OWNER_UNKNOWN', /user 54321 has no entry/);
  });

  it('says that it needs root', { skip: asRoot }, async () => {
    process.seteuid?.(65534);
    try {
      await rejectsCode(() => findOwner({ user: 'daemon' }), 'LOCAL_CA_OWNER_DENIED', /to user "daemon" .* needs root/);
    } finally {
      process.seteuid?.(0);
    }
  });
});

it('gives no owner to files on Windows', async () => {
  const find = () => findOwner({ user: 'me' }, 'win32');
  await rejectsCode(find, 'LOCAL_CA_OPTION_INVALID', /on Windows/);
});
