import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { listTemplates, loadTemplate, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { readTemplate } from '../../src/bundle/template.ts';
import { temporaryFolder } from '../support/temp.ts';
import { MINIMAL, refusal, writeTemplate } from './support.ts';

const windows = process.platform === 'win32';

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
    ['two files with one path', { files: [file, file] }, /two files are called "\{\{label\}\}\.pem"/],
    ['a second README', withFile({ path: 'readme.md' }), /two files are called "readme\.md"/],
    ['a relative folder', { settings: { dir: { kind: 'path', default: 'tls', about: 'x' } } }, /default is no path/],
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
    await assert.rejects(
      readTemplate(folder),
      refusal('LOCAL_CA_TEMPLATE_INVALID', /template\.json: it is not JSON: see line 1, column 2$/),
    );
    writeFileSync(join(folder, 'template.json'), '{\n  "title": "x",\n}\n');
    await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', /JSON: see line 3, column 1$/));
  });

  const slips: readonly (readonly [string, object, RegExp, RegExp])[] = [
    ['a key', { summary: undefined, sumary: 'x' }, /sumary is an unknown key$/, /^Did you mean summary\?$/],
    ["a file's key", withFile({ abuot: 'x', about: undefined }), /abuot is an unknown key$/, /^Did you mean about\?$/],
    [
      'nothing like it',
      { colour: 'red' },
      /colour is an unknown key$/,
      /^See "Your own" in docs\/templates\.md, .*templates\.$/,
    ],
  ];
  for (const [what, record, message, hint] of slips) {
    it(`has a hint for a slip in ${what}`, async (t) => {
      const folder = writeTemplate(await temporaryFolder(t), record);
      await assert.rejects(readTemplate(folder), (error: Error & { hint: string }) => {
        assert.match(error.hint, hint);
        return refusal('LOCAL_CA_TEMPLATE_INVALID', message)(error);
      });
    });
  }
});

describe('the files of a template', { skip: windows }, () => {
  const render = [{ file: 'sub/notes.txt', audience: 'server', about: 'x' }];

  /** With a snippet in a folder of its own, and a secret beside the template. */
  async function withSnippet(t: TestContext) {
    const parent = await temporaryFolder(t);
    const folder = writeTemplate(join(parent, 'mine'), { render });
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/notes.txt'), 'notes');
    mkdirSync(join(parent, 'ca'));
    writeFileSync(join(parent, 'ca/notes.txt'), 'secret');
    return { parent, folder };
  }

  const turnedInto: readonly (readonly [string, string, (path: string) => void])[] = [
    ['a link to a file of somebody', 'sub/notes.txt', (path) => symlinkSync('../../ca/notes.txt', path)],
    ['a link to a file of its own', 'sub/notes.txt', (path) => symlinkSync('../README.md', path)],
    ['a folder that is a link', 'sub', (path) => symlinkSync('../ca', path)],
    ['a README that is a link', 'README.md', (path) => symlinkSync('../ca/notes.txt', path)],
    ['a template.json that is a link', 'template.json', (path) => symlinkSync('../ca/notes.txt', path)],
    ['a pipe', 'sub/notes.txt', (path) => execFileSync('mkfifo', [path])],
    ['a folder', 'sub/notes.txt', (path) => mkdirSync(path)],
  ];
  for (const [what, name, make] of turnedInto) {
    it(`are not ${what}`, { timeout: 10_000 }, async (t) => {
      const { folder } = await withSnippet(t);
      rmSync(join(folder, name), { recursive: true });
      make(join(folder, name));
      const file = name === 'sub' ? 'sub/notes.txt' : name;
      const message = new RegExp(`mine/${file}: it is no regular file of this folder, and links are not followed`);
      await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', message));
    });
  }

  it('are not larger than any template needs', async (t) => {
    const { folder } = await withSnippet(t);
    truncateSync(join(folder, 'sub/notes.txt'), 64 * 1024 * 1024);
    const message = /sub\/notes\.txt: it cannot be read/;
    await assert.rejects(readTemplate(folder), refusal('LOCAL_CA_TEMPLATE_INVALID', message));
  });

  it('may be in a folder that is behind a link', async (t) => {
    const { parent, folder } = await withSnippet(t);
    renameSync(folder, join(parent, 'elsewhere'));
    symlinkSync('elsewhere', folder);
    assert.equal((await readTemplate(folder)).sources.get('sub/notes.txt'), 'notes');
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

  it('gives the others when one is broken, and its error', async (t) => {
    const home = await temporaryFolder(t);
    writeTemplate(join(home, 'good'));
    writeTemplate(join(home, 'bad'), { title: 7 });
    writeFileSync(join(writeTemplate(join(home, 'text')), 'README.md'), 'a\n{{lable}}\n');
    const errors: string[] = [];
    const found = await listTemplates([home], ({ message }) => errors.push(message));
    assert.deepEqual(
      found.map(({ name }) => name),
      ['good'],
    );
    assert.match(errors.sort().join('\n'), /title must be string, not 7\n.*README\.md, line 2: unknown placeholder/);
    await assert.rejects(listTemplates([home]), refusal('LOCAL_CA_TEMPLATE_INVALID', /./));
  });
});
