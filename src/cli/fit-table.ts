/** Rows that fit a terminal: what matters least in full length gives way first. */
import { isAbsolute } from 'node:path';

/** A date, and the ellipsis. */
const SHORTEST = 11;

/** Between two columns. */
const GAP = 2;

/**
 * The rows with cells shortened until a table of them is no wider than `columns`, or nothing more can be taken. `order`
 * names the columns that may give way, the first one first. What goes into a pipe has no end of columns, and stays whole.
 */
export function fitted(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  order: readonly string[],
): string[][] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]?.length ?? 0)));
  let excess = widths.reduce((sum, width) => sum + width, GAP * (header.length - 1)) - columns;
  for (const at of order.map((name) => header.indexOf(name))) {
    const width = widths[at] ?? 0;
    const taken = Math.max(0, Math.min(excess, width - SHORTEST));
    widths[at] = width - taken;
    excess -= taken;
  }
  return rows.map((cells) => cells.map((cell, i) => shortened(cell, widths[i] ?? 0)));
}

/** Of a path, the end says most; of all else, the beginning does. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  return isAbsolute(text) ? `…${text.slice(1 - width)}` : `${text.slice(0, width - 1)}…`;
}
