/** What `local-ca` alone offers on a terminal, by the state of the home. Data: who runs it is in run-menu.ts. */

export interface MenuState {
  /** Nothing yet; a CA; or keys that wait for another CA's answer, and no CA. */
  readonly home: 'none' | 'ca' | 'requests-only';
  /** How many certificates are due for renewal, or have expired. */
  readonly due: number;
  /** How many requests wait for another CA's answer. */
  readonly waiting: number;
}

interface MenuChoice {
  readonly title: string;
  /** What one would type instead; empty: leave. */
  readonly command: readonly string[];
}

export interface Menu {
  readonly title: string;
  /** What wants to be done first stands first. */
  readonly choices: readonly MenuChoice[];
}

interface Row {
  when(state: MenuState): boolean;
  title(state: MenuState): string;
  readonly command: readonly string[];
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
const hasCa = ({ home }: MenuState) => home === 'ca';

/** Commands that need no argument, or ask for what they need. */
const ROWS: readonly Row[] = [
  {
    when: ({ due }) => due > 0,
    title: ({ due }) => `Renew what is due (${count(due, 'certificate')})`,
    command: ['renew', '--all'],
  },
  {
    when: ({ waiting }) => waiting > 0,
    title: ({ waiting }) => `Take in the answer of another CA (${count(waiting, 'request')})`,
    command: ['csr', 'accept'],
  },
  { when: (state) => !hasCa(state), title: () => 'Make a CA and a first certificate', command: ['init'] },
  { when: ({ home }) => home !== 'none', title: () => 'See what ends when', command: ['status'] },
  { when: hasCa, title: () => 'List the certificates', command: ['list'] },
  { when: () => true, title: () => 'Ask another CA for a certificate', command: ['csr', 'create'] },
  { when: () => true, title: () => 'Leave', command: [] },
];

export const menuFor = (state: MenuState): Menu => ({
  title: titleOf(state),
  choices: ROWS.filter((row) => row.when(state)).map((row) => ({ title: row.title(state), command: row.command })),
});

function titleOf({ home, due, waiting }: MenuState): string {
  if (due > 0) return `${count(due, 'certificate')} ${due === 1 ? 'wants' : 'want'} to be renewed.`;
  if (waiting > 0)
    return `${count(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'} for the answer of another CA.`;
  return home === 'none' ? 'There is no CA here yet.' : 'Nothing is due.';
}
