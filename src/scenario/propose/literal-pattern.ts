/** Longest pattern that is proposed, so that the line stays readable. */
const MAX_LENGTH = 120

/** A short regular expression that matches this text from its beginning, and only this text when it is short. */
export function toLiteralPattern(text: string): string {
  let pattern = '^'
  for (const char of text) {
    const escaped = escapeChar(char)
    if (pattern.length + escaped.length > MAX_LENGTH) return pattern
    pattern += escaped
  }
  return `${pattern}$`
}

function escapeChar(char: string): string {
  if (/[\\^$.*+?()[\]{}|/]/.test(char)) return `\\${char}`
  if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(char)) return char
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
