/** Holds the documentation to the code: every error code, link, command line, template and TypeScript block in it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { buildBundle } from '../src/bundle/bundle.ts';
import { listTemplates, PACKAGE_TEMPLATES } from '../src/bundle/catalog.ts';
import { readTemplate } from '../src/bundle/template.ts';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { GLOBAL_FLAGS } from '../src/cli/program.ts';
import { FINDINGS } from '../src/core/findings.ts';
import { ERROR_TABLE } from '../src/errors.ts';
import { countingRandom, material, NOW } from './support/fixtures.ts';
import { temporaryFolder } from './support/temp.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/README.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

interface Block {
  readonly page: string;
  readonly line: number;
  /** What stands after the three backquotes. */
  readonly language: string;
  /** What the comment before it asks to be checked. */
  readonly check: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const text = textOf(page);
  return [...text.matchAll(/(?:<!-- check: (.*) -->\n)?^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[2] ?? '',
    check: match[1] ?? '',
    text: match[3] ?? '',
  }));
}

const blocks = PAGES.flatMap(blocksOf);

// --- links -------------------------------------------------------------------------------------------------------

/** As GitHub names the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '');

const anchorsIn = (page: string) =>
  [...withoutCode(textOf(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));

describe('every link in the documentation leads somewhere', () => {
  for (const page of PAGES) {
    test(page, () => {
      const prose = withoutCode(textOf(page)).replace(/`[^`\n]*`/g, '');
      const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
      for (const target of targets.filter((one) => !/^[a-z]+:/.test(one))) {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        assert.ok(existsSync(join(root, file)), `${page}: ${target} is not there`);
        if (anchor !== undefined) assert.ok(anchorsIn(file).includes(anchor), `${page}: ${target} has no such heading`);
      }
    });
  }
});

// --- errors ------------------------------------------------------------------------------------------------------

describe('docs/errors.md', () => {
  const sections = [...textOf('docs/errors.md').matchAll(/^### (\S+)\n\nExit (\d+)\. (.+)/gm)];

  test('documents every code once, and no other', () => {
    assert.deepEqual(sections.map(([, code]) => code).sort(), Object.keys(ERROR_TABLE).sort());
  });

  test('gives each its exit code', () => {
    const documented = Object.fromEntries(sections.map(([, code, exit]) => [code, Number(exit)]));
    const actual = Object.fromEntries(Object.entries(ERROR_TABLE).map(([code, { exit }]) => [code, exit]));
    assert.deepEqual(documented, actual);
  });
});

test('docs/command-line.md documents every finding of verify, with its severity', () => {
  const rows = [...textOf('docs/command-line.md').matchAll(/^\| `([a-z0-9-]+)` \| (error|warning) \|/gm)];
  assert.deepEqual(
    rows.map(([, code, severity]) => `${code} ${severity}`),
    Object.entries(FINDINGS).map(([code, { severity }]) => `${code} ${severity}`),
  );
});

// --- command lines -----------------------------------------------------------------------------------------------

const spellings = (flags: readonly { readonly flags: string }[]) =>
  flags.flatMap((flag) => flag.flags.match(/(?<=^|[ ,])--?[a-zA-Z0-9-]+/g) ?? []);

const EVERYWHERE = [...spellings(GLOBAL_FLAGS), '--help', '-h', '--version', '-V'];

/** The words of a line, quoted parts as one, up to where the next command begins. */
function wordsOf(line: string): string[] {
  const words: string[] = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const end = words.findIndex((word) => /^[|&;<>)]/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

function complaint(line: string): string | undefined {
  const words = wordsOf(line);
  const isFlag = (word: string) => /^--?[a-zA-Z]/.test(word);
  const start = words.findIndex((word) => !isFlag(word));
  const names = [words.slice(start, start + 2).join(' '), words[start] ?? ''];
  const command = start === -1 ? undefined : COMMANDS.find(({ name }) => names.includes(name));
  if (command === undefined && start !== -1) return `no command ${names[1]}`;
  const known = [...EVERYWHERE, ...spellings(command?.flags ?? [])];
  return words
    .filter(isFlag)
    .filter((word) => !known.includes(word))
    .map((word) => `no flag ${word}`)[0];
}

/** What another program prints; of a flag's value it only matters that there is one. */
const OTHER_PROGRAM = /\$\((?!local-ca)[^()]*\)/g;

/** After `local-ca ` or the path of the program, wherever a command can begin. */
const CALL = /(?:^|[(;&|] ?|\$ |npx |`)(?:local-ca|node dist\/cli\/local-ca\.cjs) ([^`\n)]*)/gm;

