import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listTemplates, loadTemplate, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { readTemplate } from '../../src/bundle/template.ts';
import { temporaryFolder } from '../support/temp.ts';
import { MINIMAL, refusal, writeTemplate } from './support.ts';

const [file] = MINIMAL.files as [(typeof MINIMAL.files)[number]];
const withFile = (changes: object) => ({ files: [{ ...file, ...changes }] });

describe('readTemplate', () => {
  it('fills in what template.json leaves out', async (t) => {
    const template = await readTemplate(writeTemplate(join(await temporaryFolder(t), 'mine')));
    assert.equal(template.name, 'mine');
    assert.equal(template.profile, 'server');
    assert.deepEqual(template.render, []);
    assert.deepEqual(template.passwords, {});
    assert.deepEqual([...template.sources], [['README.md', '# {{label}}']]);
  });

  it('reads modes as octal', async (t) => {
    const template = await readTemplate(writeTemplate(await temporaryFolder(t), withFile({ mode: '0640' })));
    assert.equal(template.files[0]?.mode, 0o640);
  });

  const invalid: readonly (readonly [string, object, RegExp])[] = [
    ['an unknown key', { colour: 'red' }, /template\.json: colour is an unknown key/],
    ['an unknown key of a file', withFile({ owner: 'root' }), /files\.0\.owner is an unknown key/],
    ['a missing key', { title: undefined }, /title is missing/],
    ['a key of the wrong type', { title: 7 }, /title must be string, not 7/],
    ['an empty text', { title: '' }, /title must not be empty/],
    ['two lines where one belongs', { summary: 'a\nb' }, /summary must be one line/],
    [
      'an unknown content',
      withFile({ content: 'ca-key-pem' }),
      /files\.0\.content must be \("leaf-pem" \|.*not "ca-key-pem"/,
    ],
    ['an unknown key type', { keyType: 'dsa' }, /keyType must be .*"rsa-2048".*not "dsa"/],
    ['a key type without a reason', { keyType: 'p256' }, /keyTypeWhy is missing/],
    ['an unknown profile', { profile: 'root' }, /profile must be .*not "root"/],
    ['no files', { files: [] }, /files must list at least one file/],
    ['a mode that is no mode', withFile({ mode: '600' }), /files\.0\.mode must be four octal digits/],
    [
      'a lax mode for a secret',
      withFile({ content: 'key-pem', mode: '0644' }),
      /"\{\{label\}\}\.pem": mode lets everybody/,
    ],
    ['a placeholder in a path', withFile({ path: '{{host}}.pem' }), /placeholder other than \{\{label\}\}/],
    ['p12Profile elsewhere', withFile({ p12Profile: 'compat' }), /p12Profile is for \.p12/],
    ['windows elsewhere', withFile({ windows: {} }), /windows is for key-p12/],
    ['a certificate in caFiles', { caFiles: [file] }, /caFiles has a certificate/],
    ['a stranger in the zip', { zip: { name: 'a.zip', files: ['b.pem'] } }, /zip\.files names "b\.pem"/],
    ['a zip in another folder', { zip: { name: '../a.zip' } }, /zip\.name must be a file name that ends with \.zip/],
    ['a password for key stores', { passwords: { keyStore: 'x' } }, /passwords\.keyStore is an unknown key/],
  ];
  for (const [what, record, message] of invalid) {
    it(`refuses ${what}`, async (t) => {
      const folder = writeTemplate(await temporaryFolder(t), record);
      await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', message));
    });
  }

  for (const path of ['/etc/cron.d/x', '../x', 'a\\b', 'c:/x', '.local-ca.json', 'a\0']) {
    it(`refuses to write to ${JSON.stringify(path)}`, async (t) => {
      const folder = writeTemplate(await temporaryFolder(t), withFile({ path }));
      await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_PATH_INVALID', /cannot be a path inside a bundle/));
    });
  }

  it('refuses to render a file from outside its folder', async (t) => {
    const render = [{ file: '../../etc/passwd', audience: 'server', about: 'x' }];
    const folder = writeTemplate(await temporaryFolder(t), { render });
    await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_PATH_INVALID', /climbs out/));
  });

  it('names a file that is missing', async (t) => {
    const render = [{ file: 'gone.conf', audience: 'server', about: 'x' }];
    const folder = writeTemplate(await temporaryFolder(t), { render });
    await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', /gone\.conf: it cannot be read/));
  });

  it('refuses what is not JSON', async (t) => {
    const folder = writeTemplate(await temporaryFolder(t));
    writeFileSync(join(folder, 'template.json'), '{');
    await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', /template\.json: it is not JSON/));
  });
});

describe('loadTemplate', () => {
  it('takes a path', async (t) => {
    const folder = writeTemplate(join(await temporaryFolder(t), 'mine'));
    const { title, name } = await loadTemplate(folder, []);
    assert.deepEqual([title, name], ['Mine', folder], 'its name finds it again');
  });

  it('says so when there is no folder at the path', async () => {
    await assert.rejects(
      loadTemplate('./none', []),
      refusal('LOCAL_CA_TEMPLATE_UNKNOWN', /no template folder ".\/none"/),
    );
  });

  it("prefers the user's template of the same name", async (t) => {
    const home = await temporaryFolder(t);
    writeTemplate(join(home, 'nginx'), { title: 'Ours' });
    assert.equal((await loadTemplate('nginx', [home, PACKAGE_TEMPLATES])).title, 'Ours');
    assert.equal((await loadTemplate('nginx', [PACKAGE_TEMPLATES, home])).title, 'nginx');
  });

  const near: readonly (readonly [string, RegExp])[] = [
    ['ngnix', /^Did you mean nginx\?$/],
    ['Tencent', /^Did you mean tencentdb-sqlserver\?$/],
    ['zzzzzzzz', /^Use one of: aliyun-rds, .*nginx, .*or the path of a folder/],
  ];
  for (const [name, hint] of near) {
    it(`has a hint for ${name}`, async () => {
      await assert.rejects(loadTemplate(name, [PACKAGE_TEMPLATES]), (error: Error & { hint: string }) => {
        assert.match(error.hint, hint);
        return refusal('LOCAL_CA_TEMPLATE_UNKNOWN', new RegExp(`there is no template "${name}"`))(error);
      });
    });
  }
});

describe('listTemplates', () => {
  it('lists by name, each once, and does not mind a folder that is not there', async (t) => {
    const home = await temporaryFolder(t);
    writeTemplate(join(home, 'aaa'));
    writeTemplate(join(home, 'nginx'), { title: 'Ours' });
    writeFileSync(join(home, 'README'), 'not a template');
    symlinkSync('aaa', join(home, '.old'));
    const found = await listTemplates([home, join(home, 'none'), PACKAGE_TEMPLATES]);
    const names = found.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)].sort());
    assert.deepEqual(
      found.filter(({ title }) => /^(Mine|Ours)$/.test(title)).map(({ name, title }) => [name, title]),
      [
        ['aaa', 'Mine'],
        ['nginx', 'Ours'],
      ],
    );
    assert.ok(names.includes('generic'));
  });
});
