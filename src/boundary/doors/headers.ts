import type { HeaderList } from '../../model/interaction.ts'

type HeaderValue = string | number | readonly (string | number)[] | Buffer | undefined | null

/** Header lines of every shape that clients use: flat arrays, pairs, objects, `Headers`, raw buffers. Names in lower case. */
export function toHeaderList(headers: unknown): HeaderList {
  const list: HeaderList = []
  const add = (name: unknown, value: HeaderValue): void => {
    const key = String(name).toLowerCase()
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null)
        list.push([key, Buffer.isBuffer(one) ? one.toString('latin1') : String(one)])
    }
  }
  if (headers === undefined || headers === null) return list
  if (Array.isArray(headers)) {
    const pairs = headers.length > 0 && Array.isArray(headers[0])
    if (pairs) for (const [name, value] of headers as [string, HeaderValue][]) add(name, value)
    else for (let i = 0; i + 1 < headers.length; i += 2) add(headers[i], headers[i + 1])
  } else if (typeof (headers as Iterable<unknown>)[Symbol.iterator] === 'function') {
    for (const [name, value] of headers as Iterable<[string, HeaderValue]>) add(name, value)
  } else {
    for (const [name, value] of Object.entries(headers as Record<string, HeaderValue>)) add(name, value)
  }
  return list
}

/** The names of header lines as they came, flat and raw; undefined when all are in lower case. */
export function rawNames(raw: unknown): string[] | undefined {
  if (!Array.isArray(raw) || Array.isArray(raw[0])) return undefined
  const names: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) names.push(toText(raw[i]))
  return names.every((name) => name === name.toLowerCase()) ? undefined : names
}

function toText(name: unknown): string {
  return Buffer.isBuffer(name) ? name.toString('latin1') : String(name)
}

/** Header lines with their names as they came. Lines that were changed since go by the names they have. */
export function withRawNames(headers: HeaderList, names: readonly string[] | undefined): HeaderList {
  if (names === undefined || names.length !== headers.length) return headers
  return headers.map(([name, value], i) => [names[i]?.toLowerCase() === name ? (names[i] as string) : name, value])
}
