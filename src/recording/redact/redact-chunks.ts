import { isUtf8 } from 'node:buffer'
import { type Payload, payloadBytes, toPayload } from '../../model/interaction.ts'
import { applyEdits, type Edit, spreadEdits } from './edits.ts'

type Chunks = [offset_ms: number, data: Payload][]
type Find = (text: string) => Edit[]

/** Searches the chunks of an answer as one text, so that a secret is found wherever it was cut. */
export function redactChunks(chunks: Chunks, findInText: Find, findInBytes: Find): Chunks {
  if (chunks.every(([, data]) => 'text' in data)) return redactTexts(chunks as [number, { text: string }][], findInText)
  const parts = chunks.map(([, data]) => payloadBytes(data))
  const bytes = Buffer.concat(parts)
  const edits = isUtf8(bytes) ? toByteEdits(bytes.toString('utf8'), findInText) : findInBytes(bytes.toString('latin1'))
  if (edits.length === 0) return chunks
  const spread = spreadEdits(
    edits,
    parts.map((part) => part.length),
  )
  // One character of latin1 is one byte, so edits of bytes are edits of a text.
  return chunks.map(([offset], i) => {
    const edited = applyEdits((parts[i] as Buffer).toString('latin1'), spread[i] as Edit[])
    return [offset, toPayload(Buffer.from(edited, 'latin1'))]
  })
}

function redactTexts(chunks: [number, { text: string }][], find: Find): Chunks {
  const edits = find(chunks.map(([, { text }]) => text).join(''))
  if (edits.length === 0) return chunks
  const spread = spreadEdits(
    edits,
    chunks.map(([, { text }]) => text.length),
  )
  return chunks.map(([offset, { text }], i) => [offset, { text: applyEdits(text, spread[i] as Edit[]) }])
}

/** Edits of a text as edits of its UTF-8 bytes. What they put in is ASCII, but for what a base64 text was encoded to: ASCII too. */
function toByteEdits(text: string, find: Find): Edit[] {
  let at = 0
  let bytes = 0
  const toBytes = (position: number): number => {
    bytes += Buffer.byteLength(text.slice(at, position))
    at = position
    return bytes
  }
  return find(text).map((edit) => ({ start: toBytes(edit.start), end: toBytes(edit.end), text: edit.text }))
}
