/** Material and a template in, the files of a bundle out. Writes nothing: `directory.ts` and `zip.ts` do. */
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { FORMATS, type FormatName } from '../formats/formats.ts';
import type { Pkcs12Profile } from '../formats/pkcs12.ts';
import { CONTENT_NAMES, type Content, type ContentInput, contentOf } from './contents.ts';
import { BundleFile, defaultMode } from './file.ts';
import type { Material } from './material.ts';
import { choosePasswords, type Passwords } from './passwords.ts';
import { fillPath } from './paths.ts';
import { checkSettings, type Settings } from './settings.ts';
import { bundleKind, filesFor, invalidTemplate, type Template } from './template.ts';
import type { BundleKind, TemplateFile } from './template-schema.ts';
import { PASSWORD_FILE, renderTexts } from './texts.ts';

/** For `buildBundle`. */
export interface BundleOptions {
  /** Instead of the template's files, the usual files of exactly these formats. */
  readonly formats?: readonly FormatName[];
  /** Opens every store of the bundle; without it, local-ca makes one up for key stores. */
  readonly password?: string;
  /** What local-ca made up for the key stores that these replace: it stays, and so do the server's settings. */
  readonly earlierPassword?: string;
  /** Names the entry of a store; by default the label, or `ca`. */
  readonly alias?: string;
  /** Overrides what the template says. */
  readonly p12Profile?: Pkcs12Profile;
  /** Of the template, by name: `dir`, `port` and the like; a default stands for what is not given. */
  readonly settings?: Settings;
  readonly now: Date;
  readonly random: (length: number) => Uint8Array;
}

/** The files of a bundle, made but not written. */
export interface Bundle {
  readonly template: string;
  readonly label: string;
  readonly files: readonly BundleFile[];
  /** What the zip holds, if one is made: perhaps less than the folder. */
  readonly zip: { readonly name: string; readonly files: readonly BundleFile[] };
  /** Paths of the template's files that the private key would be in, where it is not here. */
  readonly keyless: readonly string[];
  readonly warnings: readonly string[];
}

/** Throws LOCAL_CA_KEY_NOT_KEPT, LOCAL_CA_OPTION_INVALID, and what the template and the formats throw. */
export async function buildBundle(material: Material, template: Template, options: BundleOptions): Promise<Bundle> {
  const { settings = {} } = options;
  checkSettings(template.name, template.settings, settings);
  const kind = kindOf(material);
  const { files: wanted, keyless, warnings } = chooseFiles(material, template, options);
  const passwords = choosePasswords({
    given: options.password,
    earlier: options.earlierPassword,
    kinds: new Set(wanted.flatMap((file) => contentOf(file.content).password ?? [])),
    fixed: template.passwords.trustStore,
    random: options.random,
  });
  const stored = await writeFiles(wanted, { material, passwords, options });
  const zip = options.formats === undefined ? template.zip : undefined;
  const zipName = fillPath(zip?.name ?? '{{label}}.zip', material.label);
  const telling = {
    material,
    template,
    wanted,
    stored,
    passwords,
    keyless,
    kind,
    settings,
    zipName: zip && zipName,
  };
  const texts = renderTexts(telling);
  const files = [...stored, ...texts.files];
  refuseDuplicates(files, template);
  const zipPaths = zip?.files?.map((path) => fillPath(path, material.label));
  return {
    template: template.name,
    label: material.label,
    files,
    zip: { name: zipName, files: zipPaths === undefined ? files : files.filter(({ path }) => zipPaths.includes(path)) },
    keyless: keyless.map(({ path }) => fillPath(path, material.label)),
    warnings: [...texts.warnings, ...warnings],
  };
}

// --- which files -----------------------------------------------------------------------------------------------

interface Choice {
  readonly files: readonly TemplateFile[];
  /** Left out, since the private key is not here. */
  readonly keyless: readonly TemplateFile[];
  readonly warnings: readonly string[];
}

function chooseFiles(material: Material, template: Template, { formats }: BundleOptions): Choice {
  const asked = formats === undefined ? templateFiles(material, template) : usualFiles(formats);
  const hasLists = (material.crls?.length ?? 0) > 0;
  const listless = hasLists ? [] : asked.filter((file) => contentOf(file.content).needsLists);
  const possible = asked
    .filter((file) => material.leaf !== undefined || !contentOf(file.content).needsLeaf)
    .filter((file) => !listless.includes(file));
  const keyMissing = material.leaf !== undefined && material.leaf.key === undefined;
  if (keyMissing && formats !== undefined) refuseKeyStores(possible, material.label);
  const keyless = keyMissing ? possible.filter((file) => contentOf(file.content).needsKey) : [];
  const files = withCertificate(
    possible.filter((file) => !keyless.includes(file)),
    keyless,
  );
  const warnings = formats === undefined ? listless.map(({ path }) => withoutLists(path, material)) : [];
  if (files.length > 0) return { files, keyless, warnings };
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `template ${quote(template.name)} has no file that could be made without ${material.leaf ? 'revocation lists' : 'a certificate'}`,
    'Use --template generic.',
  );
}

