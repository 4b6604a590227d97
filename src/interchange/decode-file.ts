import { RetrialError } from '../core/errors.ts'
import { MAX_FILE_LENGTH, tooLarge } from './entries/read-json-file.ts'
import { unpackEval } from './inspect/unpack-eval.ts'

const NEWLINE = 0x0a

/**
 * The text of a file to import, which has to be UTF-8, or a packed log of Inspect: its JSON form is the text then.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`; `ERR_INTERCHANGE_ENCODING` with the line and column (in bytes) of
 * the first byte that is not UTF-8
 */
export function decodeFile(bytes: Uint8Array, path: string): string {
  if (bytes.length > MAX_FILE_LENGTH) throw tooLarge(path, bytes.length)
  const log = isZip(bytes) ? unpackEval(bytes, path) : null
  if (log !== null) return log
  const other = otherKind(bytes)
  if (other !== null) throw encodingError(path, `it is ${other}`, 1, 1)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const at = firstBadByte(bytes)
    const before = bytes.subarray(0, at)
    const line = before.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 1)
    const column = at - before.lastIndexOf(NEWLINE)
    throw encodingError(path, `byte ${at} is not UTF-8`, line, column)
  }
}

/** What a file is by its first bytes, when it is no UTF-8 text. */
function otherKind(bytes: Uint8Array): string | null {
  const [a, b, c] = bytes
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'UTF-16, not UTF-8'
  if (a === 0x1f && b === 0x8b) return 'packed with gzip'
  if (isZip(bytes)) return 'a zip archive, and no log of Inspect'
  if (a === 0x28 && b === 0xb5 && c === 0x2f) return 'packed with zstd'
  return null
}

function isZip([a, b, c]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && (c === 3 || c === 5)
}

/** The longest beginning that may go on well is found by halving; a character that is not complete begins up to three bytes before. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2)
    if (decodes(bytes.subarray(0, middle), true)) good = middle
    else bad = middle - 1
  }
  while (good > 0 && !decodes(bytes.subarray(0, good), false)) good--
  return good
}

function decodes(bytes: Uint8Array, mayGoOn: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayGoOn })
    return true
  } catch {
    return false
  }
}

function encodingError(path: string, reason: string, line: number, column: number): RetrialError {
  return new RetrialError('ERR_INTERCHANGE_ENCODING', `Failed to import the file: ${reason}`, {
    hint: 'Unpack it, or save it as UTF-8.',
    location: { path, line, column },
  })
}
