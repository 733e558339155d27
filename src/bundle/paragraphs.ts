/** The paragraphs that every README has, written once here rather than in each template. */

import type { CertificateFacts } from '../core/facts.ts';
import { isoDay } from '../core/time.ts';
import type { ContentName } from './contents.ts';
import { colons } from './context.ts';
import { modeText } from './file.ts';
import type { Context } from './render.ts';
import { serves } from './serves.ts';
import type { Settings } from './settings.ts';
import { shellWord } from './shell.ts';

/** A row of the table of files. */
export interface ListedFile {
  readonly path: string;
  readonly about: string;
  readonly audience: 'server' | 'client';
  readonly mode: number;
  readonly secret: boolean;
}

/** Text as Markdown code, on one line and whatever is in it: a common name is anybody's text. */
const code = (text: string) => `\`${text.replace(/[\p{Cc}`|]/gu, ' ')}\``;

/** Whoever has the certificate, and whoever checks it. */
function titlesOf(profile: string | undefined): Record<ListedFile['audience'], string> {
  if (profile === undefined) return { server: '', client: 'For whoever trusts the CA' };
  return serves(profile)
    ? { server: 'For the server', client: 'For its clients' }
    : { server: 'For the owner of the certificate', client: 'For whoever checks it' };
}

interface Situation {
  readonly profile: string | undefined;
  /** The template has secret files, and the key to make them is not here. */
  readonly keyMissing: boolean;
  /** What these are made of, beside the key. */
  readonly chain: string | undefined;
  /** Those with chain and key that were left out. */
  readonly combined: readonly string[];
}

export function fileTable(files: readonly ListedFile[], situation: Situation): string {
  const titles = titlesOf(situation.profile);
  const tables = (['server', 'client'] as const).flatMap((audience) => {
    const rows = files.filter((file) => file.audience === audience).map(row);
    if (rows.length === 0) return [];
    return [[`${titles[audience]}:`, '', '| File | What it is | Mode |', '|---|---|---|', ...rows].join('\n')];
  });
  return [...tables, ...keyNotes(situation)].join('\n\n');
}

/** It may be with somebody who sent a request, or have been handed out and not kept. */
const KEY_MISSING =
  'The private key is not here, and so the files with it are left out: it is where the certificate or its request was made.';

function keyNotes({ keyMissing, chain, combined }: Situation): string[] {
  if (!keyMissing) return [];
  if (chain === undefined || combined.length === 0) return [KEY_MISSING];
  const commands = combined.map((path) => `(umask 077 && cat ${shellWord(chain)} KEY > ${shellWord(path)})`);
  const how = `There, with the key in PEM without a pass phrase as KEY, this makes ${combined.map(code).join(' and ')}:`;
  return [KEY_MISSING, [how, '', '```sh', ...commands, '```'].join('\n')];
}

const row = ({ path, about, mode, secret }: ListedFile) =>
  `| ${code(path)} | ${about} | ${modeText(mode)}${secret ? ', **secret**' : ''} |`;

/** As many as somebody reads through; `inspect` shows them all. */
const MOST_AUTHORITIES = 10;

/** Each CA of a file that somebody gave. */
function authoritiesList(authorities: readonly CertificateFacts[]): string {
  const lines = authorities
    .slice(0, MOST_AUTHORITIES)
    .map(({ commonName, notAfter, fingerprintSha256 }) => [
      `- ${code(commonName)}, valid until ${isoDay(notAfter)}`,
      `  SHA-256 ${code(colons(fingerprintSha256))}`,
    ]);
  const more = authorities.length - lines.length;
  const rest = more > 0 ? [`- and ${more} more: \`local-ca inspect\` shows what is in a file`] : [];
  return [`${authorities.length} CAs:`, '', ...lines.flat(), ...rest].join('\n');
}

