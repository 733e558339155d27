import { listTemplates } from '../../bundle/catalog.ts';
import { checkTexts } from '../../bundle/render.ts';
import { README, type Template } from '../../bundle/template.ts';
import type { Command } from '../command.ts';
import { findTemplate, templateFolders } from '../deliver.ts';
import { table } from '../io.ts';

export const templateList: Command = {
  name: 'template list',
  summary: 'Show the servers and clients that local-ca knows',
  flags: [],
  examples: [['local-ca template list', 'names, and what each is for']],
  run: async (context) => {
    const templates = await listTemplates(templateFolders(context));
    context.io.result(
      templates.map(({ name, title, kind, summary }) => ({ name, title, kind, summary })),
      table(
        ['NAME', 'KIND', 'FOR'],
        templates.map(({ name, kind, title }) => [name, kind, title]),
      ),
    );
    return undefined;
  },
};

export const templateShow: Command = {
  name: 'template show',
  args: '<template>',
  summary: 'Show what a template makes',
  flags: [],
  examples: [['local-ca template show nginx', 'its key type, its files and what each is']],
  run: async (context, [name = '']) => {
    const template = await findTemplate(context, name);
    checkTexts(template);
    const { title, summary, kind, keyType, profile, warnings, settings, owner, reload, probe } = template;
    const files = filesOf(template);
    context.io.result(
      {
        name: template.name,
        title,
        summary,
        kind,
        keyType: keyType ?? 'p256',
        profile,
        files,
        zip: template.zip ?? null,
        settings,
        owner: owner ?? null,
        reload: reload ?? null,
        probe: probe ?? null,
        warnings,
      },
      textOf(template, files),
    );
    return undefined;
  },
};

interface ShownFile {
  readonly path: string;
  readonly audience: string;
  readonly about: string;
}

const plain = (text: string) => text.replace(/\{\{\{?label\}?\}\}/g, 'LABEL');

const filesOf = ({ files, render }: Template): ShownFile[] => [
  ...files.map(({ path, audience, about }) => ({ path: plain(path), audience, about: plain(about) })),
  ...render.map(({ file, audience, about }) => ({ path: plain(file), audience, about: plain(about) })),
  { path: README, audience: 'you', about: 'What each file is, where it goes, and how to check it' },
];

function textOf(template: Template, files: readonly ShownFile[]): string {
  const why = template.keyTypeWhy === undefined ? '' : `: ${template.keyTypeWhy}`;
  const rows = files.map(({ path, audience, about }) => [path, audience, about]);
  return [
    `${template.name}: ${template.title}`,
    template.summary,
    '',
    `key type ${template.keyType ?? 'p256'}${why}`,
    '',
    table(['FILE', 'FOR', 'WHAT'], rows),
    ...(template.zip === undefined
      ? []
      : ['', `zip ${plain(template.zip.name)}: ${(template.zip.files ?? ['all files']).map(plain).join(', ')}`]),
    ...settingLines(template),
  ].join('\n');
}

/** What `--set` may say, with the defaults as the template writes them. */
function settingLines({ name, settings }: Template): string[] {
  const rows = Object.entries(settings).map(([key, { kind, default: text = 'no', about }]) => [
    `${key}=${text}`,
    kind,
    about,
  ]);
  return rows.length === 0
    ? []
    : ['', table(['--set', 'KIND', 'WHAT'], rows), '', `local-ca issue NAME --template ${name} --set NAME=VALUE`];
}
