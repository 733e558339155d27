// Numbers to text.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that mean something: 3.14, 31.4, 314, 3140. */
export function digits(value) {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1))));
  return value.toFixed(decimals);
}

/** The first column to the left, the others to the right. */
export function table(header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return all.map((row) => `${line(row).trimEnd()}\n`).join('');
}
