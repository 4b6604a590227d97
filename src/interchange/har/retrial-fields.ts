import { z } from 'zod'
import type { HeaderList, HttpInteraction, Payload } from '../../model/interaction.ts'
import { payloadBytes, toPayload } from '../../model/interaction.ts'
import { errorShapeSchema, type RunContext, runContextSchema } from '../../model/run.ts'

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/)
const headerList = z.array(z.tuple([headerName, z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/)]))
const offset = z.number().nonnegative()

/**
 * What a HAR of ours keeps of an interaction beyond HAR 1.2, in the field `_retrial` of its entry: other tools pass fields over
 * that begin with an underscore. An import that finds it gives the interaction back as it was recorded.
 */
const entryFieldsSchema = z.strictObject({
  door: z.enum(['fetch', 'undici', 'http', 'http2']),
  end: z
    .strictObject({
      kind: z.enum(['complete', 'aborted', 'cut', 'failed']),
      offset_ms: offset,
      error: errorShapeSchema.optional(),
    })
    .nullable(),
  /** Null when no answer came; the body is cut into these chunks: offset from the call (ms) and length (bytes). */
  answer: z
    .strictObject({
      headers_ms: offset,
      chunks: z.array(z.tuple([offset, z.int().nonnegative()])),
      names: z.array(headerName).optional(),
      information: z
        .array(
          z.strictObject({
            status: z.int().min(100).max(199),
            status_text: z.string(),
            headers: headerList,
            offset_ms: offset,
          }),
        )
        .optional(),
      coded: z.boolean().optional(),
      trailers: headerList.optional(),
      url: z.string().optional(),
    })
    .nullable(),
})
export type EntryFields = z.infer<typeof entryFieldsSchema>

/** The fields of an interaction. */
export function writeFields({ door, end, answer }: HttpInteraction & { door: EntryFields['door'] }): EntryFields {
  if (answer === null) return { door, end, answer: null }
  const { headers_ms, names, information, coded, trailers, url } = answer
  const chunks = answer.chunks.map(([at, data]): [number, number] => [at, payloadBytes(data).length])
  const rest = { names, information, coded, trailers, url }
  return { door, end, answer: { headers_ms, chunks, ...rest } }
}

/** The fields that an entry has; null when it has none, or none of this version. */
export function readFields(value: unknown): EntryFields | null {
  return entryFieldsSchema.safeParse(value).data ?? null
}

/** The chunks of a body; null when it is not as long as they say: somebody has changed it since. */
export function cutBody(bytes: Uint8Array, chunks: readonly [number, number][]): [number, Payload][] | null {
  if (chunks.reduce((sum, [, length]) => sum + length, 0) !== bytes.length) return null
  let start = 0
  return chunks.map(([at, length]) => {
    const chunk = bytes.subarray(start, start + length)
    start += length
    return [at, toPayload(chunk)]
  })
}

/** The run that a HAR of ours says it holds; null in any other HAR. */
export function readRunFields(value: unknown): RunContext | null {
  return z.looseObject({ run: runContextSchema }).safeParse(value).data?.run ?? null
}

/** Header lines as a HAR writes them. */
export function writeHeaders(headers: HeaderList): { name: string; value: string }[] {
  return headers.map(([name, value]) => ({ name, value }))
}
