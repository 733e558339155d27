/**
 * Renders a template's text. Mustache is logic-less, so a template cannot run code; and since it silently renders an
 * unknown name as nothing, every tag is checked against the vocabulary first.
 */
import { join } from 'node:path';
import mustache, { type TemplateSpans } from 'mustache';
import { nearNames } from '../core/near.ts';
import { CONTENT_NAMES, type ContentName } from './contents.ts';
import { type SettingValues, settingValues } from './settings.ts';
import { invalidTemplate, lineAt, type Template } from './template.ts';
import type { TemplateRecord } from './template-schema.ts';

/** What a name stands for: text, a yes or no for a section, or a section (a list or a record) with names of its own. */
type Shape = 'text' | 'flag' | { readonly [name: string]: Shape };

const FACTS = {
  commonName: 'text',
  serial: 'text',
  /** SHA-256, as `openssl x509 -fingerprint` prints it. */
  fingerprint: 'text',
  /** SHA-1 without colons, as Windows names a certificate. */
  thumbprint: 'text',
  /** RFC 4514, most specific part first; and as OpenSSL and MySQL write it: `/O=Acme/CN=db1`. */
  subject: 'text',
  slashSubject: 'text',
  /** Days, as 2027-11-22. */
  notBefore: 'text',
  notAfter: 'text',
  keyType: 'text',
} as const;

/** Every placeholder that a template may use. */
const VOCABULARY = {
  label: 'text',
  /** Whether the CA signs through an intermediate. */
  intermediates: 'flag',
  authority: FACTS,
  leaf: {
    ...FACTS,
    /** The common name where it can be an account's, else `USER`. */
    user: 'text',
    profile: 'text',
    /** It is for a server or a peer; it is for a client and nothing else. */
    serves: 'flag',
    client: 'flag',
    /** The first name that can be connected to, if it is for a server and has one; `address` is the same with IPv6 in brackets. */
    host: 'text',
    address: 'text',
    hostIsIp: 'flag',
    wildcard: 'flag',
    /** The DNS names with spaces between, or `_`. */
    dnsNames: 'text',
    /** All names, quoted for a shell where they need it. */
    arguments: 'text',
  },
  /** The host and the address of the leaf, or `SERVER` where there is none to name. */
  server: 'text',
  serverAddress: 'text',
  /** The path of the file with that content, where the bundle has one: `{{#file.key-pem}}...{{/file.key-pem}}`. */
  file: Object.fromEntries(CONTENT_NAMES.map((name) => [name, 'text'])) as Record<ContentName, 'text'>,
  /** What opens the trust stores. */
  trustPassword: 'text',
  /** Where the password of the key store is: only when local-ca made it up. */
  passwordFile: 'text',
  /** The zip that the template describes. */
  zip: 'text',
  /** Why the template wants this key type, if the key is of it. */
  keyTypeWhy: 'text',
  /** The template's own: who reads the files, what makes the server read them again, and where one sees what it serves. */
  owner: { user: 'text', group: 'text' },
  reload: 'text',
  probe: 'text',
  /** Whole paragraphs that every README has. */
  fileTable: 'text',
  certificateFacts: 'text',
  passwordNotes: 'text',
  checks: 'text',
  renewal: 'text',
  warningList: 'text',
} as const satisfies Shape;

type Value<S> = S extends 'text' ? string : S extends 'flag' ? boolean : { readonly [K in keyof S]?: Value<S[K]> };

/** What the placeholders stand for in one bundle. What is absent is empty, and its section is skipped. */
export type Context = Value<typeof VOCABULARY> & { readonly set?: SettingValues };

/** Renders with these settings as `{{set.NAME}}`. `where` names the text in an error. Throws LOCAL_CA_TEMPLATE_INVALID. */
export function renderWith(settings: TemplateRecord['settings']) {
  const scopes = [vocabularyWith(settings)];
  return (text: string, where: string, context: Context): string => {
    checkTags(parse({ text, where }), scopes, { text, where });
    // Configuration files and Markdown are not HTML: "&" stays "&".
    return mustache.render(text, context, {}, { escape: String });
  };
}

