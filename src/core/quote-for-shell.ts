/** A word as it has to be typed at a shell. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
