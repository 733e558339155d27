import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSettings, joinSettings, parseSetting } from '../../src/bundle/settings.ts';
import { refusal } from './support.ts';

const KNOWN = { dir: { kind: 'path', default: '/srv' }, port: { kind: 'port', default: '1' } } as const;

describe('settings', () => {
  const slips: readonly (readonly [string, RegExp])[] = [
    ['mutual', /--set mutual=yes\.$/],
    ['Port=5433', /^Names are in lower case: --set port=5433\.$/],
    ['=5433', /^Write it like --set port=5433\.$/],
    ['port=', /^Write it like/],
  ];
  for (const [text, hint] of slips) {
    it(`has a hint for ${text}`, () =>
      assert.throws(
        () => parseSetting(text),
        (error: Error & { hint: string }) => {
          assert.match(error.hint, hint);
          return refusal('LOCAL_CA_OPTION_INVALID', /^"[^"]*" sets nothing$/)(error);
        },
      ));
  }

  it('has one value for a name', () => {
    assert.deepEqual(joinSettings([{ port: '1' }, { port: '1' }, { dir: '/x' }]), { port: '1', dir: '/x' });
    assert.throws(
      () => joinSettings([{ port: '1' }, { port: '2' }]),
      refusal('LOCAL_CA_OPTION_INVALID', /^the setting port cannot be both "1" and "2"$/),
    );
  });

  for (const dir of ['/srv/tls', 'C:\\tls', 'c:/tls', 'DBLDIR:rsynd.pem', 'CERT:', 'SYS$LOGIN:a.pem']) {
    it(`takes the path ${dir}`, () => checkSettings('mine', KNOWN, { dir }));
  }
  for (const dir of ['tls', './tls', '../tls', 'tls/x', '$HOME/tls', '%TEMP%', 'C:tls', '/a b', '/a;b', "/a'b"]) {
    it(`refuses the path ${dir}`, () =>
      assert.throws(
        () => checkSettings('mine', KNOWN, { dir }),
        refusal('LOCAL_CA_OPTION_INVALID', /^the setting dir of template "mine" cannot be "/),
      ));
  }
});
