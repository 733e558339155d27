/** The text in a bundle: its README, its snippets, and the lines about each file. */

import { factsOf } from '../core/facts.ts';
import { parseCertificate } from '../core/parse.ts';
import { contentOf } from './contents.ts';
import { contextOf } from './context.ts';
import { BundleFile, defaultMode } from './file.ts';
import type { Material } from './material.ts';
import {
  certificateFacts,
  checks,
  fileTable,
  type ListedFile,
  passwordNotes,
  renewal,
  warningList,
} from './paragraphs.ts';
import type { Passwords } from './passwords.ts';
import { fillPath } from './paths.ts';
import { type Context, renderWith } from './render.ts';
import { type Settings, settingValues } from './settings.ts';
import { README, type Template } from './template.ts';
import type { BundleKind, TemplateFile } from './template-schema.ts';

/** Holds the password that local-ca made up for the key stores. */
export const PASSWORD_FILE = '{{label}}.password.txt';

/** A bundle whose files are made, and what there is to say about it. */
export interface Telling {
  readonly material: Material;
  readonly template: Template;
  readonly wanted: readonly TemplateFile[];
  readonly stored: readonly BundleFile[];
  readonly passwords: Passwords;
  /** Left out, since the private key is not here. */
  readonly keyless: readonly TemplateFile[];
  readonly kind: BundleKind;
  readonly settings: Settings;
  /** Of the template's zip, when it is that one. */
  readonly zipName: string | undefined;
}

/** README.md, the snippets, and the warnings that apply. */
export function renderTexts(telling: Telling): { files: BundleFile[]; warnings: string[] } {
  const { material, template, wanted, stored, passwords } = telling;
  const render = renderWith(template.settings);
  const where = (name: string) => `${template.folder}/${name}`;
  const plain = contextOf({
    material,
    file: Object.fromEntries(wanted.map((file, i) => [file.content, (stored[i] as BundleFile).path])),
    trustPassword: passwords.given ? 'YOUR_PASSWORD' : passwords.trust,
    ...(passwords.generated ? { passwordFile: fillPath(PASSWORD_FILE, material.label) } : {}),
    ...(telling.zipName === undefined ? {} : { zip: telling.zipName }),
    ...keyTypeWhy(material, template),
    ...(template.owner === undefined ? {} : { owner: template.owner }),
  });
  const fill = (text: string, context: Context) => render(text, where('template.json'), context);
  const set = settingValues(template.settings, telling.settings, (text) => fill(text, plain));
  const context = { ...plain, set, ...liveFacts(telling, (text) => fill(text, { ...plain, set })) };
  const say = (text: string) => fill(text, context);
  const present = new Set(wanted.map((file) => file.content));
  const snippets = template.render
    .filter((entry) => entry.for.includes(telling.kind))
    .filter((entry) => entry.needs.every((content) => present.has(content)));
  const warnings = template.warnings.map(say).filter((text) => text.trim() !== '');
  const listed = [
    ...listStored(telling, say),
    ...snippets.map((entry) => ({ ...entry, path: entry.file, about: say(entry.about), ...PUBLIC })),
  ];
  const full: Context = { ...context, ...paragraphs(telling, context, listed, warnings) };
  const names = [...snippets.map((entry) => entry.file), README];
  return { files: names.map((name) => textFile(name, render(sourceOf(template, name), where(name), full))), warnings };
}

const keyTypeWhy = ({ leaf }: Material, template: Template) =>
  template.keyTypeWhy !== undefined && leaf?.keyType === template.keyType ? { keyTypeWhy: template.keyTypeWhy } : {};

/** How the server takes new files, and how one sees that it did: of a bundle for a server. */
function liveFacts({ kind, template }: Telling, say: (text: string) => string): Pick<Context, 'reload' | 'probe'> {
  if (kind !== 'server') return {};
  const { reload, probe } = template;
  return {
    ...(reload?.command === undefined ? {} : { reload: say(reload.command) }),
    ...(probe === undefined ? {} : { probe: say(probe) }),
  };
}

const PUBLIC = { mode: defaultMode(false), secret: false } as const;

function listStored({ wanted, stored }: Telling, say: (text: string) => string): ListedFile[] {
  return stored.map(({ path, mode, secret }, i) => {
    // What follows the wanted files is the password that was made up.
    const { about, audience } = wanted[i] ?? { about: 'The password of the key store', audience: 'server' as const };
    return { path, mode, secret, audience, about: say(about) };
  });
}

function paragraphs(telling: Telling, context: Context, listed: readonly ListedFile[], warnings: readonly string[]) {
  const { material, template, wanted, stored, passwords, keyless } = telling;
  const { leaf } = material;
  const storesOf = (kind: 'key' | 'trust') =>
    wanted.flatMap((file, i) => (contentOf(file.content).password === kind ? (stored[i] as BundleFile).path : []));
  const stores = { keyStores: storesOf('key'), trustStores: storesOf('trust'), given: passwords.given };
  return {
    fileTable: fileTable(listed, {
      profile: leaf?.profile,
      keyMissing: keyless.length > 0,
      chain: context.file?.['chain-pem'],
      combined: keyless.flatMap(({ content, path }) =>
        content === 'combined-pem' ? fillPath(path, material.label) : [],
      ),
    }),
    certificateFacts: certificateFacts(
      context,
      leaf?.names ?? [],
      material.others ? material.roots.map((der) => factsOf(parseCertificate(der))) : [],
    ),
    passwordNotes: passwordNotes(context, stores),
    checks: checks(context),
    renewal: renewal(context, {
      foreign: leaf?.foreign === true,
      template: template.name,
      settings: telling.settings,
      remark: template.reload?.about,
    }),
    warningList: warningList(warnings),
  };
}

const sourceOf = (template: Template, name: string) => template.sources.get(name) as string;

const textFile = (path: string, text: string) =>
  new BundleFile(path, new TextEncoder().encode(`${text.replace(/\n{3,}/g, '\n\n').trim()}\n`));
