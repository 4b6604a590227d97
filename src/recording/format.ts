/** The version of the format that this library writes. */
export const FORMAT = 'retrial/1'

/** Longest line that is written and read, bytes. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024

/** Deepest nesting of a line that is read. */
export const MAX_NESTING = 200

/** Deepest nesting of a value that is written structurally; the rest is left to the record around it. */
export const MAX_VALUE_NESTING = 150

/** JSON of at least this many characters is stored once and referred to. */
export const MIN_BLOB_LENGTH = 256

/** A text or base64 answer of one chunk is stored once from this many characters on; a shorter one stays in its line. */
export const MIN_ANSWER_BLOB_LENGTH = 1024

/** Keys of the one-key objects that stand for something stored elsewhere in the recording. */
export const REFERENCE_KEYS: ReadonlySet<string> = new Set(['$blob', '$list', '$json'])

/** Length of what closes every line: `,"crc":"` + eight digits + `"}`. */
export const CRC_SUFFIX_LENGTH = 18

/** A checksum as it stands in a line: eight lower-case hex digits. */
export function formatCrc(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}

/** True when a line of this text (without braces) would be too long for a reader. */
export function isTooLong(line: string): boolean {
  return line.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(line) + 64 > MAX_LINE_BYTES
}
