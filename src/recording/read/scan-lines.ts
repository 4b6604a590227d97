import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { JsonValue } from '../../core/json.ts'
import { CRC_SUFFIX_LENGTH, formatCrc, MAX_LINE_BYTES, MAX_NESTING } from '../format.ts'

/** A line that cannot be trusted; the reader turns it into an error with path and line number. */
export class BrokenLine extends Error {
  readonly kind: 'damaged' | 'too_large'

  constructor(reason: string, kind: 'damaged' | 'too_large' = 'damaged') {
    super(reason)
    this.name = 'BrokenLine'
    this.kind = kind
  }
}

const LF = 0x0a
const CR = 0x0d

/** The lines of a file: where each starts and ends (without its line feed), and how many bytes stand behind the last line feed. */
export function splitLines(bytes: Buffer): { lines: [start: number, end: number][]; tail: number } {
  const lines: [number, number][] = []
  let start = 0
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    lines.push([start, end])
    start = end + 1
  }
  return { lines, tail: bytes.length - start }
}

/**
 * Reads one line: its text and the checksum that the next one builds on.
 * @throws BrokenLine when the line is not what was written there.
 */
export function readLine(line: Buffer, previousCrc: number): { text: string; crc: number } {
  if (line.length > MAX_LINE_BYTES) {
    throw new BrokenLine(`the line has ${line.length} bytes; ${MAX_LINE_BYTES} is the limit`, 'too_large')
  }
  const split = line.length - CRC_SUFFIX_LENGTH
  const suffix = split < 0 ? '' : line.toString('latin1', split)
  if (!/^,"crc":"[0-9a-f]{8}"\}$/.test(suffix)) {
    const ended = line.at(-1) === CR ? ' (line ends were converted to CRLF)' : ''
    throw new BrokenLine(`the line does not end with its checksum${ended}`)
  }
  const crc = crc32(line.subarray(0, split), previousCrc)
  if (formatCrc(crc) !== suffix.slice(8, 16)) {
    throw new BrokenLine('the checksum does not fit: the line, or one before it, is not what was written')
  }
  if (!isUtf8(line)) throw new BrokenLine('the line is not valid UTF-8')
  return { text: line.toString('utf8'), crc }
}

/**
 * Parses a line that `readLine` has let through.
 * @throws BrokenLine when it is no JSON, or nested too deep.
 */
export function parseLine(text: string): JsonValue {
  if (isNestedTooDeep(text)) throw new BrokenLine(`the line is nested deeper than ${MAX_NESTING}`, 'too_large')
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    throw new BrokenLine(`the line is not valid JSON: ${(error as Error).message}`)
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

function isNestedTooDeep(text: string): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = endOfString(text, i)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_NESTING) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

/** Position of the quote that closes a string; the end of the text when none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}
