/** The paragraphs that every README has, written once here rather than in each template. */
import { serves } from './context.ts';
import { modeText } from './file.ts';
import type { Context } from './render.ts';

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
  /** The template has secret files, and the key to make them is gone. */
  readonly keyMissing: boolean;
}

export function fileTable(files: readonly ListedFile[], { profile, keyMissing }: Situation): string {
  const titles = titlesOf(profile);
  const tables = (['server', 'client'] as const).flatMap((audience) => {
    const rows = files.filter((file) => file.audience === audience).map(row);
    if (rows.length === 0) return [];
    return [[`${titles[audience]}:`, '', '| File | What it is | Mode |', '|---|---|---|', ...rows].join('\n')];
  });
  const note = keyMissing ? [KEY_MISSING] : [];
  return [...tables, ...note].join('\n\n');
}

const KEY_MISSING =
  'The private key was handed out when the certificate was made and is not kept, so the files with it are not here.';

const row = ({ path, about, mode, secret }: ListedFile) =>
  `| ${code(path)} | ${about} | ${modeText(mode)}${secret ? ', **secret**' : ''} |`;

export function certificateFacts({ leaf, authority, intermediates }: Context, names: readonly string[]): string {
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

export function renewal({ leaf }: Context, command: string): string {
  if (leaf === undefined) return '';
  return [
    `The certificate stops working after **${leaf.notAfter}**. Before that day issue it again, put the new files in`,
    leaf.serves ? 'place and reload the server:' : 'the place of the old ones:',
    '',
    '```sh',
    command,
    '```',
  ].join('\n');
}

export const warningList = (warnings: readonly string[]): string => warnings.map((text) => `> ${text}`).join('\n>\n');
