import { checkTexts } from '../../bundle/render.ts';
import { shellWord } from '../../bundle/shell.ts';
import { handsOutKey, README, type Template } from '../../bundle/template.ts';
import type { TemplateFile } from '../../bundle/template-schema.ts';
import type { Command } from '../command.ts';
import { findTemplate } from '../deliver.ts';
import { table } from '../io.ts';
import { knownTemplates } from '../known-templates.ts';
import { shownDefault } from '../shown-setting.ts';

export const templateList: Command = {
  name: 'template list',
  summary: 'Show the servers and clients that local-ca knows',
  flags: [],
  examples: [['local-ca template list', 'names, and what each is for']],
  run: async (context) => {
    const templates = await knownTemplates(context);
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
    const clientFiles = clientFilesOf(template) ?? null;
    context.io.result(
      {
        name: template.name,
        title,
        summary,
        kind,
        keyType: handsOutKey(template, template.profile) ? (keyType ?? 'p256') : null,
        profile,
        files,
        clientFiles,
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

const shown = ({ path, audience, about }: Pick<TemplateFile, 'path' | 'audience' | 'about'>): ShownFile => ({
  path: plain(path),
  audience,
  about: plain(about),
});

const README_FILE: ShownFile = {
  path: README,
  audience: 'you',
  about: 'What each file is, where it goes, and how to check it',
};

/** What is made for a client alone is not among the files of the others, where it has files of its own. */
const filesOf = ({ files, clientFiles, render }: Template): ShownFile[] => {
  const texts = render.filter((entry) => clientFiles === undefined || entry.for.some((kind) => kind !== 'client'));
  return [...files.map(shown), ...texts.map(({ file, ...rest }) => shown({ path: file, ...rest })), README_FILE];
};

/** Of `issue --profile client`, where that makes others. */
const clientFilesOf = ({ clientFiles, render }: Template): ShownFile[] | undefined => {
  const texts = render.filter((entry) => entry.for.includes('client'));
  return (
    clientFiles && [
      ...clientFiles.map(shown),
      ...texts.map(({ file, ...rest }) => shown({ path: file, ...rest })),
      README_FILE,
    ]
  );
};

/** `keeper`: who has what is not for everybody. */
const rowsOf = (files: readonly ShownFile[], keeper = 'server') =>
  files.map(({ path, audience, about }) => [path, audience === 'server' ? keeper : audience, about]);

function textOf(template: Template, files: readonly ShownFile[]): string {
  const { name, title, summary, zip } = template;
  const clientFiles = clientFilesOf(template);
  return [
    `${name}: ${title}`,
    summary,
    '',
    ...keyLines(template),
    table(['FILE', 'FOR', 'WHAT'], rowsOf(files)),
    ...(clientFiles === undefined
      ? []
      : ['', table(['--profile client', 'FOR', 'WHAT'], rowsOf(clientFiles, 'owner'))]),
    ...(zip === undefined ? [] : ['', `zip ${plain(zip.name)}: ${(zip.files ?? ['all files']).map(plain).join(', ')}`]),
    ...settingLines(template),
  ].join('\n');
}

function keyLines(template: Template): string[] {
  if (!handsOutKey(template, template.profile)) return [];
  const { keyType = 'p256', keyTypeWhy } = template;
  return [`key type ${keyType}${keyTypeWhy === undefined ? '' : `: ${keyTypeWhy}`}`, ''];
}

/** What `--set` may say, and how; a template without a key is for certificates that are there. */
function settingLines(template: Template): string[] {
  const { name, settings } = template;
  const command = handsOutKey(template, template.profile) ? 'issue NAME' : 'export LABEL';
  const rows = Object.entries(settings).map(([key, setting]) => [
    `${key}=${shownDefault(setting)}`,
    setting.kind,
    setting.about,
  ]);
  const set = rows.length === 0 ? '' : ' --set NAME=VALUE';
  return [
    ...(rows.length === 0 ? [] : ['', table(['--set', 'KIND', 'WHAT'], rows)]),
    '',
    `local-ca ${command} --template ${shellWord(name)}${set}`,
  ];
}
