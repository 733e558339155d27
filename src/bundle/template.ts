/**
 * A template says which files one kind of server or client needs. It is a folder: `template.json`, a README.md and
 * snippets to render. It holds no code, and the schema below is the one place that says what it may hold.
 */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import * as v from 'valibot';
import { KEY_TYPES } from '../core/algorithms.ts';
import { LEAF_PROFILES } from '../core/profiles.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { CONTENT_NAMES, CONTENTS, type Content, type ContentName } from './contents.ts';
import { fillPath } from './paths.ts';

const Line = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.regex(/^[^\r\n]*$/, 'must be one line'));
const ZipName = v.pipe(Line, v.regex(/^[^/]+\.zip$/, 'must be a file name that ends with .zip'));
const Audience = v.picklist(['server', 'client']);
const Mode = v.pipe(
  v.string(),
  v.regex(/^0[0-7]{3}$/, 'must be four octal digits like "0640"'),
  v.transform((text) => Number.parseInt(text, 8)),
);

const FileSchema = v.strictObject({
  // Where it goes in the bundle; `{{label}}` stands for the certificate's label.
  path: Line,
  content: v.picklist(CONTENT_NAMES),
  audience: Audience,
  // One line for the README; may hold placeholders.
  about: Line,
  mode: v.exactOptional(Mode),
  p12Profile: v.exactOptional(v.picklist(['modern', 'compat'])),
  windows: v.exactOptional(v.strictObject({ csp: v.exactOptional(Line), machineKey: v.exactOptional(v.boolean()) })),
});

const RenderSchema = v.strictObject({
  // A file of the template's folder, and its path in the bundle.
  file: Line,
  audience: Audience,
  about: Line,
  // It is left out of a bundle that lacks one of these.
  needs: v.optional(v.array(v.picklist(CONTENT_NAMES)), []),
});

const TemplateSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  title: Line,
  summary: Line,
  kind: v.picklist(['server', 'client', 'trust']),
  // The key type unless another is asked for, and why.
  keyType: v.exactOptional(v.picklist(KEY_TYPES)),
  keyTypeWhy: v.exactOptional(Line),
  profile: v.optional(v.picklist(LEAF_PROFILES), 'server'),
  files: v.pipe(v.array(FileSchema), v.minLength(1, 'must list at least one file')),
  // What `export --ca` makes; by default those of `files` that need no certificate.
  caFiles: v.exactOptional(v.array(FileSchema)),
  // README.md is always rendered and is not listed.
  render: v.optional(v.array(RenderSchema), []),
  // By default all files go into NAME.zip.
  zip: v.exactOptional(v.strictObject({ name: ZipName, files: v.exactOptional(v.array(Line)) })),
  // Of trust stores only: a password that is printed here guards nothing.
  passwords: v.optional(v.strictObject({ trustStore: v.exactOptional(Line) }), {}),
  // One line each; may hold placeholders, and one that renders to nothing is dropped.
  warnings: v.optional(v.array(Line), []),
});

export type TemplateFile = v.InferOutput<typeof FileSchema>;
type TemplateRecord = v.InferOutput<typeof TemplateSchema>;

/** A template that was read: what template.json says, and the texts to render. */
export interface Template extends TemplateRecord {
  /** What finds it again: its name, or its absolute path where it was given by path. */
  readonly name: string;
  readonly folder: string;
  /** The text of README.md and of the files under `render`, by name. */
  readonly sources: ReadonlyMap<string, string>;
}

export const README = 'README.md';

/** Reads and checks one folder. Throws LOCAL_CA_TEMPLATE_INVALID or LOCAL_CA_PATH_INVALID. */
export async function readTemplate(folder: string, name = basename(resolve(folder))): Promise<Template> {
  const path = join(folder, 'template.json');
  const record = checkTemplate(parseJson(readText(path), path), path);
  const names = [README, ...record.render.map((entry) => entry.file)];
  const sources = new Map(names.map((name) => [name, readText(join(folder, name))]));
  return { ...record, name, folder, sources };
}

export const invalidTemplate = (where: string, what: string, cause?: unknown) =>
  new LocalCaError(
    'LOCAL_CA_TEMPLATE_INVALID',
    `${where}: ${what}`,
    'Compare it with a template that local-ca brings: local-ca template show generic.',
    { cause },
  );

/** Synchronous: for files as small as these, waiting for another thread takes longer than reading. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalidTemplate(path, 'it cannot be read', cause);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidTemplate(path, 'it is not JSON', cause);
  }
}

function checkTemplate(value: unknown, path: string): TemplateRecord {
  const result = v.safeParse(TemplateSchema, value);
  if (!result.success) throw invalidTemplate(path, describeIssue(result.issues[0]));
  const record = result.output;
  const files = [...record.files, ...(record.caFiles ?? [])];
  for (const rule of RULES) {
    const broken = rule(record, files);
    if (broken !== undefined) throw invalidTemplate(path, broken);
  }
  // Any label will do: this asks whether the rest of the path is safe.
  for (const target of [...files.map((file) => file.path), ...record.render.map((entry) => entry.file)]) {
    fillPath(target, 'label');
  }
  if (record.zip !== undefined) fillPath(record.zip.name, 'label');
  return record;
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const key = v.getDotPath(issue) ?? '(top level)';
  if (issue.expected === 'never') return `${key} is an unknown key`;
  if (issue.received === 'undefined') return `${key} is missing`;
  return `${key} ${/^(must|is)/.test(issue.message) ? issue.message : `must be ${issue.expected}, not ${issue.received}`}`;
}

/** What the schema cannot say: each gives the first thing that is wrong. */
const RULES: readonly ((record: TemplateRecord, files: readonly TemplateFile[]) => string | undefined)[] = [
  (record) => (record.keyType !== undefined && record.keyTypeWhy === undefined ? 'keyTypeWhy is missing' : undefined),
  (record) => zipStray(record),
  (_, files) =>
    complain(files, (file) => /\{\{(?!label\}\})/.test(file.path), 'path has a placeholder other than {{label}}'),
  (_, files) =>
    complain(
      files,
      misplaced('p12Profile', (row) => row.format === 'p12'),
      'p12Profile is for .p12 files',
    ),
  (_, files) =>
    complain(
      files,
      misplaced('windows', (_row, name) => name === 'key-p12'),
      'windows is for key-p12',
    ),
  (_, files) => complain(files, laxMode, 'mode lets everybody read a secret'),
  (record) =>
    record.caFiles?.some((file) => CONTENTS[file.content].needsLeaf) ? 'caFiles has a certificate in it' : undefined,
];

function complain(
  files: readonly TemplateFile[],
  bad: (file: TemplateFile) => boolean,
  what: string,
): string | undefined {
  const found = files.find(bad);
  return found && `${quote(found.path)}: ${what}`;
}

const misplaced =
  (key: 'p12Profile' | 'windows', fits: (row: Content, name: ContentName) => boolean) => (file: TemplateFile) =>
    file[key] !== undefined && !fits(CONTENTS[file.content], file.content);

const laxMode = (file: TemplateFile) =>
  CONTENTS[file.content].needsKey && file.mode !== undefined && (file.mode & 0o007) !== 0;

function zipStray({ zip, files, caFiles = [], render }: TemplateRecord): string | undefined {
  const known = new Set([
    README,
    ...[...files, ...caFiles].map((file) => file.path),
    ...render.map((entry) => entry.file),
  ]);
  const stray = zip?.files?.find((path) => !known.has(path));
  return stray && `zip.files names ${quote(stray)}, which is none of its files`;
}
