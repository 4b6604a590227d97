/** Text of a run on one line: a line break in it would end the comment it stands in. */
export function oneLine(text: string, max: number): string {
  const flat = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trimEnd()
  return flat.length > max ? `${flat.slice(0, max - 1)}…` : flat
}
