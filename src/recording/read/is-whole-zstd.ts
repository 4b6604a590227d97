const MAGIC = 0xfd2fb528
/** Frames that hold nothing of the content have one of sixteen of these. */
const SKIPPABLE = 0x184d2a50
const DICTIONARY_ID_SIZES = [0, 1, 2, 4]
const RLE = 1

/**
 * Whether a file of Zstandard frames (RFC 8878) has its end. Node 22.18 gives what it can of one that was cut off, and says
 * nothing. What is between beginning and end is for the decompressor to check.
 */
export function isWholeZstd(bytes: Buffer): boolean {
  let at = 0
  while (at < bytes.length) {
    const end = endOfFrame(bytes, at)
    if (end === null || end > bytes.length) return false
    at = end
  }
  return at > 0
}

/** Behind the frame that begins there; null when that cannot be told from what is there. */
function endOfFrame(bytes: Buffer, start: number): number | null {
  if (start + 8 > bytes.length) return null
  const magic = bytes.readUInt32LE(start)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return start + 8 + bytes.readUInt32LE(start + 4)
  if (magic !== MAGIC) return null
  const descriptor = bytes[start + 4] ?? 0
  const isSingle = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag
  const dictionary = DICTIONARY_ID_SIZES[descriptor & 3] ?? 0
  let at = start + 5 + Number(!isSingle) + dictionary + sizeBytes
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) return null
    const block = bytes.readUIntLE(at, 3)
    isLast = (block & 1) === 1
    at += 3 + (((block >> 1) & 3) === RLE ? 1 : block >> 3)
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4)
}
