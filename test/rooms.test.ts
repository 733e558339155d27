/** The laws of the rooms, held by reading the imports: which room may know which, and what each may not touch. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const source = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly file: string;
  readonly target: string;
  readonly names: readonly string[];
  readonly lazy: boolean;
  readonly typeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'));

const textOf = (file: string) => readFileSync(join(source, file), 'utf8');
const treeOf = (file: string, text = textOf(file)) => ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
      const elements = bindings !== undefined && 'elements' in bindings ? [...bindings.elements] : [];
      const whole = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      const standsAlone = ts.isImportDeclaration(node) && node.importClause?.name !== undefined;
      const typeOnly =
        whole || (!standsAlone && elements.length > 0 && elements.every((element) => element.isTypeOnly));
      const values = elements.filter((element) => !element.isTypeOnly);
      const names = values.map((element) => (element.propertyName ?? element.name).text);
      found.push({ file, target: (node.moduleSpecifier as ts.StringLiteral).text, names, lazy: false, typeOnly });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      found.push({
        file,
        target: (node.arguments[0] as ts.StringLiteral).text,
        names: [],
        lazy: true,
        typeOnly: false,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(treeOf(file));
  return found;
}

const imports = files.flatMap(importsOf);

/** `core/der.ts` is in the room `core`; `errors.ts` is a room of its own. */
const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : file.replace(/\.ts$/, ''));

const resolved = ({ file, target }: Import) =>
  relative(source, join(source, dirname(file), target)).replaceAll('\\', '/');
const isLocal = ({ target }: Import) => target.startsWith('.');

/** What each room may import, beside itself and libraries. `types` allows a further room for its types alone. */
const MAY_KNOW: Readonly<Record<string, { rooms: readonly string[]; types?: readonly string[] }>> = {
  errors: { rooms: [] },
  unfinished: { rooms: [] },
  'held-folder': { rooms: ['errors'] },
  abandoned: { rooms: ['held-folder'] },
  core: { rooms: ['errors'] },
  formats: { rooms: ['core', 'errors'] },
  ambient: { rooms: ['core'] },
  disk: { rooms: ['errors', 'abandoned'] },
  bundle: { rooms: ['core', 'formats', 'errors', 'disk', 'unfinished', 'abandoned', 'held-folder'] },
  store: { rooms: ['core', 'formats', 'errors', 'disk', 'unfinished', 'abandoned'] },
  authority: { rooms: ['core', 'formats', 'errors', 'ambient'], types: ['store', 'bundle'] },
  probe: { rooms: ['core', 'formats', 'errors'] },
  deploy: {
    rooms: ['core', 'formats', 'bundle', 'errors', 'disk', 'unfinished', 'ambient', 'probe'],
    types: ['store', 'authority'],
  },
  testing: { rooms: ['authority', 'core', 'formats', 'errors', 'ambient', 'store'], types: ['bundle'] },
  index: { rooms: ['authority', 'bundle', 'core', 'formats', 'errors', 'store', 'ambient'], types: ['disk'] },
  cli: {
    rooms: [
      ...['authority', 'bundle', 'core', 'formats', 'errors', 'store'],
      ...['ambient', 'disk', 'probe', 'deploy', 'unfinished', 'abandoned'],
    ],
  },
};

test('there is source to read, and every room has its law', () => {
  assert.ok(files.length > 30, `${files.length} files`);
  assert.ok(imports.length > 100, `${imports.length} imports`);
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => MAY_KNOW[room] === undefined),
    [],
  );
});

test('rooms know only the rooms that the design lets them know', () => {
  const broken = imports.filter(isLocal).filter((one) => {
    const from = roomOf(one.file);
    const to = roomOf(resolved(one));
    const { rooms, types = [] } = MAY_KNOW[from] ?? { rooms: [] };
    return from !== to && !rooms.includes(to) && !(one.typeOnly && types.includes(to));
  });
  assert.deepEqual(
    broken.map(({ file, target }) => `${file} -> ${target}`),
    [],
  );
});

const PURE = ['core', 'formats'];
const inPureRoom = (file: string) => PURE.includes(roomOf(file));

/** From Node itself: what gives the same output for the same input. */
const DETERMINISTIC: Readonly<Record<string, readonly string[] | 'all'>> = {
  'node:crypto': [
    'createCipheriv',
    'createDecipheriv',
    'createHash',
    'createHmac',
    'createPrivateKey',
    'createPublicKey',
    'hash',
    'pbkdf2Sync',
    'scryptSync',
    'timingSafeEqual',
    'verify',
  ],
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  'node:url': ['domainToASCII', 'domainToUnicode'],
  'node:buffer': 'all',
  // Inflating has one result; deflating has not, and differs between versions.
  'node:zlib': ['crc32', 'inflateRawSync'],
};

