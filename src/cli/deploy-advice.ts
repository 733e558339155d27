/** What `deploy add` says of settings that are allowed, and perhaps not meant. */
import { refuseForeign } from '../bundle/manifest.ts';
import type { Template } from '../bundle/template.ts';
import { hostMismatch } from '../core/hostname.ts';
import { parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import type { Goal } from '../deploy/goal.ts';
import { lengthOf, parseWindow } from '../deploy/window.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { isThere, type Settings } from './deploy-settings.ts';

/** The probe asks for a name of its own. */
export function warnOfName({ io }: Context, { certificate }: CertificateRecord, { probeName }: Settings): void {
  const why = probeName === null ? undefined : hostMismatch(parseCertificate(certificate), probeName);
  if (why !== undefined) io.warn(`the certificate does not stand for the name of the probe: ${why}`);
}

/** Minutes. */
const SURE_TO_MEET = 16;

/** What `deploy run` would do otherwise than meant. */
export function warnOf(
  { io, env }: Context,
  { folder, hook, window, timeZone }: Settings,
  { files, claims }: Goal,
): void {
  try {
    refuseForeign(folder, files, false, claims);
  } catch (error) {
    if (!(error instanceof LocalCaError)) throw error;
    io.warn(`${error.message}; deploy run replaces it only with --force`);
  }
  const [program] = hook;
  if (program !== undefined && !isThere(program, env.PATH)) {
    io.warn(`there is no program ${quote(program)} that could be run as the hook`);
  }
  if (hook.length === 0) io.say('without --hook, nothing tells the server of new files');
  if (window !== null && hook.length === 0) io.say('the window is for the files alone then');
  const minutes = window === null ? SURE_TO_MEET : lengthOf(parseWindow(window, timeZone ?? undefined));
  if (minutes < SURE_TO_MEET) {
    io.warn(`a scheduler that looks every ten minutes, and up to five later, can miss a window of ${minutes} minutes`);
  }
}

/** What the template knows of its server, where nobody has said it. A template's command is never run by itself. */
export function suggest({ io }: Context, { hook, owner }: Settings, template: Template): void {
  const { reload, owner: account } = template;
  if (hook.length === 0 && reload !== undefined) {
    io.say(`  for ${template.title}${commandOf(reload.command)}: ${reload.about}`);
  }
  if (owner === null && account !== undefined) {
    io.say(`  it usually reads its files as ${account.user}: --owner ${account.user}`);
  }
}

/** One with placeholders is written out in the README of the bundle alone. */
function commandOf(command: string | undefined): string {
  if (command === undefined) return '';
  return command.includes('{{') ? ', the README of its bundle has the command' : `, --hook '${command}'`;
}
