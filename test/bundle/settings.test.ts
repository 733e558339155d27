import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSettings, joinSettings, parseSetting, settingValues } from '../../src/bundle/settings.ts';
import { refusal } from './support.ts';

const KNOWN = {
  dir: { kind: 'path', default: '/srv' },
  port: { kind: 'port', default: '1' },
  host: { kind: 'host', default: '{{server}}' },
} as const;

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

  for (const host of ['db1', 'db1.example.test', 'my_db', 'bücher.example', '10.0.0.5', '::1', '[2001:db8::5]']) {
    it(`takes the host ${host}`, () => checkSettings('mine', KNOWN, { host }));
  }
  for (const host of [
    'db1:5432',
    '[db1]',
    '[10.0.0.5]',
    '[::1',
    '::1]:5',
    'a b',
    'sa@db1',
    'https://db1',
    '-h',
    '*.test',
  ]) {
    it(`refuses the host ${host}`, () =>
      assert.throws(
        () => checkSettings('mine', KNOWN, { host }),
        refusal('LOCAL_CA_OPTION_INVALID', /^the setting host of template "mine" cannot be "/),
      ));
  }

  for (const host of ['::1', '[::1]']) {
    it(`has ${host} as a URL has it, and as the rest has it`, () => {
      const { host: plain, hostAddress, hostIsIp } = settingValues(KNOWN, { host }, String);
      assert.deepEqual([plain, hostAddress, hostIsIp], ['::1', '[::1]', true]);
    });
  }

  it('has a host of the certificate in both forms', () => {
    const fill = (text: string) => text.replace('{{server}}', '2001:db8::5');
    const { host, hostAddress } = settingValues(KNOWN, {}, fill);
    assert.deepEqual([host, hostAddress], ['2001:db8::5', '[2001:db8::5]']);
    const { hostAddress: name, hostIsIp } = settingValues(KNOWN, { host: 'db1' }, String);
    assert.deepEqual([name, hostIsIp], ['db1', false]);
  });
});
