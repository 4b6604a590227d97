import { z } from 'zod'
import { RetrialError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { buildEntry, type ForeignBody, NO_TIMES } from './entries/build-entry.ts'
import { codedBytes } from './entries/decode-text.ts'
import { type EntryPlace, entryError, type ReadEntry } from './entries/entry.ts'
import { type EntryFormat, importEntries } from './entries/import-entries.ts'
import type { ForeignHeaders } from './entries/read-headers.ts'
import { readJsonFile } from './entries/read-json-file.ts'
import type { Budget } from './entries/remove-coding.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'

const NOUN = 'the cassette'
const headersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).nullish()

/** One exchange, as the test agent of Datadog writes it: a file each. */
const exchangeSchema = z.object({
  request: z.object({
    method: z.string().min(1),
    url: z.string().min(1),
    headers: headersSchema,
    body: z.string().nullish(),
  }),
  response: z.object({
    status: z.object({ code: z.int(), message: z.string().nullish() }),
    headers: headersSchema,
    body: z.string().nullish(),
  }),
})

const dd: EntryFormat = {
  noun: NOUN,
  list: ({ path, text }) => {
    const root = readJsonFile(text, path)
    if (!isJsonObject(root) || root.request === undefined || root.response === undefined) throw notDd(path)
    const entry = { path, entry: 'the exchange' }
    return { entries: [{ place: entry, read: (place, budget) => readExchange(root, place, budget) }] }
  },
}

/**
 * Reads a cassette of the Datadog test agent, one exchange, as a run. A run of several calls is several files:
 * see `ForeignFormat.importFiles`.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON`, `ERR_INTERCHANGE_NOT_DD` for the file; unless
 * `skipBad`, `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB` for its exchange
 */
export function importDd(text: string, options: ImportOptions): ImportResult {
  return importEntries(dd, [{ path: options.path, text }], options)
}

function notDd(path: string): RetrialError {
  return new RetrialError('ERR_INTERCHANGE_NOT_DD', 'Failed to import the file: it has no request and response', {
    hint: 'Pass cassettes of the Datadog test agent, one exchange a file.',
    location: { path },
  })
}

function readExchange(root: unknown, place: EntryPlace, budget: Budget): ReadEntry {
  const parsed = exchangeSchema.safeParse(root)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${issue?.path.join('.')}: ${issue?.message}`, parsed.error)
  }
  const { request, response } = parsed.data
  const exchange = {
    noun: NOUN,
    method: request.method,
    url: request.url,
    headers: listHeaders(request.headers),
    body: readBody(request.body, 'request body', place),
    status: response.status.code,
    status_text: response.status.message ?? '',
    answer_headers: listHeaders(response.headers),
    answer_body: readBody(response.body, "answer's body", place),
    times: NO_TIMES,
  }
  return buildEntry(exchange, place, budget)
}

function listHeaders(headers: z.infer<typeof headersSchema>): ForeignHeaders {
  return Object.entries(headers ?? {}).flatMap(([name, given]) => {
    return (Array.isArray(given) ? given : [given]).map((one) => ({ name, value: String(one) }))
  })
}

/** Bytes that are no UTF-8 stand behind `base64:`. */
function readBody(body: string | null | undefined, what: string, place: EntryPlace): ForeignBody {
  if (!body) return { kind: 'none' }
  if (!body.startsWith('base64:')) return { kind: 'text', text: body }
  return { kind: 'bytes', bytes: codedBytes(body.slice('base64:'.length), 'base64', what, place), certain: false }
}

/** Cassettes of the Datadog test agent, as dd-trace keeps them: one exchange a file. */
export const ddFormat: ForeignFormat = {
  name: 'dd',
  title: 'Datadog test agent cassette',
  detect(text) {
    const head = text.slice(0, 65_536)
    return (
      /^\uFEFF?\s*\{\s*"request"\s*:\s*\{/.test(head) && /"method"\s*:/.test(head) && /"response"\s*:\s*\{/.test(text)
    )
  },
  import: importDd,
  importFiles: (files, options) => importEntries(dd, files, options),
}
