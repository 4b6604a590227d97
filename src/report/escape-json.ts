/** Characters that a terminal may act on or not show, and what CI systems read as the beginning of a command. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|#(?=#[a-z]*\[)/giu

/** Serialised JSON with the same meaning in which hostile characters are `\u` escapes. Its own line feeds stay. */
export function escapeHostile(json: string): string {
  return json.replace(HOSTILE, (character) => (character === '\n' ? character : toEscapes(character)))
}

function toEscapes(character: string): string {
  // By code unit, as JSON has it: a character beyond U+FFFF becomes a pair.
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
