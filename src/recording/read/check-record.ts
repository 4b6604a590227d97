import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { EVIDENCE_GRADES } from '../../model/evidence.ts'

/** What is wrong with a value, or null. */
type Check = (value: JsonValue | undefined) => string | null

const string: Check = (value) => (typeof value === 'string' ? null : 'must be a string')
const name: Check = (value) => (typeof value === 'string' && value !== '' ? null : 'must be a string that is not empty')
const boolean: Check = (value) => (typeof value === 'boolean' ? null : 'must be true or false')
const number: Check = (value) => (Number.isFinite(value) ? null : 'must be a number')
const count: Check = (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? null : 'must be a count')
const integer: Check = (value) => (Number.isSafeInteger(value) ? null : 'must be a whole number')
const any: Check = () => null

function pattern(regex: RegExp): Check {
  return (value) => (typeof value === 'string' && regex.test(value) ? null : `must match ${regex.source}`)
}

function oneOf(values: readonly string[]): Check {
  return (value) => (typeof value === 'string' && values.includes(value) ? null : `must be one of ${values.join(', ')}`)
}

function nullable(check: Check): Check {
  return (value) => (value === null ? null : check(value))
}

function list(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'must be a list'
    for (let i = 0; i < value.length; i++) {
      const reason = check(value[i])
      if (reason !== null) return `[${i}] ${reason}`
    }
    return null
  }
}

function pair(first: Check, second: Check): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2) return 'must be a pair'
    return first(value[0]) ?? second(value[1])
  }
}

/** An object with exactly these keys; a key that ends in `?` may be missing. */
function object(shape: Record<string, Check>): Check {
  const checks = new Map(Object.entries(shape).map(([key, check]) => [key.replace('?', ''), check]))
  const required = Object.keys(shape).filter((key) => !key.endsWith('?'))
  return (value) => {
    if (!isJsonObject(value)) return 'must be an object'
    for (const key of required) if (!Object.hasOwn(value, key)) return `.${key} is missing`
    for (const key of Object.keys(value)) {
      const check = checks.get(key)
      if (check === undefined) return `.${key} is not known`
      const reason = check(value[key])
      if (reason !== null) return `.${key} ${reason}`
    }
    return null
  }
}

const digest = pattern(/^[0-9a-f]{64}$/)
const base64 = pattern(/^[A-Za-z0-9+/]*={0,2}$/)
const strings: Check = (value) => {
  if (!isJsonObject(value)) return 'must be an object'
  return Object.values(value).every((item) => typeof item === 'string') ? null : 'must hold only strings'
}

const DATA: Record<string, Check> = {
  base64: object({ base64 }),
  json: object({ json: any }),
  $text: object({ $text: name }),
  $base64: object({ $base64: name }),
}
const data: Check = (value) => {
  if (typeof value === 'string') return null
  if (!isJsonObject(value)) return 'must be text, base64, json or a reference'
  const check = DATA[Object.keys(value)[0] ?? '']
  return check === undefined ? 'must be text, base64, json or a reference' : check(value)
}

const headerList = list(pair(string, string))
const headerBlob = object({ $blob: name, 'set?': list(pair(count, string)) })
const headers: Check = (value) => (Array.isArray(value) ? headerList(value) : headerBlob(value))

const nameList = list(string)
const nameBlob = object({ $blob: name })
const names: Check = (value) => (Array.isArray(value) ? nameList(value) : nameBlob(value))

const errorShape: Check = (value) => errorFields(value)
const errorFields = object({
  name: string,
  message: string,
  'code?': (value) => (typeof value === 'string' ? null : number(value)),
  'errno?': number,
  'syscall?': string,
  'cause?': errorShape,
})

const run = object({
  run_id: name,
  trace_id: name,
  'release?': string,
  'workflow?': string,
  'agent?': string,
  started_at: number,
})
const runtime = object({
  node: string,
  platform: string,
  'timezone?': string,
  'locale?': string,
  'cwd?': string,
  'env?': strings,
  'secret_env?': strings,
})

const line = { seq: count, kind: string, crc: pattern(/^[0-9a-f]{8}$/) }
const spanName = object({ name: string, 'nth?': count })
const call = { ...line, id: name, started_ms: number, 'parent?': string, 'spans?': list(spanName) }
const blob = { ...line, id: name }

const header = object({
  ...line,
  format: oneOf(['retrial/1']),
  retrial: string,
  run,
  input: any,
  'agent_ref?': string,
  'base?': object({ path: name, digest }),
  runtime,
  redaction: nullable(object({ rules: string, salt: string })),
})
const jsonBlob = object({ ...blob, json: any })
const textBlob = object({ ...blob, text: string })
const base64Blob = object({ ...blob, base64 })
const repeatedCall = object({ ...call, same: name, 'headers?': headers })
const httpCall = object({
  ...call,
  type: string,
  door: oneOf(['fetch', 'undici', 'http', 'http2', 'stdio', 'transport']),
  request: object({ method: string, url: string, headers, body: nullable(data) }),
})
const functionCall = object({ ...call, type: oneOf(['tool', 'model']), name: string, args: any, 'lossy?': boolean })

const KINDS: Record<string, Check> = {
  header,
  blob: (value) =>
    Object.hasOwn(value as object, 'text')
      ? textBlob(value)
      : Object.hasOwn(value as object, 'base64')
        ? base64Blob(value)
        : jsonBlob(value),
  list: object({ ...line, id: name, parent: nullable(name), keep: count, add: list(name) }),
  call: (value) => {
    if (Object.hasOwn(value as object, 'same')) return repeatedCall(value)
    return (value as JsonObject).type === 'http' ? httpCall(value) : functionCall(value)
  },
  result: object({
    ...line,
    id: name,
    'at_ms?': number,
    'same?': name,
    'chunks?': count,
    'answer?': object({
      status: integer,
      status_text: string,
      headers,
      'names?': names,
      'information?': list(object({ status: integer, status_text: string, headers, offset_ms: number })),
      headers_ms: number,
      chunks: list(pair(number, data)),
      'coded?': boolean,
      'trailers?': headers,
      'url?': string,
    }),
    'value?': any,
    'lossy?': boolean,
    'sync?': boolean,
    'yields?': boolean,
    'ran?': boolean,
    end: nullable(
      object({ kind: oneOf(['complete', 'aborted', 'cut', 'failed']), offset_ms: number, 'error?': errorShape }),
    ),
    'evidence?': object({ grade: oneOf(EVIDENCE_GRADES), source: nullable(string), 'note?': string }),
  }),
  note: object({ ...line, at_ms: number, code: string, message: string, 'data?': any }),
  chance: object({ ...line, scope: oneOf(['process', 'run']), 'random?': list(number), 'uuids?': list(string) }),
  finish: object({ ...line, at_ms: number, stop_reason: string, output: any, error: nullable(errorShape) }),
  seal: object({
    ...line,
    count: (value) => (Number.isSafeInteger(value) && (value as number) >= 1 ? null : 'must be a count'),
    digest,
  }),
}

/**
 * Says what is wrong with a parsed line, or null when nothing is. Accepts exactly what the zod schema of `schema.ts` accepts
 * (a test holds the two together), at a fraction of its cost and without loading zod.
 */
export function checkRecord(value: JsonValue): string | null {
  if (!isJsonObject(value)) return 'the line is not an object'
  const kind = value.kind
  const check = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (check === undefined) return `.kind must be one of ${Object.keys(KINDS).join(', ')}`
  return check(value)
}