test('every command line uses commands and flags that exist', () => {
  const shell = blocks.filter(({ language }) => ['sh', 'console'].includes(language));
  const inline = PAGES.flatMap((page) =>
    [...withoutCode(textOf(page)).matchAll(/`([^`\n]+)`/g)].map(([code]) => ({ page, text: code })),
  );
  const calls = [...shell, ...inline].flatMap(({ page, text }) =>
    [...text.replace(OTHER_PROGRAM, 'value').matchAll(CALL)].map(([, line]) => ({ page, line: line ?? '' })),
  );
  assert.ok(calls.length > 60, `only ${calls.length} command lines were found`);
  const wrong = calls
    // `local-ca COMMAND --help`, and what a message begins with.
    .filter(({ line }) => !/^[A-Z:]/.test(line))
    .flatMap(({ page, line }) => {
      const why = complaint(line);
      return why === undefined ? [] : [`${page}: local-ca ${line}: ${why}`];
    });
  assert.deepEqual(wrong, []);
});

test('docs/command-line.md documents every command and every flag', () => {
  const page = textOf('docs/command-line.md');
  const section = (heading: string) => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const output = section('issue').split('### Output flags')[1] ?? '';
  const missing = COMMANDS.flatMap(({ name, flags }) => {
    const own = section(name.split(' ')[0] ?? name);
    const text = own.includes('#output-flags') ? own + output : own;
    const unnamed = spellings(flags).filter((flag) => flag.startsWith('--') && !text.includes(flag));
    return [...(own === '' ? [`## ${name}`] : []), ...unnamed.map((flag) => `${name} ${flag}`)];
  });
  assert.deepEqual(missing, []);
});

// --- templates ---------------------------------------------------------------------------------------------------

test('the template in docs/templates.md can be used', async (t) => {
  const folder = join(temporaryFolder(t), 'postgresql');
  mkdirSync(folder);
  for (const { check, text } of blocksOf('docs/templates.md')) {
    if (check === 'template') writeFileSync(join(folder, 'template.json'), text);
    const [, file] = /^template file (.*)$/.exec(check) ?? [];
    if (file !== undefined) writeFileSync(join(folder, file), text);
  }
  const template = await readTemplate(folder);
  const { files } = await buildBundle(material, template, { now: NOW, random: countingRandom() });
  assert.deepEqual(
    files.map(({ path }) => path),
    ['server.crt', 'server.key', 'root.crt', 'ssl.conf', 'README.md'],
  );
});

test('docs/servers.md says of every template what it was tried with, and of no other', async () => {
  const rows = [...textOf('docs/servers.md').matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)];
  const templates = (await listTemplates([PACKAGE_TEMPLATES])).map(({ name }) => name);
  assert.deepEqual(rows.map(([, name = '']) => name).sort(), templates);
  for (const [, name, cells = ''] of rows) assert.equal(cells.split('|').length, 3, `${name}: a cell is missing`);
});

// --- TypeScript --------------------------------------------------------------------------------------------------

/** The package by its own names, from its source: the documentation is checked against what will be built. */
const PATHS = {
  'local-ca': ['./src/index.ts'],
  'local-ca/formats': ['./src/formats/index.ts'],
  'local-ca/testing': ['./src/testing/index.ts'],
};

test('every TypeScript block compiles', () => {
  const typed = blocks.filter(({ language }) => language === 'ts');
  assert.ok(typed.every(({ check }) => check === 'type') && typed.length > 8);
  const sources = new Map(
    typed.map(({ page, line, text }) => [
      join(root, `${page.replaceAll('/', '-')}-${line}.ts`),
      `${text}\nexport {};\n`,
    ]),
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, version) => {
    const text = sources.get(path);
    return text === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...sources.keys()], { ...options, paths: PATHS, noUnusedLocals: false }, host);
  const found = [...sources.keys()].flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
  assert.deepEqual(
    found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
    [],
  );
});
