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
