import { z } from 'zod'
import { RetrialError } from '../core/errors.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import { buildEntry, type ForeignBody, NO_TIMES } from './entries/build-entry.ts'
import { codedBytes, fromHex } from './entries/decode-text.ts'
import { type EntryPlace, entryError, type ReadEntry } from './entries/entry.ts'
import { type EntryFormat, importEntries } from './entries/import-entries.ts'
import type { ForeignHeaders } from './entries/read-headers.ts'
import { readJsonFile } from './entries/read-json-file.ts'
import type { Budget } from './entries/remove-coding.ts'
import type { ForeignFile, ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'

const NOUN = 'the fixture'
const value = z.union([z.string(), z.number(), z.array(z.string())])

/** What is read of a definition, as `nock.recorder` writes it (`output_objects`) and `nock.define` takes it. */
const definitionSchema = z.object({
  scope: z.string(),
  method: z.string().min(1),
  path: z.string(),
  body: z.json().optional(),
  status: z.coerce.number().optional(),
  response: z.json().optional(),
  rawHeaders: z.union([z.array(z.string()), z.record(z.string(), value)]).nullish(),
  reqheaders: z.record(z.string(), value).nullish(),
  responseIsBinary: z.boolean().optional(),
})
type Definition = z.infer<typeof definitionSchema>

const nock: EntryFormat = {
  noun: NOUN,
  list: ({ path, text }) => ({
    entries: readDefinitions({ path, text }).map((definition, index) => ({
      place: { path, entry: `[${index}]` },
      read: (place, budget) => readDefinition(definition, place, budget),
    })),
  }),
}

/**
 * Reads a fixture of nock, a JSON list of definitions, as a run. Bodies that nock keeps parsed are written again as JSON;
 * lists of hex text are the coded chunks of an answer. A fixture tells no times, and request headers only if asked to.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_JSON`, `ERR_INTERCHANGE_NOT_NOCK` for the file; unless
 * `skipBad`, `ERR_INTERCHANGE_ENTRY`, `ERR_INTERCHANGE_URL`, `ERR_INTERCHANGE_BODY`, `ERR_INTERCHANGE_BOMB` for an entry
 */
export function importNock(text: string, options: ImportOptions): ImportResult {
  return importEntries(nock, [{ path: options.path, text }], options)
}

function readDefinitions({ path, text }: ForeignFile): JsonValue[] {
  const root = readJsonFile(text, path)
  if (Array.isArray(root)) return root
  // One that somebody took out of its list.
  if (isJsonObject(root) && typeof root.scope === 'string') return [root]
  throw new RetrialError('ERR_INTERCHANGE_NOT_NOCK', 'Failed to import the file: it is no list of definitions', {
    hint: 'Pass what nock wrote with `output_objects`, as a JSON list.',
    location: { path },
  })
}

function readDefinition(definition: JsonValue, place: EntryPlace, budget: Budget): ReadEntry {
  const parsed = definitionSchema.safeParse(definition)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw entryError(place, 'ERR_INTERCHANGE_ENTRY', `${issue?.path.join('.')}: ${issue?.message}`, parsed.error)
  }
  const { scope, path, method, status = 200, rawHeaders, reqheaders } = parsed.data
  const answer_headers = listHeaders(rawHeaders)
  const exchange = {
    noun: NOUN,
    method,
    url: `${scope.replace(/\/$/, '')}${path}`,
    headers: listHeaders(reqheaders),
    body: requestBody(parsed.data.body),
    status,
    status_text: '',
    answer_headers,
    answer_body: answerBody(parsed.data, answer_headers, place),
    times: NO_TIMES,
  }
  return buildEntry(exchange, place, budget)
}

function listHeaders(headers: Definition['rawHeaders'] | Definition['reqheaders']): ForeignHeaders {
  if (!headers) return []
  if (Array.isArray(headers)) {
    return headers.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: headers[i + 1] ?? '' }] : []))
  }
  return Object.entries(headers).flatMap(([name, given]) => {
    return (Array.isArray(given) ? given : [given]).map((one) => ({ name, value: String(one) }))
  })
}

/** `*` is nock's word for any body: which one was sent is not known. */
function requestBody(body: JsonValue | undefined): ForeignBody {
  if (body === undefined || body === '*') return { kind: 'unknown' }
  if (body === '') return { kind: 'none' }
  if (typeof body !== 'string') return { kind: 'rebuilt', text: JSON.stringify(body) }
  // nock writes bytes that are no UTF-8 in hex, and does not say so.
  const bytes = body.length >= 8 ? fromHex(body) : null
  return bytes === null ? { kind: 'text', text: body } : { kind: 'bytes', bytes, certain: true }
}

function answerBody(
  { response, responseIsBinary }: Definition,
  headers: ForeignHeaders,
  place: EntryPlace,
): ForeignBody {
  if (response === undefined || response === null || response === '') return { kind: 'none' }
  const hex = (text: JsonValue): Buffer => {
    if (typeof text === 'string') return codedBytes(text, 'hex', "answer's body", place)
    throw entryError(place, 'ERR_INTERCHANGE_BODY', "the answer's body is not hex")
  }
  if (responseIsBinary === true) return { kind: 'bytes', bytes: hex(response), certain: true }
  const isCoded = headers.some(({ name, value: coding }) => /^content-encoding$/i.test(name) && coding !== 'identity')
  if (isCoded) {
    const parts = Array.isArray(response) ? response : [response]
    return { kind: 'bytes', bytes: Buffer.concat(parts.map(hex)), certain: true }
  }
  if (typeof response === 'string') return { kind: 'text', text: response }
  return { kind: 'rebuilt', text: JSON.stringify(response) }
}

/** Fixtures of nock: `nock.recorder.play()`, `nockBack`, hand-written definitions. */
export const nockFormat: ForeignFormat = {
  name: 'nock',
  title: 'nock fixture',
  detect(text) {
    const head = text.slice(0, 1_000_000)
    const isList = /^\uFEFF?\s*\[\s*\{/.test(head) && /"scope"\s*:\s*"https?:/.test(head)
    return (isList || /^\uFEFF?\s*\{\s*"scope"\s*:\s*"https?:/.test(head)) && /"path"\s*:/.test(head)
  },
  import: importNock,
  importFiles: (files, options) => importEntries(nock, files, options),
}
