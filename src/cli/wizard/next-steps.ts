/** What to do with the files that were made: the first task of the bundle's own README, as a terminal shows it. */
import { wrap } from './layout.ts';

/** More is read in the file itself. */
const MOST_LINES = 16;

/** The first section after the list of files: putting them where the server reads them. Empty if there is none. */
export function firstTask(readme: string): string {
  const [, ...sections] = readme.split(/^(?=## )/m);
  return sections.find((section) => !/^## (Files|Certificate|Renewal|Check)\b/.test(section)) ?? '';
}

/** Prose is wrapped; a command stays whole, to be pasted. Cut after a paragraph or a command. */
export function taskLines(section: string, columns: number): string[] {
  const blocks = blocksOf(section).map(({ code, text }) =>
    code ? text.split('\n').map((line) => `    ${line}`) : wrap(text, columns - 3).map((line) => `  ${line}`),
  );
  const lines: string[] = [];
  for (const block of blocks) {
    if (lines.length > 0 && lines.length + block.length > MOST_LINES) break;
    lines.push(...block);
  }
  return lines.slice(0, MOST_LINES);
}

interface Block {
  readonly code: boolean;
  readonly text: string;
}

/** Paragraphs, list items and fenced code, without their Markdown; headings are left out. */
function blocksOf(markdown: string): Block[] {
  const parts = markdown.split(/^```.*\n([\s\S]*?)^```$/m);
  return parts.flatMap((text, i): Block[] => {
    if (i % 2 === 1) return [{ code: true, text: text.trimEnd() }];
    const paragraphs = text.split(/\n\s*\n|\n(?=- )/).map((one) => plain(one));
    return paragraphs.filter((one) => one !== '').map((one) => ({ code: false, text: one }));
  });
}

const plain = (paragraph: string) =>
  paragraph
    .replace(/^#.*$/gm, '')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/(^|\s)[_*]{1,2}([^_*]+)[_*]{1,2}(?=[\s,.;:]|$)/g, '$1$2')
    .trim();
