import type { JsonValue } from '../core/json.ts'
import type { Evidence } from '../model/evidence.ts'
import type {
  FunctionInteraction,
  HeaderList,
  HttpAnswer,
  HttpInteraction,
  Interaction,
  InteractionEnd,
  SpanName,
} from '../model/interaction.ts'
import type { Chance, Note, Recording } from '../model/recording.ts'
import type { RunContext, RunFinish, Runtime } from '../model/run.ts'
import { encodeValue } from './encode-value.ts'

/** What a recording starts with. */
export interface RecordingHeader {
  run: RunContext
  /** What the agent was called with; any value, see `encodeValue`. */
  input: unknown
  agent_ref?: string | undefined
  runtime: Runtime
  /** The recording whose content repeated calls and answers refer to. */
  base?: Recording['base']
  /** What replaced the secrets of a recording that is written again; with a redactor, that redactor's. */
  redaction?: Recording['redaction'] | undefined
}

/** A request as it leaves the agent. */
export type HttpCall = Omit<HttpInteraction, 'answer' | 'end' | 'evidence'>

/** A call of a wrapped function; `args` may be any value, see `encodeValue`. */
export type FunctionCall = Omit<
  FunctionInteraction,
  'args' | 'value' | 'sync' | 'yields' | 'ran' | 'end' | 'evidence'
> & {
  args: unknown
}

export type RecordedCall = HttpCall | FunctionCall

/** A call that asks just what a call of the base asks. */
export interface RepeatedCall {
  id: string
  started_ms: number
  parent?: string | undefined
  spans?: SpanName[] | undefined
  /** Id of the call in the base. */
  same: string
  /** The headers, where they are others than there. */
  headers?: HeaderList | undefined
}

/** The answer to a call, when it is complete or there will be no more of it. */
export interface RecordedResult {
  /** Id of the call. */
  id: string
  /** When the answer was complete: offset from the start of the run, ms. For people; `end.offset_ms` is what counts. */
  at_ms?: number | undefined
  /** Id of the call in the base that was answered just so; then there is no answer or value here. */
  same?: string | undefined
  /** How many chunks of that answer came. */
  chunks?: number | undefined
  /** Answer to an HTTP call; null or missing when no headers came. */
  answer?: HttpAnswer | null | undefined
  /** What a wrapped function returned; any value, see `encodeValue`. */
  value?: unknown
  lossy?: boolean | undefined
  /** True when the function returned or threw at once, not through a promise. */
  sync?: boolean | undefined
  /** True when the value is the list of what an async generator yielded. */
  yields?: boolean | undefined
  /** True when the function itself ran in a replay. */
  ran?: boolean | undefined
  /** Null when the end is not known. */
  end: InteractionEnd | null
  evidence?: Evidence | undefined
}

/** One thing to write down, its values turned into JSON. */
export type Entry =
  | { kind: 'header'; header: RecordingHeader & { input: JsonValue } }
  | { kind: 'call'; call: HttpCall | (FunctionCall & { args: JsonValue }) }
  | { kind: 'repeat'; call: RepeatedCall }
  | { kind: 'result'; result: RecordedResult & { value?: JsonValue | undefined } }
  | { kind: 'note'; note: Note }
  | { kind: 'chance'; chance: Chance }
  | { kind: 'finish'; finish: RunFinish & { output: JsonValue } }

/** The header as an entry, and a note when its input holds something that JSON cannot. */
export function headerEntries(header: RecordingHeader): Entry[] {
  const { value, lossy } = encodeValue(header.input)
  const entry: Entry = { kind: 'header', header: { ...header, input: value } }
  return lossy ? [entry, lossyNote(0, 'input')] : [entry]
}

export function callEntry(call: RecordedCall): Entry {
  if (call.kind === 'http') return { kind: 'call', call }
  const { value, lossy } = encodeValue(call.args)
  return { kind: 'call', call: { ...call, args: value, ...(lossy ? { lossy } : {}) } }
}

/** A call that repeats one of the base: by reference where that can be followed, else as a whole. */
export function repeatedCall(source: Interaction, call: Omit<RepeatedCall, 'same'>, canRefer: boolean): Entry {
  const { headers, ...when } = call
  if (canRefer) return { kind: 'repeat', call: { ...when, same: source.id, headers } }
  if (source.kind !== 'http') {
    const { kind, name, args, lossy } = source
    return { kind: 'call', call: { ...when, kind, name, args, ...(lossy && { lossy }) } }
  }
  const { kind, door, request } = source
  return {
    kind: 'call',
    call: { ...when, kind, door, request: headers === undefined ? request : { ...request, headers } },
  }
}

/** An answer that one of the base repeats: by reference where that can be followed, else as a whole. */
export function repeatedResult(source: Interaction, result: RecordedResult, canRefer: boolean): Entry {
  const { chunks, ...rest } = result
  const answer = source.kind === 'http' ? source.answer : null
  const isPart = answer !== null && chunks !== undefined && chunks < answer.chunks.length
  if (canRefer) {
    return {
      kind: 'result',
      result: { ...rest, value: undefined, same: source.id, chunks: isPart ? chunks : undefined },
    }
  }
  if (source.kind === 'http') {
    const part = isPart ? { ...answer, chunks: answer.chunks.slice(0, chunks) } : answer
    return { kind: 'result', result: { ...rest, value: undefined, answer: part } }
  }
  const { value, lossy, sync, yields } = source
  const flags = { ...(lossy && { lossy }), ...(sync && { sync }), ...(yields && { yields }) }
  return { kind: 'result', result: { ...rest, value, ...flags } }
}

export function resultEntry(result: RecordedResult): Entry {
  if (result.value === undefined) return { kind: 'result', result: { ...result, value: undefined } }
  const { value, lossy } = encodeValue(result.value)
  return { kind: 'result', result: { ...result, value, ...(lossy ? { lossy } : {}) } }
}

export function noteEntry(note: Note): Entry {
  return { kind: 'note', note: note.data === undefined ? note : { ...note, data: encodeValue(note.data).value } }
}

/** The end of the run as an entry, and a note when its output holds something that JSON cannot. */
export function finishEntries(finish: RunFinish): Entry[] {
  const { value, lossy } = encodeValue(finish.output)
  const entry: Entry = { kind: 'finish', finish: { ...finish, output: value } }
  return lossy ? [entry, lossyNote(finish.at_ms, 'output')] : [entry]
}

function lossyNote(at_ms: number, what: string): Entry {
  const message = `The ${what} of the run holds something that JSON cannot.`
  return { kind: 'note', note: { at_ms, code: 'lossy', message, data: { what } } }
}
