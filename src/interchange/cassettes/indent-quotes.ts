/** A key or list dash, and behind it the quote that begins a value. */
const OPENING = /^( *(?:- +)*)(?:[^\s'"#&*!|>{[\]}%@`][^'"]*?: +)?(['"])/
/** A line behind which the lines of a literal or folded block follow. */
const BLOCK = /(?:^|[:-] +)(?:![^\s]* +)?[|>][-+\d]* *$/

/**
 * Indents the lines by which quoted values go on. PyYAML reads them wherever they begin, and formatters of YAML put them as
 * far left as their key, which the YAML standard does not allow. Space at the beginning of such a line is no part of the value.
 */
export function indentQuotes(text: string): string {
  let quote: string | null = null
  let margin = ''
  let block: number | null = null
  const lines = text.split('\n').map((line) => {
    if (quote !== null) {
      const shown = line.trim() === '' ? line : margin + line
      if (endsQuote(line, 0, quote)) quote = null
      return shown
    }
    const indent = line.length - line.trimStart().length
    if (block !== null && (line.trim() === '' || indent > block)) return line
    block = BLOCK.test(line) ? indent : null
    const [opening, before = '', opened] = OPENING.exec(line) ?? []
    if (opening !== undefined && opened !== undefined && !endsQuote(line, opening.length, opened)) {
      quote = opened
      margin = ' '.repeat(before.length + 2)
    }
    return line
  })
  return lines.join('\n')
}

/** True when the quote is closed in a line, from an offset on. */
function endsQuote(line: string, from: number, quote: string): boolean {
  for (let at = from; at < line.length; at++) {
    if (quote === '"' && line[at] === '\\') at++
    else if (line[at] === quote) {
      if (quote === '"' || line[at + 1] !== "'") return true
      at++
    }
  }
  return false
}