/** Whoever has the key still needs the certificate, also where the template has both in one file only. */
function withCertificate(files: readonly TemplateFile[], keyless: readonly TemplateFile[]): readonly TemplateFile[] {
  if (keyless.length === 0 || files.some((file) => contentOf(file.content).needsLeaf)) return files;
  return [...usualFiles(['pem']).filter(({ content }) => content === 'chain-pem'), ...files];
}

const withoutLists = (path: string, { label, others }: Material) =>
  others
    ? `${fillPath(path, label)} is left out: the revocation lists of that CA are its own to give`
    : `${fillPath(path, label)} is left out: there are no revocation lists yet. local-ca crl makes them; then export the files again`;

/** For whom a bundle of this material is. */
const kindOf = ({ leaf }: Material): BundleKind => bundleKind(leaf?.profile);

const templateFiles = (material: Material, template: Template): readonly TemplateFile[] =>
  filesFor(template, kindOf(material));

function usualFiles(formats: readonly FormatName[]): TemplateFile[] {
  for (const format of formats) refuseUnknown(format);
  return CONTENT_NAMES.flatMap((content) => {
    const { usual, format, needsLeaf }: Content = contentOf(content);
    if (usual === undefined || !formats.includes(format)) return [];
    return [{ ...usual, content, audience: needsLeaf ? 'server' : 'client' }];
  });
}

function refuseUnknown(format: string): void {
  if (Object.hasOwn(FORMATS, format)) return;
  throw new LocalCaError(
    'LOCAL_CA_FORMAT_UNKNOWN',
    `unknown format ${quote(format)}`,
    `Use one of: ${Object.keys(FORMATS).join(', ')}.`,
  );
}

/** The public PEM files are worth having without the key; a key store without it is not what was asked for. */
function refuseKeyStores(files: readonly TemplateFile[], label: string): void {
  const store = files.find((file) => contentOf(file.content).password === 'key');
  if (store === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `${fillPath(store.path, label)} needs the private key of ${quote(label)}, which is not here`,
    'Ask for public files (--format pem,p7b,der), or issue the certificate again with the formats that you need.',
  );
}

// --- their bytes -----------------------------------------------------------------------------------------------

interface Making {
  readonly material: Material;
  readonly passwords: Passwords;
  readonly options: BundleOptions;
}

/** One after the other: each takes its share of `random` in a fixed order, so that the same input gives the same bytes. */
async function writeFiles(wanted: readonly TemplateFile[], making: Making): Promise<BundleFile[]> {
  const files: BundleFile[] = [];
  for (const file of wanted) files.push(await writeFile(file, making));
  if (!making.passwords.generated) return files;
  const text = new TextEncoder().encode(`${making.passwords.key}\n`);
  return [...files, new BundleFile(fillPath(PASSWORD_FILE, making.material.label), text, { secret: true })];
}

async function writeFile(file: TemplateFile, { material, passwords, options }: Making): Promise<BundleFile> {
  const content = contentOf(file.content);
  const input: ContentInput = {
    material,
    keyAlias: options.alias ?? material.label,
    trustAlias: (material.leaf === undefined ? options.alias : undefined) ?? 'ca',
    password: content.password === undefined ? '' : passwords[content.password],
    p12Profile: options.p12Profile ?? file.p12Profile ?? 'modern',
    ...(file.windows === undefined ? {} : { windows: file.windows }),
    now: options.now,
    random: options.random,
  };
  const secret = content.needsKey;
  const mode = file.mode ?? defaultMode(secret);
  return new BundleFile(fillPath(file.path, material.label), await content.write(input), { secret, mode });
}

/** Also those that differ in case only: Windows and macOS take them for one file. */
function refuseDuplicates(files: readonly BundleFile[], template: Template): void {
  const paths = files.map((file) => file.path.toLowerCase());
  const twice = files.find((file, i) => paths.indexOf(file.path.toLowerCase()) !== i);
  if (twice !== undefined) throw invalidTemplate(template.folder, `two files are called ${quote(twice.path)}`);
}
