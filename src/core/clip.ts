/** The beginning of a text that is longer than `length` characters, and a sign that there was more. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
