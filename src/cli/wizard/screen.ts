/** Where a wizard is asked: one question at a time, answers above it, and Esc to go back. */
import { clearScreenDown, createInterface, moveCursor } from 'node:readline';
import { LocalCaError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { draw, drawAnswer } from './drawing.ts';
import { type Asker, BACK, remarksOn, textOf, type WizardQuestion } from './flow.ts';
import { ask } from './prompt.ts';

/** Longer than the parts of an arrow key's sequence are apart, shorter than a person notices. Node's own is 500. */
const ESCAPE_MILLISECONDS = 80;

export class Screen {
  readonly #io: Io;
  /** How many lines each answer took that stands directly above the cursor. */
  #answers: number[] = [];

  constructor(io: Io) {
    this.#io = io;
    // Whoever reads keys first decides how long a lone Esc waits for what it may be the beginning of.
    createInterface({ input: process.stdin, terminal: true, escapeCodeTimeout: ESCAPE_MILLISECONDS }).close();
  }

  readonly ask: Asker = async (question, canGoBack) => {
    const value = await this.#answer(question, canGoBack);
    if (value === BACK) this.#takeBack();
    else this.#keep(question, value);
    return value;
  };

  /** Like `ask`, for a question whose answer is no news. */
  readonly choose: Asker = (question, canGoBack) => this.#answer(question, canGoBack);

  /** Lines below the answers, which are not taken back any more. */
  tell(lines: readonly string[]): void {
    this.#answers = [];
    for (const line of lines) this.#io.error(line);
  }

  async #answer(question: WizardQuestion, canGoBack: boolean): Promise<unknown> {
    const onEscape = new AbortController();
    const onKey = (_text: unknown, key?: { name?: string | undefined }) => {
      if (canGoBack && key?.name === 'escape') onEscape.abort();
      // To inquirer it is the number of a choice to toggle: an address that somebody types would choose at random.
      if (key !== undefined && question.type === 'checkbox' && /^\d$/.test(key.name ?? '')) key.name = undefined;
    };
    // Before inquirer's listener, which then no longer hears of the key.
    process.stdin.on('keypress', onKey);
    try {
      const options = { signal: onEscape.signal, clearPromptOnDone: true };
      const { answer } = await ask<{ answer: unknown }>([draw(question, this.#io, canGoBack)], options);
      return answer;
    } catch (error) {
      if (onEscape.signal.aborted && !(error instanceof LocalCaError)) return BACK;
      throw error;
    } finally {
      process.stdin.off('keypress', onKey);
    }
  }

  #keep(question: WizardQuestion, value: unknown): void {
    const lines = drawAnswer(question, textOf(question, value), remarksOn(question, value), this.#io);
    for (const line of lines) this.#io.error(line);
    this.#answers.push(lines.length);
  }

  #takeBack(): void {
    moveCursor(process.stderr, 0, -(this.#answers.pop() ?? 0));
    clearScreenDown(process.stderr);
  }
}
