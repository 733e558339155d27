/**
 * A template says which files one kind of server or client needs. It is a folder: `template.json`, a README.md and
 * snippets to render. It holds no code; `template-schema.ts` says what it may hold.
 */
import { realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import * as v from 'valibot';
import { nearNames } from '../core/near.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { CONTENTS, type Content, type ContentName } from './contents.ts';
import { PACKAGE_TEMPLATES } from './package-templates.ts';
import { fillPath } from './paths.ts';
import { readRegular } from './regular.ts';
import { serves } from './serves.ts';
import { fits } from './settings.ts';
import { type BundleKind, keysIn, type TemplateFile, type TemplateRecord, TemplateSchema } from './template-schema.ts';

/** A template that was read: what template.json says, and the texts to render. */
export interface Template extends TemplateRecord {
  /** What finds it again: its name, or its absolute path where it was given by path. */
  readonly name: string;
  readonly folder: string;
  /** The text of README.md and of the files under `render`, by name. */
  readonly sources: ReadonlyMap<string, string>;
}

export const README = 'README.md';

/** For whom a bundle with a certificate of this profile is; without one, it is of the CA alone. */
export const bundleKind = (profile: string | undefined): BundleKind =>
  profile === undefined ? 'ca' : serves(profile) ? 'server' : 'client';

export const filesFor = (
  { files, clientFiles = files, caFiles = files }: Template,
  kind: BundleKind,
): readonly TemplateFile[] => ({ server: files, client: clientFiles, ca: caFiles })[kind];

/** Whether a bundle of it hands the private key out. */
export const handsOutKey = (template: Template, profile: string): boolean =>
  filesFor(template, bundleKind(profile)).some(({ content }) => CONTENTS[content].needsKey);

/** Reads and checks one folder. Throws LOCAL_CA_TEMPLATE_INVALID or LOCAL_CA_PATH_INVALID. */
export async function readTemplate(folder: string, name = basename(resolve(folder))): Promise<Template> {
  const path = join(folder, 'template.json');
  const record = checkTemplate(parseJson(readText(folder, 'template.json'), path), path);
  const names = [README, ...record.render.map((entry) => entry.file)];
  const sources = new Map(names.map((name) => [name, readText(folder, name)]));
  return { ...record, name, folder, sources };
}

const SEE = `See "Your own" in docs/templates.md, and for examples ${PACKAGE_TEMPLATES}.`;

export const invalidTemplate = (where: string, what: string, { cause, near = [] }: Mistake = {}) =>
  new LocalCaError(
    'LOCAL_CA_TEMPLATE_INVALID',
    `${where}: ${what}`,
    near.length === 0 ? SEE : `Did you mean ${near.slice(0, 3).join(' or ')}?`,
    { cause },
  );

interface Mistake {
  readonly cause?: unknown;
  /** What may have been meant. */
  readonly near?: readonly string[];
}

/** Where in a text of several lines something is, to be written behind its path; of one line, nothing. */
export function lineAt(text: string, position: number): string {
  return text.trimEnd().includes('\n') ? `, line ${text.slice(0, position).split('\n').length}` : '';
}

/** Synchronous: for files as small as these, waiting for another thread takes longer than reading. */
function readText(folder: string, name: string): string {
  const path = join(folder, name);
  const bytes = bytesBelow(folder, name);
  if (bytes === undefined)
    throw invalidTemplate(path, 'it is no regular file of this folder, and links are not followed');
  return Buffer.from(bytes).toString('utf8');
}

/**
 * Others make templates: through a link in one, a bundle would hand out any file of whoever uses it, the key of the CA
 * too. The folder itself may be behind a link, since that one is the user's own.
 */
function bytesBelow(folder: string, name: string): Uint8Array | undefined {
  const path = join(folder, name);
  try {
    const direct = realpathSync(path) === join(realpathSync(folder), name);
    return direct ? readRegular(path)?.bytes : undefined;
  } catch (cause) {
    throw invalidTemplate(path, 'it cannot be read', { cause });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidTemplate(path, `it is not JSON${placeIn(text, cause as Error)}`, { cause });
  }
}

/** What JSON.parse says of a place is different from version to version; without one, the text ends too early. */
function placeIn(text: string, { message }: Error): string {
  const [, digits = String(text.length)] = /\bat position (\d+)/.exec(message) ?? [];
  const lines = text.slice(0, Number(digits)).split('\n');
  return `: see line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
}

function checkTemplate(value: unknown, path: string): TemplateRecord {
  const result = v.safeParse(TemplateSchema, value);
  if (!result.success) throw refusalOf(result.issues, path);
  const record = result.output;
  const files = allFiles(record);
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

/** A slip in a key makes two issues: the unknown one says more than the missing one. */
function refusalOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]], path: string): LocalCaError {
  const unknown = issues.find(({ expected }) => expected === 'never');
  const keys = (unknown?.path ?? []).map(({ key }) => String(key));
  const near = nearNames(keys.at(-1) ?? '', keysIn(keys.length > 1 ? keys[0] : undefined));
  return invalidTemplate(path, describeIssue(unknown ?? issues[0]), unknown && { near });
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
  (record) => samePath(record),
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
  ({ settings }) => badDefault(settings),
];

/** One with placeholders is for the bundle to say. */
function badDefault(settings: TemplateRecord['settings']): string | undefined {
  for (const [name, { kind, default: text }] of Object.entries(settings)) {
    const where = `settings.${name}.default`;
    if (kind === 'flag' && text !== undefined) return `${where}: a flag is "no" unless it is set`;
    if (kind !== 'flag' && text === undefined) return `${where} is missing`;
    if (text !== undefined && !text.includes('{{') && !fits(kind, text)) return `${where} is no ${kind}`;
  }
  return undefined;
}

const allFiles = ({ files, clientFiles = [], caFiles = [] }: TemplateRecord) => [...files, ...clientFiles, ...caFiles];

function complain(
  files: readonly TemplateFile[],
  bad: (file: TemplateFile) => boolean,
  what: string,
): string | undefined {
  const found = files.find(bad);
  return found && `${quote(found.path)}: ${what}`;
}

/** Of one bundle, whatever its label; a disk may not tell small letters from capitals. */
function samePath({ files, clientFiles = files, caFiles = [], render }: TemplateRecord): string | undefined {
  for (const [kind, list] of Object.entries({ server: files, client: clientFiles, ca: caFiles })) {
    const texts = render.filter((entry) => entry.for.some((one) => one === kind)).map(({ file }) => file);
    const paths = [README, ...texts, ...list.map(({ path }) => path)];
    const lower = paths.map((path) => path.toLowerCase());
    const twice = paths.find((_, i) => lower.indexOf(lower[i] as string) !== i);
    if (twice !== undefined) return `two files are called ${quote(twice)}`;
  }
  return undefined;
}

const misplaced =
  (key: 'p12Profile' | 'windows', fits: (row: Content, name: ContentName) => boolean) => (file: TemplateFile) =>
    file[key] !== undefined && !fits(CONTENTS[file.content], file.content);

const laxMode = (file: TemplateFile) =>
  CONTENTS[file.content].needsKey && file.mode !== undefined && (file.mode & 0o007) !== 0;

function zipStray(record: TemplateRecord): string | undefined {
  const { zip, render } = record;
  const known = new Set([README, ...allFiles(record).map((file) => file.path), ...render.map((entry) => entry.file)]);
  const stray = zip?.files?.find((path) => !known.has(path));
  return stray && `zip.files names ${quote(stray)}, which is none of its files`;
}
