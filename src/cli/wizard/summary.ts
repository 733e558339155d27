/** What a wizard is about to do, before it does it. */
import type { Io } from '../io.ts';
import { hang, widthOf } from './layout.ts';

/** A title, or none where the row before goes on, or `!` for a remark; and a text, which may be empty for no row. */
export type SummaryRow = readonly [title: string, text: string];

/** Lines that fit, their texts below each other. */
export function summaryLines(rows: readonly SummaryRow[], io: Pick<Io, 'style' | 'columns'>): string[] {
  // Two spaces, the longest title, two spaces.
  const margin = Math.max(...rows.map(([title]) => widthOf(title))) + 4;
  return rows.flatMap(([title, text]) => {
    const isRemark = title === '!';
    const before = isRemark ? `${' '.repeat(margin)}! ` : `  ${title}`.padEnd(margin);
    const lines = hang(before, text, io.columns - 1);
    if (isRemark) return lines.map((line) => io.style('yellow', line));
    return lines.map((line) => io.style('bold', line.slice(0, margin)) + line.slice(margin));
  });
}
