import { type Payload, toPayload } from '../../model/interaction.ts'
import { type EntryPlace, entryError } from './entry.ts'

/** The bytes of base64 text, standard or URL-safe, line breaks allowed; null when it is something else. */
function fromBase64(text: string): Buffer | null {
  const compact = /\s/.test(text) ? text.replace(/\s+/g, '') : text
  if (!/^[\w+/-]*={0,2}$/.test(compact) || compact.replace(/=+$/, '').length % 4 === 1) return null
  return Buffer.from(compact, 'base64')
}

/** The bytes of hex text; null when it is something else. */
export function fromHex(text: string): Buffer | null {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : null
}

/** The payload of a body given as text, and whether the text held half surrogates, which no bytes can stand for. */
export function textPayload(text: string): { payload: Payload; lossy: boolean } {
  return text.isWellFormed()
    ? { payload: { text }, lossy: false }
    : { payload: { text: text.toWellFormed() }, lossy: true }
}

/**
 * The bytes of a body that is given in base64 or hex.
 *
 * @throws RetrialError `ERR_INTERCHANGE_BODY`
 */
export function codedBytes(text: string, encoding: 'base64' | 'hex', what: string, place: EntryPlace): Buffer {
  const bytes = encoding === 'base64' ? fromBase64(text) : fromHex(text)
  if (bytes === null) throw entryError(place, 'ERR_INTERCHANGE_BODY', `the ${what} is not ${encoding}`)
  return bytes
}

/** The payload of a body that is given in base64 or hex. */
export function codedPayload(text: string, encoding: 'base64' | 'hex', what: string, place: EntryPlace): Payload {
  return toPayload(codedBytes(text, encoding, what, place))
}