/** Throws LOCAL_CA_TEMPLATE_INVALID for a placeholder that no bundle could fill. */
export function checkTexts({ folder, settings, sources, ...record }: Template): void {
  const scopes = [vocabularyWith(settings)];
  const lines = [record.warnings, record.probe, record.reload?.command, record.files.map(({ about }) => about)].flat();
  const inJson = lines.flatMap((line) => (line === undefined ? [] : [['template.json', line] as const]));
  for (const [name, text] of [...sources, ...inJson]) {
    const source = { text, where: join(folder, name) };
    checkTags(parse(source), scopes, source);
  }
}

function vocabularyWith(settings: TemplateRecord['settings']): Shape {
  const values = Object.entries(settingValues(settings, {}, String));
  const shapes = values.map(([name, value]) => [name, typeof value === 'boolean' ? 'flag' : 'text'] as const);
  return { ...VOCABULARY, set: Object.fromEntries(shapes) };
}

/** A text with where it is from, for errors. */
interface Source {
  readonly text: string;
  readonly where: string;
}

function parse({ text, where }: Source): TemplateSpans {
  try {
    return mustache.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw invalidTemplate(`${where}${lineAt(text, openingOf(text, message))}`, message, { cause });
  }
}

/** Mustache names the end of what it has read; one looks for the start. */
function openingOf(text: string, message: string): number {
  const [, section = '', end = ''] = /(?:"(.*)" )?at (\d+)$/.exec(message) ?? [];
  const before = text.slice(0, Number(end));
  if (message.startsWith('Unclosed tag')) return before.lastIndexOf('{{');
  if (!message.startsWith('Unclosed section')) return before.length;
  return Math.max(before.lastIndexOf(`{{#${section}}}`), before.lastIndexOf(`{{^${section}}}`));
}

/** Of sections: the vocabulary has not half as many levels. */
const DEEPEST = 20;

function checkTags(tokens: TemplateSpans, scopes: readonly Shape[], source: Source, depth = 0): void {
  for (const [type, name, start, , inner] of tokens) {
    if (type === 'text' || type === '!') continue;
    const invalid = (what: string, mistake = {}) =>
      invalidTemplate(`${source.where}${lineAt(source.text, start)}`, what, mistake);
    if (type === '>' || type === '=')
      throw invalid(`{{${type}${name}}}: partials and other delimiters are not supported`);
    const shape = lookUp(name, scopes);
    if (shape === undefined) {
      const near = likeName(name, scopes.at(-1) as Shape).map((one) => `{{${one}}}`);
      throw invalid(`unknown placeholder {{${name}}}`, { near });
    }
    const isSection = type === '#' || type === '^';
    if (!isSection && shape !== 'text') throw invalid(`{{${name}}} is a section: write {{#${name}}}`);
    if (!isSection) continue;
    if (depth === DEEPEST) throw invalid(`{{#${name}}} stands in ${DEEPEST} sections already`);
    checkTags(inner as TemplateSpans, type === '#' ? [shape, ...scopes] : scopes, source, depth + 1);
  }
}

/** Near as a whole, or by its last part: `{{dir}}` is likely `{{set.dir}}`. The template's own come first. */
function likeName(wanted: string, vocabulary: Shape): string[] {
  const names = namesIn(vocabulary).sort((a, b) => Number(b.startsWith('set.')) - Number(a.startsWith('set.')));
  const like = new Set([...nearNames(wanted, names), ...nearNames(lastPart(wanted), names.map(lastPart))]);
  return names.filter((name) => like.has(name) || like.has(lastPart(name)));
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);

/** With all that is in its sections, as `leaf.host`. */
const namesIn = (shape: Shape): string[] =>
  typeof shape === 'string'
    ? []
    : Object.entries(shape).flatMap(([name, inner]) => [name, ...namesIn(inner).map((rest) => `${name}.${rest}`)]);

/** As mustache does it: the innermost section that has the name, or the section itself for a dot. */
function lookUp(name: string, scopes: readonly Shape[]): Shape | undefined {
  if (name === '.') return scopes[0];
  const [first = '', ...rest] = name.split('.');
  const scope = scopes.find((shape) => member(shape, first) !== undefined);
  return [first, ...rest].reduce<Shape | undefined>(member, scope);
}

const member = (shape: Shape | undefined, name: string): Shape | undefined =>
  typeof shape === 'object' && Object.hasOwn(shape, name) ? shape[name] : undefined;