test('core and formats import nothing of Node but what is deterministic', () => {
  const broken = imports
    .filter(({ file, target, typeOnly }) => inPureRoom(file) && target.startsWith('node:') && !typeOnly)
    .filter(({ target, names }) => {
      const allowed = DETERMINISTIC[target];
      return (
        allowed === undefined ||
        (allowed !== 'all' && (names.length === 0 || names.some((name) => !allowed.includes(name))))
      );
    });
  assert.deepEqual(
    broken.map(({ file, target, names }) => `${file}: ${names.join(', ')} from ${target}`),
    [],
  );
});

/** Names that stand for the ambient world. */
const AMBIENT = new Set([
  'process',
  'console',
  'crypto',
  'performance',
  'setTimeout',
  'setInterval',
  'fetch',
  'globalThis',
]);

function ambientUses(file: string, text = textOf(file)): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isName = ts.isIdentifier(node) && AMBIENT.has(node.text);
    const isProperty =
      ts.isPropertyAccessExpression(node.parent ?? node) && (node.parent as ts.PropertyAccessExpression).name === node;
    if (isName && !isProperty && !isDeclared(node)) found.push(`${file}: ${node.getText()}`);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0) {
      found.push(`${file}: new Date()`);
    }
    if (ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText())) {
      found.push(`${file}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(treeOf(file, text));
  return found;
}

/** A parameter, property or key of that name is not the global. */
const isDeclared = (node: ts.Node) =>
  ts.isParameter(node.parent) ||
  ts.isPropertyAssignment(node.parent) ||
  ts.isPropertySignature(node.parent) ||
  ts.isBindingElement(node.parent);

test('core and formats use no clock, no randomness, no process and no console', () => {
  assert.deepEqual(
    files.filter(inPureRoom).flatMap((file) => ambientUses(file)),
    [],
  );
});

test('the reading of ambient uses sees what it looks for, and only that', () => {
  const text = 'const t = Date.now(); process.exit(1); new Date(); new Date(0); f({ process: 1 }); x.console';
  assert.deepEqual(ambientUses('x.ts', text), ['x.ts: Date.now', 'x.ts: process', 'x.ts: new Date()']);
});

/** Each of these libraries is imported in one file, so that no object of theirs crosses a room's door. */
const ONE_IMPORTER: readonly (readonly [library: RegExp, file: string])[] = [
  [/^@peculiar\/x509$|^reflect-metadata$/, 'core/x509.ts'],
  [/^pkijs$|^asn1js$/, 'formats/pki.ts'],
  [/^@peculiar\/webcrypto$/, 'ambient.ts'],
  [/^libsql$/, 'store/sqlite.ts'],
  [/^archiver$/, 'bundle/zip.ts'],
  [/^mustache$/, 'bundle/render.ts'],
  [/^inquirer$/, 'cli/wizard/prompt.ts'],
  [/^commander$/, 'cli/program.ts'],
];

for (const [library, only] of ONE_IMPORTER) {
  test(`${library.source} is imported by ${only} alone`, () => {
    const importers = new Set(
      imports.filter(({ target, typeOnly }) => library.test(target) && !typeOnly).map(({ file }) => file),
    );
    assert.deepEqual([...importers], [only]);
  });
}

/** Files that carry a heavy library: whoever needs them asks for them when it is time. */
const LAZY = [
  'core/x509.ts',
  'formats/pkcs7.ts',
  'formats/pkcs12.ts',
  'formats/zip-read.ts',
  'bundle/zip.ts',
  'store/sqlite.ts',
  'cli/wizard/init.ts',
  'cli/wizard/passphrase.ts',
];
const LAZY_PACKAGES = /^(inquirer|archiver|pkijs|yaml|csv-parse|cli-progress|@peculiar\/webcrypto)/;

test('nothing on the way from the command line to a PEM file loads a heavy library', () => {
  const seen = new Set<string>();
  const queue = ['cli/main.ts'];
  while (queue.length > 0) {
    const file = queue.pop() as string;
    if (seen.has(file)) continue;
    seen.add(file);
    const eager = imports.filter((one) => one.file === file && !one.lazy && !one.typeOnly);
    assert.deepEqual(
      eager.filter(({ target }) => LAZY_PACKAGES.test(target)).map(({ target }) => `${file} -> ${target}`),
      [],
    );
    queue.push(...eager.filter(isLocal).map(resolved));
  }
  assert.deepEqual(
    [...seen].filter((file) => LAZY.includes(file)),
    [],
  );
});

test('only the command line writes to the terminal or ends the process', () => {
  const writes = files.filter((file) => /\bconsole\.|process\.(stdout|stderr)/.test(textOf(file)));
  assert.deepEqual(
    writes.filter((file) => !file.startsWith('cli/')),
    [],
  );
  assert.deepEqual(
    files.filter((file) => /process\.exit\b/.test(textOf(file))),
    ['cli/main.ts'],
  );
});
