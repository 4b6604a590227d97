import { z } from 'zod'
import { type ErrorLocation, RetrialError } from '../../core/errors.ts'

const headersSchema = z
  .array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]).transform(String) }))
  .nullish()
const milliseconds = z.number().nullish()

/** What is read of an entry of a HAR 1.2 log, with the additions of Polly.js (`_order`, `_isBinary`) and of browsers (`_error`). */
export const harEntrySchema = z.object({
  startedDateTime: z.string().nullish(),
  time: milliseconds,
  timings: z
    .object({
      blocked: milliseconds,
      dns: milliseconds,
      connect: milliseconds,
      send: milliseconds,
      wait: milliseconds,
      receive: milliseconds,
    })
    .nullish(),
  _order: z.number().nullish(),
  request: z.object({
    method: z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'is no HTTP method'),
    url: z.string().min(1),
    headers: headersSchema,
    bodySize: z.number().nullish(),
    postData: z
      .object({
        mimeType: z.string().nullish(),
        text: z.string().nullish(),
        params: z
          .array(z.object({ name: z.string(), value: z.string().nullish(), fileName: z.string().nullish() }))
          .nullish(),
        encoding: z.string().nullish(),
        _base64: z.union([z.boolean(), z.string()]).nullish(),
        _isBinary: z.boolean().nullish(),
      })
      .nullish(),
  }),
  response: z.object({
    status: z.int().refine((status) => status <= 0 || (status >= 100 && status <= 599), 'is no HTTP status'),
    statusText: z.string().nullish(),
    headers: headersSchema,
    bodySize: z.number().nullish(),
    content: z
      .object({
        size: z.number().nullish(),
        text: z.string().nullish(),
        encoding: z.string().nullish(),
        _isBinary: z.boolean().nullish(),
      })
      .nullish(),
    _error: z.string().nullish(),
    _failureText: z.string().nullish(),
  }),
})
export type HarEntry = z.infer<typeof harEntrySchema>
export type HarHeaders = z.infer<typeof headersSchema>

/** Which entry of which file: what every refusal names. */
export interface EntryPlace {
  path: string
  /** Position in `log.entries`, from 0. */
  index: number
  /** Method and URL without the query, where keys may stand. */
  label?: string | undefined
}

/** The entry as people can find it: `entry 3 (POST https://host/path)`. */
function formatEntry(place: EntryPlace): string {
  return `log.entries[${place.index}]${place.label ? ` (${place.label})` : ''}`
}

/** The error that refuses a file because of one of its entries. */
export function entryError(place: EntryPlace, code: string, reason: string, cause?: unknown): RetrialError {
  const location: ErrorLocation = { path: place.path }
  return new RetrialError(code, `Failed to import ${formatEntry(place)}: ${reason}`, {
    hint: 'Repair or remove the entry, or skip such entries with --skip-bad (skipBad: true).',
    location,
    cause,
  })
}
