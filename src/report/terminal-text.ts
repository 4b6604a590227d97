import { styleText } from 'node:util'

/** Everything that a terminal, a log viewer or a reader's eye may act on or not show: controls, directions, zero width, private use. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\x1b' }

/**
 * Recorded text made safe for one line of a terminal or a CI log: controls, bidirectional and zero-width characters
 * become visible escapes, and what CI systems read as a command (`::…`, `##[…`) is broken. Longer text is cut.
 *
 * @param max Characters to keep, of the text as recorded; what is cut is counted.
 */
export function escapeTerminal(text: string, max = 120): string {
  // A slice before the split bounds the work on a huge text; a character has at most two code units.
  const characters = Array.from(text.slice(0, 2 * max + 2))
  const kept = characters.length > max ? characters.slice(0, max).join('') : text
  const escaped = breakCommands(kept.replace(HOSTILE, escapeCharacter))
  return kept.length === text.length ? escaped : `${escaped}… (+${text.length - kept.length})`
}

/** A JSON value on one line; a text as it is, without quotes. */
export function escapeValue(value: unknown, max = 120): string {
  return escapeTerminal(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'), max)
}

/** JSON text in which hostile characters are written as escapes; it parses to the same value. */
export function escapeJson(json: string): string {
  const escapeUnits = (character: string) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join('')
  return json.replace(HOSTILE, (character) => (character === '\n' ? character : escapeUnits(character)))
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) as number
  return SHORT[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
}

/** Breaks `::` at the start of a text and `##[`, `##vso[` and the like anywhere. */
function breakCommands(text: string): string {
  return text.replace(/^(\s*):(?=:)/, '$1\\x3a').replace(/#(?=#[a-z]*\[)/gi, '\\x23')
}

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan', text: string) => string

export function createPaint(color: boolean): Paint {
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** Cuts a text that is already escaped to a number of characters. */
export function fitText(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}

/** Breaks a text into lines of at most `width` characters at spaces; a longer word stands alone on its line. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** The lines of a report as one text. Wrapping may have moved recorded text to the start of a line, so commands are broken again. */
export function joinLines(lines: readonly string[]): string {
  return `${lines.map(breakCommands).join('\n')}\n`
}
