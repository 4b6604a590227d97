import type { JsonValue } from '../../core/json.ts'
import type { HeaderList, Payload } from '../../model/interaction.ts'
import type { ErrorShape } from '../../model/run.ts'
import { applyEdits, type Edit } from './edits.ts'
import { plainEdits, type SearchRules } from './find-in-document.ts'
import { isSecretHeader, isSecretName } from './is-secret-name.ts'
import { redactChunks } from './redact-chunks.ts'
import { redactHeaderValue } from './redact-header.ts'
import { createDocumentSearch } from './search-body.ts'
import { createTokenBook, type TokenBook } from './tokens.ts'

/** What counts as a secret besides what the rule set knows. */
export interface RedactionRules {
  /** Names of JSON members whose value is one; case does not matter. */
  names?: readonly string[] | undefined
  /** Names of headers whose value is one; case does not matter. */
  headers?: readonly string[] | undefined
  /** Values that are one, wherever they stand. */
  values?: readonly string[] | undefined
  /** Patterns of values that are one. They are run on every text, so they must be fast on any. */
  patterns?: readonly RegExp[] | undefined
}

export interface RedactorOptions {
  /** Key of the tokens: the same secret gets the same token under the same salt. 32 random hex digits, say. */
  salt: string
  /** Environment variables; the values of those whose name says that they hold a secret are replaced everywhere. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  rules?: RedactionRules | undefined
}

/**
 * Replaces secrets by tokens (`rdx-` and twelve hex digits of a keyed hash), so that equal secrets stay equal and different ones
 * different. A secret that was recognised once is replaced wherever it stands from then on. Nothing here throws: what cannot be
 * searched is replaced whole by a marker.
 */
export interface Redactor {
  readonly ruleSet: 'retrial/1'
  readonly salt: string
  /** A text of any kind: prose, JSON, a stream of events. */
  text(text: string): string
  url(url: string): string
  headers(headers: HeaderList): HeaderList
  /** The token of a value that is a secret as a whole; a token as it is. */
  secret(value: string): string
  json(value: JsonValue): JsonValue
  payload(payload: Payload): Payload
  /** The chunks of one answer, searched as a whole; their number and order stay. */
  chunks(chunks: [offset_ms: number, data: Payload][]): [offset_ms: number, data: Payload][]
  error(error: ErrorShape): ErrorShape
  /** True when a text holds a secret that is known by now. */
  leaks(text: string): boolean
  /** How many secrets are known; grows when one is recognised. */
  known(): number
}

export function createRedactor({ salt, env = {}, rules = {} }: RedactorOptions): Redactor {
  const book = createTokenBook(salt)
  const headerNames = new Set(rules.headers?.map((name) => name.toLowerCase()))
  const search: SearchRules = {
    book,
    patterns: (rules.patterns ?? []).map(asGlobal),
    names: new Set(rules.names?.map((name) => name.toLowerCase())),
  }
  for (const value of rules.values ?? []) if (value !== '') book.learn(value)
  for (const [name, value] of Object.entries(env)) if (value !== undefined) learnVariable(name, value, search)

  const find = createDocumentSearch(search)
  const findPlain = (text: string) => plainEdits(text, search)
  const edit = (text: string, edits: (text: string) => Edit[]): string =>
    guard(
      book,
      () => applyEdits(text, edits(text)),
      () => marker('text', text.length),
    )
  const header = (name: string, value: string): string => {
    if (!isSecretHeader(name) && !headerNames.has(name.toLowerCase())) return edit(value, find)
    return guard(
      book,
      () => redactHeaderValue(name, value, book),
      () => marker('header', value.length),
    )
  }
  const chunks: Redactor['chunks'] = (parts) =>
    guard(
      book,
      () => redactChunks(parts, find, findPlain),
      () => parts.map(([offset, data]) => [offset, { text: marker('chunk', lengthOf(data)) }]),
    )
  const error = ({ message, cause, ...rest }: ErrorShape): ErrorShape => ({
    ...rest,
    message: edit(message, find),
    ...(cause === undefined ? {} : { cause: error(cause) }),
  })

  return {
    ruleSet: 'retrial/1',
    salt,
    text: (text) => edit(text, find),
    url: (url) => edit(url, findPlain),
    headers: (headers) => headers.map(([name, value]) => [name, header(name, value)]),
    secret: (value) => redactHeaderValue('', value, book),
    json: (value) =>
      guard(
        book,
        () => redactJson(value, find),
        () => marker('json', 0),
      ),
    payload: (payload) => chunks([[0, payload]])[0]?.[1] ?? payload,
    chunks,
    error,
    leaks: book.leaks,
    known: book.size,
  }
}

/** Remembers what a variable holds: its value when its name is that of a secret, else the password in its connection string. */
function learnVariable(name: string, value: string, search: SearchRules): void {
  plainEdits(value, search)
  if (value.length < 8 || !isSecretName(name.toUpperCase())) return
  const isPathOrWord = /^(?:\/|~\/|[A-Za-z]:\\|https?:\/\/)|^[a-z]{1,10}$/.test(value)
  if (!isPathOrWord) search.book.learn(value)
}

function redactJson(value: JsonValue, find: (text: string) => Edit[]): JsonValue {
  const text = JSON.stringify(value)
  const edits = find(text)
  return edits.length === 0 ? value : (JSON.parse(applyEdits(text, edits)) as JsonValue)
}

/**
 * Runs a replacement, again while it brings up secrets that were not known before: one may stand earlier in the same text.
 * What cannot be searched is replaced whole, never kept.
 */
function guard<T>(book: TokenBook, redact: () => T, replaceWhole: () => T): T {
  try {
    let known = book.size()
    let result = redact()
    for (let round = 0; book.size() > known && round < 4; round++) {
      known = book.size()
      result = redact()
    }
    return result
  } catch {
    return replaceWhole()
  }
}

/** What stands for a value that could not be searched. */
function marker(kind: string, length: number): string {
  return JSON.stringify({ redaction_failed: { kind, length } })
}

function lengthOf(payload: Payload): number {
  return 'text' in payload ? payload.text.length : payload.base64.length
}

function asGlobal(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern, `${pattern.flags}g`)
}
