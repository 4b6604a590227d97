import { isUtf8 } from 'node:buffer'
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** Largest body that is unpacked, bytes. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024
/** A body may grow to so many times its packed size (below 1 MB, to any size). */
const MAX_RATIO = 1000
/** All unpacked bodies of a file together, bytes. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024
const FREE_BYTES = 1024 * 1024
const MAX_CODINGS = 4

/** What may still be unpacked of one file, bytes. */
export interface Budget {
  left: number
}

/** Bytes without their content coding, or why not. */
export type Uncoded = { bytes: Buffer } | { failure: 'broken' | 'unsupported' | 'bomb'; reason: string }

/**
 * Removes the content codings that a `content-encoding` header names: gzip, deflate (zlib or raw), br, zstd.
 *
 * `certain` says that the bytes are as they came over the wire. Else the header may speak of a coding that the
 * exporting tool removed already: bytes that do not decode and look decoded are then taken as they are.
 */
export function removeCoding(bytes: Buffer, header: string, certain: boolean, size: number, budget: Budget): Uncoded {
  const codings = header.split(',').map((coding) => coding.trim().toLowerCase())
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity').reverse()
  if (applied.length > MAX_CODINGS) return { failure: 'unsupported', reason: `${applied.length} content codings` }
  let current: Uncoded = { bytes }
  for (const coding of applied) {
    current = removeOne(current.bytes, coding, certain, budget)
    if ('failure' in current) {
      const looksDecoded = current.failure !== 'bomb' && !certain && (bytes.length === size || isUtf8(bytes))
      return looksDecoded ? { bytes } : current
    }
  }
  return current
}

function removeOne(bytes: Buffer, coding: string, certain: boolean, budget: Budget): Uncoded {
  if (bytes.length === 0) return { bytes }
  const decode = decoderOf(coding, certain || !isUtf8(bytes))
  if (decode === undefined)
    return { failure: 'unsupported', reason: `unknown content coding ${JSON.stringify(coding)}` }
  const limit = Math.min(MAX_BODY_BYTES, Math.max(FREE_BYTES, bytes.length * MAX_RATIO), budget.left)
  try {
    const decoded = decode(bytes, { maxOutputLength: Math.max(1, limit) })
    budget.left -= decoded.length
    return { bytes: decoded }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      return { failure: 'bomb', reason: `${bytes.length} bytes of ${coding} unpack to more than ${limit}` }
    }
    return { failure: 'broken', reason: `the ${coding} data is damaged (${(error as Error).message})` }
  }
}

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer

function decoderOf(coding: string, mayBeRaw: boolean): Decoder | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync
    case 'br':
      return brotliDecompressSync
    case 'zstd':
      return zstdDecompressSync
    case 'deflate':
      return (bytes, options) => (isZlib(bytes) || !mayBeRaw ? inflateSync : inflateRawSync)(bytes, options)
    default:
      return undefined
  }
}

// RFC 1950: method 8, and the first two bytes are a multiple of 31. Some servers send bare RFC 1951 data instead.
function isZlib(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}
