import { z } from 'zod'

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
  _retrial: z.unknown().optional(),
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
