/** `local-ca` alone on a terminal: what the home needs, to choose from. */
import { look } from '../../store/layout.ts';
import type { Command, Context, Flags } from '../command.ts';
import { type Life, livesOf, needsAttention } from '../life.ts';
import { timeLeft } from '../records.ts';
import { type Session, withRecords } from '../session.ts';
import type { WizardQuestion } from './flow.ts';
import { BACK } from './flow.ts';
import { type Menu, type MenuItem, type MenuState, menuFor } from './menu.ts';
import { Screen } from './screen.ts';

/** The words of the chosen command; none to leave. */
export async function chooseCommand(
  context: Context,
  flags: Flags,
  commands: readonly Command[],
): Promise<readonly string[]> {
  const menu = menuFor(await stateOfHome(context, flags));
  const answer = await new Screen(context.io).choose(asQuestion(menu, commands), true);
  return answer === BACK ? [] : (answer as readonly string[]);
}

function asQuestion({ about, message, choices }: Menu, commands: readonly Command[]): WizardQuestion {
  const exists = (words: readonly string[]) => words.length === 0 || commands.some(({ name }) => isCalled(name, words));
  return {
    type: 'select',
    message,
    about: about.join('\n'),
    escape: 'leave',
    choices: choices
      .filter(({ command }) => exists(command))
      .map(({ command, title }) => ({
        value: command,
        name: title,
        about: command.length === 0 ? '' : `local-ca ${command.join(' ')}`,
      })),
  };
}

const isCalled = (name: string, words: readonly string[]) => name === words.slice(0, name.split(' ').length).join(' ');

/** What is no home yet is `init`'s to explain. */
async function stateOfHome(context: Context, flags: Flags): Promise<MenuState> {
  if (look(context.home) !== 'home') return { home: 'none', due: [], waiting: [], problems: [] };
  return withRecords(context, flags, (session) => stateOf(session, context.ambient.now()));
}

async function stateOf(session: Session, now: Date): Promise<MenuState> {
  const { ca } = session;
  const lives = await livesOf(session, undefined, now);
  const foreign = (await ca.list({ state: 'valid' })).filter(({ issuerId }) => issuerId === null);
  const isForeign = ({ kind, name }: Life) => kind === 'certificate' && foreign.some(({ label }) => label === name);
  const of = (kind: Life['kind']) => lives.filter((life) => life.kind === kind);
  return {
    home: ca.chain.length > 0 ? 'ca' : 'others-only',
    due: lives.filter(needsAttention).flatMap((life) => itemOf(life, isForeign(life), now)),
    waiting: of('request').map(({ name }) => name),
    problems: of('deployment').map(({ name, advice }) => `${name}: ${advice.split('; ')[0]}.`),
  };
}

function itemOf({ kind, name, notAfter }: Life, isForeign: boolean, now: Date): MenuItem[] {
  if (notAfter === null || kind === 'request' || kind === 'deployment' || kind === 'old intermediate') return [];
  return [{ kind: isForeign ? 'foreign' : kind, name, left: timeLeft(notAfter, now) }];
}
