/** What a template.json may hold. `templates/template.schema.json` is made from it: `npm run schema`. */
import * as v from 'valibot';
import { KEY_TYPES } from '../core/algorithms.ts';
import { LEAF_PROFILES } from '../core/profiles.ts';
import { CONTENT_NAMES } from './contents.ts';
import { SETTING_KINDS } from './settings.ts';

const Line = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.regex(/^[^\r\n]*$/, 'must be one line'));
const ZipName = v.pipe(v.string(), v.regex(/^[^/\r\n]+\.zip$/, 'must be a file name that ends with .zip'));
const Account = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][\w.-]{0,31}$/, 'must be the name of an account, like "postgres"'),
);
const SettingName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9]*$/, 'must be lower-case letters and digits'));
const Mode = v.pipe(
  v.string(),
  v.regex(/^0[0-7]{3}$/, 'must be four octal digits like "0640"'),
  v.transform((text) => Number.parseInt(text, 8)),
);
const about = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text));

const Audience = about(v.picklist(['server', 'client']), 'Who needs it: the table of the README that it stands in.');
const Content = v.picklist(CONTENT_NAMES);

/** What a bundle is made for: the certificate of a server (or peer), that of a client, or the CA alone. */
const BUNDLE_KINDS = ['server', 'client', 'ca'] as const;

const FileSchema = v.strictObject({
  path: about(Line, "Where it goes in the bundle; {{label}} stands for the certificate's label."),
  content: about(Content, 'What is in it.'),
  audience: Audience,
  about: about(Line, 'One line for the README; may hold placeholders.'),
  mode: v.exactOptional(about(Mode, 'Four octal digits; a secret is 0600 and the rest 0644 unless given.')),
  p12Profile: v.exactOptional(about(v.picklist(['modern', 'compat']), 'AES, or 3DES for old Windows, macOS and Java.')),
  windows: v.exactOptional(
    about(
      v.strictObject({ csp: v.exactOptional(Line), machineKey: v.exactOptional(v.boolean()) }),
      'Marks the key of a key-p12 for the store of Windows.',
    ),
  ),
});

const RenderSchema = v.strictObject({
  file: about(Line, "A text of the template's folder, and its path in the bundle."),
  audience: Audience,
  about: about(Line, 'One line for the README; may hold placeholders.'),
  needs: v.optional(about(v.array(Content), 'It is left out of a bundle that lacks one of these.'), []),
  for: v.optional(
    about(v.array(v.picklist(BUNDLE_KINDS)), 'The bundles that it belongs in: of a server, of a client, of the CA.'),
    [...BUNDLE_KINDS],
  ),
});

const SettingSchema = v.strictObject({
  kind: about(v.picklist(SETTING_KINDS), 'What it may be; a flag is yes or no.'),
  default: v.exactOptional(about(Line, 'Of every kind but a flag; may hold placeholders.')),
  about: about(Line, 'One line for `template show`.'),
});

export const TemplateSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  title: about(Line, 'The server or client, for lists.'),
  summary: about(Line, 'What comes out, in one line.'),
  kind: about(v.picklist(['server', 'client', 'trust']), 'Whose files they are; "trust" is for those who only verify.'),
  keyType: v.exactOptional(about(v.picklist(KEY_TYPES), 'Unless another is asked for.')),
  keyTypeWhy: v.exactOptional(about(Line, 'Why that one: a sentence.')),
  profile: v.optional(about(v.picklist(LEAF_PROFILES), 'Of the certificate, unless another is asked for.'), 'server'),
  files: about(
    v.pipe(v.array(FileSchema), v.minLength(1, 'must list at least one file')),
    'What `issue` makes for a server.',
  ),
  clientFiles: v.exactOptional(
    about(v.array(FileSchema), 'What `issue --profile client` makes; by default the same as for a server.'),
  ),
  caFiles: v.exactOptional(
    about(v.array(FileSchema), 'What `export --ca` makes; by default those of `files` that need no certificate.'),
  ),
  render: v.optional(about(v.array(RenderSchema), 'Texts with placeholders. README.md is always one of them.'), []),
  settings: v.optional(
    about(v.record(SettingName, SettingSchema), 'What `--set NAME=VALUE` may say: {{set.NAME}} in the texts.'),
    {},
  ),
  zip: v.exactOptional(
    about(
      v.strictObject({ name: ZipName, files: v.exactOptional(v.array(Line)) }),
      'By default all files go into LABEL.zip.',
    ),
  ),
  passwords: v.optional(
    about(
      v.strictObject({ trustStore: v.exactOptional(Line) }),
      'Of trust stores only: a password that is printed here guards nothing.',
    ),
    {},
  ),
  owner: v.exactOptional(
    about(v.strictObject({ user: Account, group: v.exactOptional(Account) }), 'The account that the server reads as.'),
  ),
  reload: v.exactOptional(
    about(
      v.strictObject({ command: v.exactOptional(Line), about: Line }),
      'What makes the server take new files: a command without a shell, never run unless given to deploy add, and a remark.',
    ),
  ),
  probe: v.exactOptional(
    about(Line, 'The URL that shows what the server serves, like "postgres://{{serverAddress}}:{{set.port}}".'),
  ),
  warnings: v.optional(about(v.array(Line), 'May hold placeholders, and one that renders to nothing is dropped.'), []),
});

const KEYS_BELOW = new Map(
  Object.entries({
    files: FileSchema,
    clientFiles: FileSchema,
    caFiles: FileSchema,
    render: RenderSchema,
    settings: SettingSchema,
  }).map(([key, { entries }]) => [key, Object.keys(entries)]),
);

/** The keys that may stand at the top (without `list`), or in an entry of this list. */
export const keysIn = (list?: string): readonly string[] =>
  list === undefined ? Object.keys(TemplateSchema.entries) : (KEYS_BELOW.get(list) ?? []);

export type TemplateFile = v.InferOutput<typeof FileSchema>;
export type TemplateRecord = v.InferOutput<typeof TemplateSchema>;
export type BundleKind = (typeof BUNDLE_KINDS)[number];
