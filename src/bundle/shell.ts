/** Quotes a word of a command that is printed for pasting: a name may hold a backquote, a template's path a space. */
export function shellWord(text: string): string {
  if (/^[\w.@:/+,=%-]+$/.test(text)) return text;
  return /^[\w.*-]+$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
