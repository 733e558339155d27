/** A question of a wizard as inquirer draws it: everything wrapped here, since inquirer breaks lines inside words. */
import type { Io } from '../io.ts';
import type { Choice, Found, WizardQuestion } from './flow.ts';
import { fit, widthOf, wrap } from './layout.ts';
import type { InquirerQuestion } from './prompt.ts';

/** What drawing needs to know of the terminal. */
export type Canvas = Pick<Io, 'style' | 'columns'>;

/** Choices and descriptions on one screen, with the question above them. */
const PAGE = 12;

export function draw(question: WizardQuestion, canvas: Canvas, canGoBack: boolean): InquirerQuestion {
  const theme = themeOf(question, canvas, canGoBack ? (question.escape ?? 'back') : undefined);
  const common = { name: 'answer', message: wrap(question.message, canvas.columns - 4).join('\n  '), theme };
  switch (question.type) {
    case 'input':
      return {
        ...common,
        type: 'input',
        message: inputMessage(question, canvas),
        default: question.default,
        validate: (text) => question.validate?.(text) ?? true,
      };
    case 'password':
      return { ...common, type: 'password', mask: true, validate: (text: string) => question.validate?.(text) ?? true };
    case 'confirm':
      return { ...common, type: 'confirm', default: question.default };
    case 'search':
      return {
        ...common,
        type: 'search',
        default: question.default,
        initialValue: question.typed,
        pageSize: PAGE,
        source: (term = '') => drawFound(question.source(term), canvas),
      };
    case 'select':
      return {
        ...common,
        type: 'select',
        default: question.default,
        pageSize: PAGE,
        loop: false,
        choices: drawChoices(question.choices, canvas),
      };
    case 'checkbox':
      return {
        ...common,
        type: 'checkbox',
        pageSize: PAGE,
        loop: false,
        shortcuts: { all: null, invert: null },
        choices: drawChoices(question.choices, canvas),
        validate: (chosen: readonly Choice[]) => question.validate?.(chosen.map(({ value }) => value)) ?? true,
      };
  }
}

/** A default that would break in the middle gets a line of its own. */
function inputMessage({ message, default: value = '' }: { message: string; default?: string }, { columns }: Canvas) {
  const lines = wrap(message, columns - 4).join('\n  ');
  return widthOf(message) + widthOf(value) + 8 > columns ? `${lines}\n ` : lines;
}

const drawChoices = (choices: readonly Choice[], { columns }: Canvas) =>
  choices.map(({ value, name, about = '', checked = false }) => ({
    value,
    // As much of a long name as tells it from others; the cursor, a box and a space stand before it.
    name: wrap(fit(name, 3 * (columns - 6)), columns - 6).join('\n    '),
    short: name,
    checked,
    ...(about === '' ? {} : { description: paragraphs(about, columns - 1).join('\n') }),
  }));

const paragraphs = (text: string, width: number) => text.split('\n').flatMap((line) => wrap(line, width));

/** Why there is nothing to choose stands where the choices would. */
function drawFound(found: Found, canvas: Canvas) {
  if (typeof found !== 'string') return drawChoices(found, canvas);
  const lines = paragraphs(found, canvas.columns - 6).map((line) => canvas.style('red', line));
  return [{ type: 'separator', separator: lines.map((line, i) => (i === 0 ? `> ${line}` : `   ${line}`)).join('\n') }];
}

function themeOf({ about }: { readonly about?: string }, canvas: Canvas, onEscape: string | undefined) {
  const { columns } = canvas;
  const style: Canvas['style'] = (kind, text) => canvas.style(kind, text);
  const above = paragraphs(about ?? '', columns - 2).map((line) => `${style('dim', line)}\n`);
  const prefix = `${above.join('')}${style('blue', '?')}`;
  return {
    prefix,
    // Nothing here takes long; a question that starts to spin at a key is unrest.
    spinner: { interval: 60_000, frames: [prefix] },
    style: {
      error: (text: string) =>
        paragraphs(`> ${text}`, columns - 2)
          .map((line) => style('red', line))
          .join('\n'),
      defaultAnswer: (text: string) => style('dim', `(${fit(text, columns - 6)})`),
      keysHelpTip: (keys: readonly (readonly [key: string, action: string])[]) =>
        helpLines([...keys, ...(onEscape === undefined ? [] : [['esc', onEscape] as const])], columns)
          .map((line) => style('dim', line))
          .join('\n'),
    },
  };
}

/** Broken between the keys. */
function helpLines(keys: readonly (readonly [key: string, action: string])[], columns: number): string[] {
  const lines: string[] = [];
  for (const item of keys.map(([key, action]) => `${key} ${action}`)) {
    const longer = lines.length === 0 ? item : `${lines.at(-1)} • ${item}`;
    if (lines.length === 0 || widthOf(longer) > columns - 1) lines.push(item);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** The question with its answer, as they stay on the screen. */
export function drawAnswer(
  question: WizardQuestion,
  answer: string,
  remarks: readonly string[],
  canvas: Canvas,
): string[] {
  const { columns } = canvas;
  const style: Canvas['style'] = (kind, text) => canvas.style(kind, text);
  const shown = answer === '' ? 'none' : answer;
  const message = wrap(question.message, columns - 3);
  const oneLine = widthOf(question.message) + widthOf(shown) + 4 <= columns;
  const head = message.map((line, i) => `${i === 0 ? style('green', '✔') : ' '} ${style('bold', line)}`);
  const tail = wrap(shown, columns - 5).map((line) => `    ${style('cyan', line)}`);
  return [
    ...(oneLine ? [`${head[0]} ${style('cyan', shown)}`] : [...head, ...tail]),
    ...remarks.flatMap((text) =>
      wrap(text, columns - 5).map((line, i) => style('yellow', `  ${i === 0 ? '!' : ' '} ${line}`)),
    ),
  ];
}
