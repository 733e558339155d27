/** `local-ca` alone on a terminal: what the home needs, to choose from. */
import { openHome } from '../../store/home.ts';
import { look } from '../../store/layout.ts';
import type { Command, Context } from '../command.ts';
import { stateOf } from '../records.ts';
import { BACK, type WizardQuestion } from './flow.ts';
import { type Menu, type MenuState, menuFor } from './menu.ts';
import { Screen } from './screen.ts';

/** The words of the chosen command; none to leave. */
export async function chooseCommand(context: Context, commands: readonly Command[]): Promise<readonly string[]> {
  const menu = menuFor(await stateOfHome(context));
  const answer = await new Screen(context.io).choose(asQuestion(menu, commands), true);
  return answer === BACK ? [] : String(answer).split(' ').filter(Boolean);
}

function asQuestion({ title, choices }: Menu, commands: readonly Command[]): WizardQuestion {
  const exists = (words: readonly string[]) => words.length === 0 || commands.some(({ name }) => isCalled(name, words));
  return {
    type: 'select',
    message: 'What shall be done?',
    about: title,
    choices: choices
      .filter(({ command }) => exists(command))
      .map((choice) => ({
        value: choice.command.join(' '),
        name: choice.title,
        about: choice.command.length === 0 ? '' : `local-ca ${choice.command.join(' ')}`,
      })),
  };
}

const isCalled = (name: string, words: readonly string[]) => name === words.slice(0, name.split(' ').length).join(' ');

/** What is no home yet is `init`'s to explain. */
async function stateOfHome({ home: folder, ambient }: Context): Promise<MenuState> {
  if (look(folder) !== 'home') return { home: 'none', due: 0, waiting: 0 };
  const home = await openHome(folder);
  try {
    const { store } = home;
    const waiting = (await store.requests()).length;
    const now = ambient.now();
    const due = (await store.certificates({ state: 'valid' })).filter((record) => stateOf(record, now) !== 'valid');
    const hasCa = (await store.authorities()).length > 0;
    return { home: hasCa ? 'ca' : 'requests-only', due: due.length, waiting };
  } finally {
    await home.close();
  }
}
