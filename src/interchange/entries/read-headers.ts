import type { HeaderList } from '../../model/interaction.ts'
import { type EntryPlace, entryError } from './entry.ts'

/** Header lines as another tool wrote them. */
export type ForeignHeaders = readonly { name: string; value: string }[]

/**
 * Reads a header list: names in lower case, HTTP/2 pseudo headers dropped, values that a browser joined by line
 * breaks (`set-cookie`) split again.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ENTRY` for a name or value that no HTTP message can carry
 */
export function readHeaders(headers: ForeignHeaders | null | undefined, place: EntryPlace): HeaderList {
  const list: HeaderList = []
  for (const header of headers ?? []) {
    const name = header.name.trim().toLowerCase()
    if (name.startsWith(':')) continue
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${JSON.stringify(header.name)} is no header name`)
    }
    for (const line of header.value.split(/\r?\n/)) {
      const value = toLatin1(line.trim())
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
        throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `the header ${name} holds a control character`)
      }
      list.push([name, value])
    }
  }
  return list
}

// A header value is bytes: clients show them as Latin-1, browsers export them decoded from UTF-8.
function toLatin1(value: string): string {
  return /[\u0100-\uffff]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value
}
