import { z } from 'zod'
import { EVIDENCE_GRADES } from '../model/evidence.ts'
import { errorShapeSchema, runContextSchema, runtimeSchema } from '../model/run.ts'

const json = z.unknown()
const ms = z.number()
const id = z.string().min(1)
const digest = z.string().regex(/^[0-9a-f]{64}$/)
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
const line = { seq: z.int().min(0), crc: z.string().regex(/^[0-9a-f]{8}$/) }

/** Bytes: text, base64, a text or base64 blob, or JSON whose compact form they are. */
const dataSchema = z.union([
  z.string(),
  z.strictObject({ base64 }),
  z.strictObject({ json }),
  z.strictObject({ $text: id }),
  z.strictObject({ $base64: id }),
])

/** Header lines, or those of a blob with some values set anew: `[position, value]`. */
const headersSchema = z.union([
  z.array(z.tuple([z.string(), z.string()])),
  z.strictObject({ $blob: id, set: z.array(z.tuple([z.int().min(0), z.string()])).optional() }),
])

/** Names of headers, or those of a JSON blob. */
const namesSchema = z.union([z.array(z.string()), z.strictObject({ $blob: id })])

const headerRecord = z.strictObject({
  ...line,
  kind: z.literal('header'),
  format: z.literal('retrial/1'),
  retrial: z.string(),
  run: runContextSchema,
  input: json,
  agent_ref: z.string().optional(),
  base: z.strictObject({ path: z.string().min(1), digest }).optional(),
  runtime: runtimeSchema,
  redaction: z.strictObject({ rules: z.string(), salt: z.string() }).nullable(),
})

const blob = { ...line, kind: z.literal('blob'), id }
const blobRecord = z.union([
  z.strictObject({ ...blob, json }),
  z.strictObject({ ...blob, text: z.string() }),
  z.strictObject({ ...blob, base64 }),
])

const listRecord = z.strictObject({
  ...line,
  kind: z.literal('list'),
  id,
  parent: id.nullable(),
  keep: z.int().min(0),
  add: z.array(id),
})

const spanName = z.strictObject({ name: z.string(), nth: z.int().min(1).optional() })

const call = {
  ...line,
  kind: z.literal('call'),
  id,
  started_ms: ms,
  parent: z.string().optional(),
  spans: z.array(spanName).optional(),
}
const callRecord = z.union([
  z.strictObject({
    ...call,
    type: z.literal('http'),
    door: z.enum(['fetch', 'undici', 'http', 'http2', 'stdio', 'transport']),
    request: z.strictObject({
      method: z.string(),
      url: z.string(),
      headers: headersSchema,
      body: dataSchema.nullable(),
    }),
  }),
  z.strictObject({
    ...call,
    type: z.enum(['tool', 'model']),
    name: z.string(),
    args: json,
    lossy: z.boolean().optional(),
  }),
  z.strictObject({ ...call, same: id, headers: headersSchema.optional() }),
])

const resultRecord = z.strictObject({
  ...line,
  kind: z.literal('result'),
  id,
  at_ms: ms.optional(),
  same: id.optional(),
  chunks: z.int().min(0).optional(),
  answer: z
    .strictObject({
      status: z.int(),
      status_text: z.string(),
      headers: headersSchema,
      names: namesSchema.optional(),
      information: z
        .array(z.strictObject({ status: z.int(), status_text: z.string(), headers: headersSchema, offset_ms: ms }))
        .optional(),
      headers_ms: ms,
      chunks: z.array(z.tuple([ms, dataSchema])),
      coded: z.boolean().optional(),
      trailers: headersSchema.optional(),
      url: z.string().optional(),
    })
    .optional(),
  value: z.unknown().optional(),
  lossy: z.boolean().optional(),
  sync: z.boolean().optional(),
  yields: z.boolean().optional(),
  ran: z.boolean().optional(),
  end: z
    .strictObject({
      kind: z.enum(['complete', 'aborted', 'cut', 'failed']),
      offset_ms: ms,
      error: errorShapeSchema.optional(),
    })
    .nullable(),
  evidence: z
    .strictObject({ grade: z.enum(EVIDENCE_GRADES), source: z.string().nullable(), note: z.string().optional() })
    .optional(),
})

const noteRecord = z.strictObject({
  ...line,
  kind: z.literal('note'),
  at_ms: ms,
  code: z.string(),
  message: z.string(),
  data: z.unknown().optional(),
})

const chanceRecord = z.strictObject({
  ...line,
  kind: z.literal('chance'),
  scope: z.enum(['process', 'run']),
  random: z.array(z.number()).optional(),
  uuids: z.array(z.string()).optional(),
})

const finishRecord = z.strictObject({
  ...line,
  kind: z.literal('finish'),
  at_ms: ms,
  stop_reason: z.string(),
  output: json,
  error: errorShapeSchema.nullable(),
})

const sealRecord = z.strictObject({
  ...line,
  kind: z.literal('seal'),
  count: z.int().min(1),
  digest,
})

/** One line of a recording: the one definition of the format, from which `schemas/recording.json` is generated. */
export const recordSchema = z.union([
  headerRecord,
  blobRecord,
  listRecord,
  callRecord,
  resultRecord,
  noteRecord,
  chanceRecord,
  finishRecord,
  sealRecord,
])

export type HeaderRecord = z.infer<typeof headerRecord>
export type BlobRecord = z.infer<typeof blobRecord>
export type ListRecord = z.infer<typeof listRecord>
export type CallRecord = z.infer<typeof callRecord>
export type ResultRecord = z.infer<typeof resultRecord>
export type NoteRecord = z.infer<typeof noteRecord>
export type ChanceRecord = z.infer<typeof chanceRecord>
export type FinishRecord = z.infer<typeof finishRecord>
export type SealRecord = z.infer<typeof sealRecord>
/** One line of a recording, parsed. */
export type LineRecord = z.infer<typeof recordSchema>
/** Bytes as they stand in a line. */
export type StoredData = z.infer<typeof dataSchema>
/** Header lines as they stand in a line. */
export type StoredHeaders = z.infer<typeof headersSchema>
/** Names of headers as they stand in a line. */
export type StoredNames = z.infer<typeof namesSchema>

/** The JSON Schema of one line of a recording, as `schemas/recording.json` has it. */
export function recordingJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(recordSchema, { target: 'draft-2020-12' }) as Record<string, unknown>
  return { ...schema, title: 'One line of a retrial recording' }
}