export function certificateFacts(
  { leaf, authority, intermediates }: Context,
  names: readonly string[],
  authorities: readonly CertificateFacts[],
): string {
  if (leaf === undefined && authorities.length > 1) return authoritiesList(authorities);
  const lines = [
    leaf && `- Names: ${names.map(code).join(', ')}`,
    leaf && `- Valid from ${leaf.notBefore} until **${leaf.notAfter}**; key type ${leaf.keyType}`,
    leaf && `- SHA-256 fingerprint: ${code(leaf.fingerprint ?? '')}`,
    `- CA: ${code(authority?.commonName ?? '')}, valid until ${authority?.notAfter}${intermediates ? ', signs through an intermediate' : ''}`,
    `- SHA-256 fingerprint of the CA: ${code(authority?.fingerprint ?? '')}`,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

export interface PasswordFacts {
  /** Paths of the stores that a key password opens, and of those that a trust password opens. */
  readonly keyStores: readonly string[];
  readonly trustStores: readonly string[];
  /** The person gave it, so it is not written anywhere. */
  readonly given: boolean;
}

export function passwordNotes({ passwordFile, trustPassword }: Context, facts: PasswordFacts): string {
  const { keyStores, trustStores, given } = facts;
  if (given) return sentence([...keyStores, ...trustStores], 'with the password that you gave.');
  const secret = `with the password in ${code(passwordFile ?? '')}: keep that file as safe as the key.`;
  const open = `with the password ${code(trustPassword ?? '')}, which guards nothing: a trust store has no secret in it.`;
  return [sentence(keyStores, secret), sentence(trustStores, open)].filter((text) => text !== '').join('\n');
}

function sentence(paths: readonly string[], ending: string): string {
  if (paths.length === 0) return '';
  return `${paths.map(code).join(' and ')} ${paths.length === 1 ? 'opens' : 'open'} ${ending}`;
}

/** Where the certificate came from, and what its files were made with. */
interface Origin {
  readonly foreign: boolean;
  readonly template: string;
  readonly settings: Settings;
  /** What the template says of new files. */
  readonly remark: string | undefined;
}

export function renewal(context: Context, origin: Origin): string {
  const { foreign } = origin;
  const { leaf, label } = context;
  if (leaf === undefined) return '';
  const end = `The certificate stops working after **${leaf.notAfter}**. Before that day, where it was made:`;
  const command = foreign ? 'local-ca csr create --renew' : 'local-ca renew';
  const then = foreign
    ? 'It makes a new request for the same names, for the CA that signed this one.'
    : `Key and names stay, and so do the files. Put the new ones in place${leaf.serves ? thenReload(context, origin) : '.'}`;
  const unattended = leaf.serves && !foreign ? ['', deployment(context, origin)] : [];
  return [end, '', '```sh', `${command} ${label}`, '```', '', then, ...unattended].join('\n');
}

function thenReload({ reload }: Context, { remark }: Origin): string {
  if (remark === undefined) return ' and reload the server.';
  return reload === undefined ? `. ${remark}` : `, then:\n\n\`\`\`sh\nsudo ${reload}\n\`\`\`\n\n${remark}`;
}

/** Each flag of a command with its value; one without a value is left out. */
type FlagList = readonly (readonly [flag: string, value: string | undefined])[];

const commandLine = (words: readonly string[], flags: FlagList): string =>
  [...words, ...flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(value)]))].join(' ');

/** The command that has it done from then on; where the template does not know, the reader does. */
function deployment({ label = '', set, owner, reload, probe }: Context, { template, settings }: Origin): string {
  const flags: FlagList = [
    ['--to', typeof set?.dir === 'string' ? set.dir : 'FOLDER'],
    ['--template', template],
    ...Object.entries(settings).flatMap(([name, value]) =>
      name === 'dir' ? [] : [['--set', `${name}=${value}`] as const],
    ),
    ['--owner', owner?.user ?? (typeof set?.user === 'string' ? set.user : undefined)],
    ['--group', owner?.group === owner?.user ? undefined : owner?.group],
    ['--hook', reload],
    ['--probe', probe],
  ];
  const command = commandLine(['local-ca deploy add', label], flags);
  const where =
    'Or, on the server itself, have it renewed and put in place from now on (`local-ca deploy --help` has more):';
  return [where, '', '```sh', command, '```'].join('\n');
}

export const warningList = (warnings: readonly string[]): string => warnings.map((text) => `> ${text}`).join('\n>\n');

// --- how to check the files ------------------------------------------------------------------------------------

