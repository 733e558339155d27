/** The names that somebody who slipped may have meant, for hints. */

/** Those of `names` that `wanted` is near to, as they are spelt there. */
export const nearNames = (wanted: string, names: readonly string[]): string[] =>
  names.filter((name) => isNear(wanted.toLowerCase(), name.toLowerCase()));

/** One contains the other, or at most two letters differ. */
const isNear = (a: string, b: string) =>
  (a.length > 2 && (a.includes(b) || b.includes(a))) || (Math.abs(a.length - b.length) <= 2 && distance(a, b) <= 2);

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
