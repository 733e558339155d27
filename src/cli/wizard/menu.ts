/** What `local-ca` alone offers on a terminal, by the state of the home. Data: who runs it is in run-menu.ts. */
import { count } from './words.ts';

/** Something whose time has come. */
export interface MenuItem {
  readonly kind: 'certificate' | 'foreign' | 'root' | 'intermediate' | 'old root' | 'crl';
  readonly name: string;
  /** "4 days left", "ended 3 days ago". */
  readonly left: string;
}

export interface MenuState {
  /** Nothing yet; a CA; or requests to another CA and what came of them, and no CA. */
  readonly home: 'none' | 'ca' | 'others-only';
  /** What is due or has expired, soonest first. */
  readonly due: readonly MenuItem[];
  /** The requests that wait for another CA's answer. */
  readonly waiting: readonly string[];
  /** What deployments failed of. */
  readonly problems: readonly string[];
}

interface MenuChoice {
  readonly title: string;
  /** What one would type instead; empty: leave. */
  readonly command: readonly string[];
}

export interface Menu {
  /** What one should know, the most urgent first. */
  readonly about: readonly string[];
  readonly message: string;
  /** What wants to be done first stands first. */
  readonly choices: readonly MenuChoice[];
}

interface Row {
  when(state: MenuState): boolean;
  title(state: MenuState): string;
  readonly command: readonly string[];
}

/** A choice for each of some things. */
type Rows = (state: MenuState) => readonly MenuChoice[];

const hasCa = ({ home }: MenuState) => home === 'ca';
const hasHome = ({ home }: MenuState) => home !== 'none';
const dueOf = ({ due }: MenuState, ...kinds: readonly MenuItem['kind'][]) =>
  due.filter(({ kind }) => kinds.includes(kind));

/** What `renew` and its form can do something about. */
const renewable = (state: MenuState) => dueOf(state, 'certificate', 'root', 'intermediate');

const MOST_NAMED = 3;

/** Only their own CA can: it has to be asked again, where that was not done. */
const requests: Rows = (state) =>
  dueOf(state, 'foreign')
    .filter(({ name }) => !state.waiting.includes(name))
    .slice(0, MOST_NAMED)
    .map(({ name }) => ({
      title: `Make a new request for ${name}, to the CA that signed it`,
      command: ['csr', 'create', '--renew', name],
    }));

/** Names as far as they are few. */
const named = (names: readonly string[], noun: string) =>
  names.length <= MOST_NAMED ? names.join(', ') : count(names.length, noun);

const TITLES: Readonly<Record<MenuItem['kind'], string>> = {
  certificate: '',
  foreign: "another CA's ",
  root: 'the CA ',
  intermediate: 'the CA ',
  'old root': 'the old root ',
  crl: 'the revocation list of ',
};

const titleOf = ({ kind, name }: MenuItem) => `${TITLES[kind]}${name}`;

/** Commands that need no argument, or ask for what they need. */
const ROWS: readonly (Row | Rows)[] = [
  {
    when: (state) => renewable(state).length > 0,
    title: (state) => `Renew ${named(renewable(state).map(titleOf), 'certificate')}`,
    command: ['renew'],
  },
  requests,
  {
    when: (state) => dueOf(state, 'crl').length > 0,
    title: () => 'Make the revocation list anew',
    command: ['crl'],
  },
  {
    when: (state) => dueOf(state, 'old root').length > 0,
    title: () => 'Write the new files of the CA, which clients need before the old root ends',
    command: ['export', '--ca'],
  },
  {
    when: ({ problems }) => problems.length > 0,
    title: () => 'Try the deployment again',
    command: ['deploy', 'run', '--now'],
  },
  {
    when: ({ waiting }) => waiting.length > 0,
    title: ({ waiting }) => `Take in what the CA has answered (${named(waiting, 'request')})`,
    command: ['csr', 'accept'],
  },
  { when: (state) => !hasCa(state), title: () => 'Make a CA and a first certificate', command: ['init'] },
  { when: hasCa, title: () => 'Issue a certificate', command: ['issue'] },
  { when: hasHome, title: () => 'See what ends when', command: ['status'] },
  {
    when: (state) => hasHome(state) && renewable(state).length === 0,
    title: () => 'Renew before it is due',
    command: ['renew'],
  },
  { when: () => true, title: () => 'Ask another CA for a certificate', command: ['csr', 'create'] },
  {
    when: (state) => hasCa(state) && dueOf(state, 'old root').length === 0,
    title: () => 'Write the files of the CA, for clients',
    command: ['export', '--ca'],
  },
  { when: hasHome, title: () => 'List the certificates', command: ['list'] },
  { when: () => true, title: () => 'Leave', command: [] },
];

export const menuFor = (state: MenuState): Menu => ({
  about: aboutOf(state),
  message: messageOf(state),
  choices: ROWS.flatMap((row) => choicesOf(row, state)),
});

function choicesOf(row: Row | Rows, state: MenuState): readonly MenuChoice[] {
  if (typeof row === 'function') return row(state);
  return row.when(state) ? [{ title: row.title(state), command: row.command }] : [];
}

function aboutOf(state: MenuState): string[] {
  const { home, due, waiting, problems } = state;
  const lines = [
    ...due.slice(0, MOST_NAMED).map((item) => `${titleOf(item)}: ${item.left}.`),
    ...(due.length > MOST_NAMED ? [`And ${due.length - MOST_NAMED} more.`] : []),
    ...problems,
    ...(waiting.length === 0 ? [] : [waitingText(waiting)]),
  ];
  if (lines.length > 0) return lines;
  return [home === 'none' ? 'There is no CA here yet.' : 'Nothing is due.'];
}

const waitingText = (waiting: readonly string[]) =>
  `${named(waiting, 'request')} ${waiting.length === 1 ? 'waits' : 'wait'} for the answer of another CA.`;

/** The first choice is the answer to it. */
function messageOf(state: MenuState): string {
  if (renewable(state).length > 0) return `Renew ${renewable(state).length === 1 ? 'it' : 'them'} now?`;
  if (state.due.length === 0 && state.problems.length === 0 && state.waiting.length > 0) return 'Has the CA answered?';
  return 'What shall be done?';
}
