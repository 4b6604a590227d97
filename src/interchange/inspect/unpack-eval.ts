import { strFromU8, type UnzipFileInfo, unzipSync } from 'fflate'
import { RetrialError } from '../../core/errors.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { MAX_FILE_LENGTH, tooLarge } from '../entries/read-json-file.ts'

/** Parts of a packed log that hold what its JSON form holds: the log once it has ended, or as it began, and the samples. */
const HEADS = ['header.json', '_journal/start.json']
const SAMPLE = /^samples\/[^/]+\.json$/

/**
 * The JSON form of an Inspect log that is packed as a zip archive (`.eval`); null for any other archive.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE` when its parts would be larger than a file may be; `ERR_INTERCHANGE_ENCODING` when it is
 * damaged, or a part is no JSON
 */
export function unpackEval(bytes: Uint8Array, path: string): string | null {
  const parts = unpack(bytes, path)
  const head = HEADS.find((name) => name in parts)
  if (head === undefined) return null
  const log = readPart(parts, head, path)
  const names = Object.keys(parts).filter((name) => SAMPLE.test(name))
  const samples = names.sort(inOrder).map((name) => readPart(parts, name, path))
  return JSON.stringify({ status: 'started', ...(isJsonObject(log) ? log : {}), samples })
}

function unpack(bytes: Uint8Array, path: string): Record<string, Uint8Array> {
  let size = 0
  const names = new Set<string>()
  const isWanted = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (!HEADS.includes(name) && !SAMPLE.test(name)) return false
    if (names.has(name)) throw damaged(path, `it holds ${name} twice`)
    names.add(name)
    size += originalSize
    if (size > MAX_FILE_LENGTH) throw tooLarge(path, size)
    return true
  }
  try {
    return unzipSync(bytes, { filter: isWanted })
  } catch (cause) {
    if (cause instanceof RetrialError) throw cause
    throw damaged(path, cause instanceof Error ? cause.message : String(cause))
  }
}

function readPart(parts: Record<string, Uint8Array>, name: string, path: string): JsonValue {
  const value = parseJson(strFromU8(parts[name] as Uint8Array))
  if (value === undefined) throw damaged(path, `${name} is no JSON`)
  return value
}

/** `2_epoch_1` before `10_epoch_1`. */
function inOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function damaged(path: string, reason: string): RetrialError {
  return new RetrialError('ERR_INTERCHANGE_ENCODING', `Failed to unpack the archive: ${reason}`, {
    hint: 'Fetch the file anew, or convert it: inspect log convert --to json.',
    location: { path },
  })
}