/** What `local-ca verify` takes: files with the chain first, since a lone certificate of an intermediate proves nothing. */
const WITH_CHAIN = ['chain-pem', 'combined-pem', 'chain-p7b', 'key-p12', 'key-jks'] as const;
const ALONE = ['leaf-pem', 'leaf-der'] as const;
const STORES: readonly string[] = ['key-p12', 'key-jks'];

/** What its --ca takes. A PKCS#12 trust store is encrypted, and --ca has no password of its own. */
const ROOTS = ['ca-pem', 'ca-chain-pem', 'ca-p7b', 'ca-der', 'trust-jks', 'trust-chain-jks'] as const;

type Look = (path: string, context: Context) => string;
type Looks = Readonly<Partial<Record<ContentName, Look>>>;

const lookAtPem: Look = (path) => `openssl x509 -in ${path} -noout -subject -enddate -fingerprint -sha256`;
const lookAtDer: Look = (path) => `openssl x509 -inform DER -in ${path} -noout -subject -enddate -fingerprint -sha256`;
const lookAtP7b: Look = (path) => `openssl pkcs7 -inform DER -in ${path} -print_certs -noout`;
const lookAtTrust: Look = (path, { trustPassword = '' }) =>
  `keytool -list -keystore ${path} -storepass ${shellWord(trustPassword)}`;

/** Programs of others that show what is in a file. Without a file that has the password, they ask for it. */
const LEAF_LOOKS: Looks = {
  'leaf-der': lookAtDer,
  'chain-p7b': lookAtP7b,
  'key-p12': (path, { passwordFile: from }) =>
    `openssl pkcs12 -in ${path} -info -noout${from === undefined ? '' : ` -passin ${shellWord(`file:${from}`)}`}`,
  'key-jks': (path, { passwordFile: from }) =>
    `keytool -list -keystore ${path}${from === undefined ? '' : ` -storepass:file ${shellWord(from)}`}`,
};
const CA_LOOKS: Looks = {
  'ca-pem': lookAtPem,
  'ca-der': lookAtDer,
  'ca-p7b': lookAtP7b,
  'trust-p12': lookAtTrust,
  'trust-jks': lookAtTrust,
};

export function checks(context: Context): string {
  const { leaf, file = {} } = context;
  const verify = leaf && verifyCommand(context, leaf);
  const looks = Object.entries(leaf === undefined ? CA_LOOKS : LEAF_LOOKS).flatMap(([content, look]) => {
    const path = file[content as ContentName];
    return path === undefined ? [] : [look(shellWord(path), context)];
  });
  const blocks = [
    verify && [verify.where, verify.command],
    looks.length > 0 && ['What is in the files; a fingerprint has to be one of those below:', looks.join('\n')],
    context.probe !== undefined && ['What the server serves, once it runs:', probeCommand(context, context.probe)],
  ];
  return blocks.flatMap((block) => (block ? [block[0], '', '```sh', block[1], '```', ''] : [])).join('\n');
}

const passwordFlag = (file: string | undefined) =>
  file === undefined ? (['--password', 'PASSWORD'] as const) : (['--password-file', file] as const);

const rootsFile = ({ file = {} }: Context): string | undefined =>
  ROOTS.map((content) => file[content]).find((path) => path !== undefined);

const probeCommand = (context: Context, url: string): string =>
  commandLine(['local-ca probe', shellWord(url)], [['--ca', rootsFile(context)]]);

/** Undefined if no file has all that it takes. */
function verifyCommand(context: Context, leaf: NonNullable<Context['leaf']>) {
  const { file = {}, intermediates, passwordFile } = context;
  const subjects = intermediates ? WITH_CHAIN : [...WITH_CHAIN, ...ALONE];
  const subject = subjects.find((content) => file[content] !== undefined);
  if (subject === undefined) return undefined;
  const ca = rootsFile(context);
  const flags: FlagList = [
    ['--ca', ca],
    ['--purpose', leaf.serves ? undefined : leaf.profile],
    ['--host', leaf.host],
    ...(STORES.includes(subject) ? [passwordFlag(passwordFile)] : []),
  ];
  return {
    where: ca === undefined ? 'Where the CA is:' : 'Before the files are used:',
    command: commandLine(['local-ca verify', shellWord(file[subject] as string)], flags),
  };
}
