import type { JsonValue } from '../../core/json.ts'
import type { HttpAnswer, HttpRequest, Interaction } from '../../model/interaction.ts'
import type { Chance, Note, Recording } from '../../model/recording.ts'
import type { RunFinish } from '../../model/run.ts'
import type {
  CallRecord,
  ChanceRecord,
  FinishRecord,
  HeaderRecord,
  LineRecord,
  NoteRecord,
  ResultRecord,
} from '../schema.ts'
import { ContentResolver } from './resolve-content.ts'
import { BrokenLine } from './scan-lines.ts'

type Header = Omit<Recording, 'interactions' | 'notes' | 'chance' | 'finish' | 'integrity' | 'digest'>

/** Reads the recording that another one refers to. */
export type OpenBase = (base: NonNullable<Recording['base']>) => Recording

/** Builds a recording from its records, one after the other. Methods throw `BrokenLine` for a record that does not follow. */
export class RecordCollector {
  readonly #content = new ContentResolver()
  readonly #openBase: OpenBase
  #base: ReadonlyMap<string, Interaction> | null = null
  readonly #calls = new Map<string, Interaction>()
  readonly #answered = new Set<string>()
  readonly #interactions: Interaction[] = []
  readonly #notes: Note[] = []
  #chance: Chance | null = null
  #header: Header | null = null
  #finish: RunFinish | null = null

  constructor(openBase: OpenBase) {
    this.#openBase = openBase
  }

  add(record: LineRecord): void {
    if ((record.kind === 'header') !== (this.#header === null))
      throw new BrokenLine('the header must be the first line')
    switch (record.kind) {
      case 'header':
        this.#addHeader(record)
        break
      case 'blob':
        this.#content.addBlob(record)
        break
      case 'list':
        this.#content.addList(record)
        break
      case 'call':
        this.#addCall(record)
        break
      case 'result':
        this.#addResult(record)
        break
      case 'note':
        this.#addNote(record)
        break
      case 'chance':
        this.#addChance(record)
        break
      case 'finish':
        this.#addFinish(record)
        break
      case 'seal':
        throw new BrokenLine('a seal holds nothing')
    }
  }

  finish(): Omit<Recording, 'integrity' | 'digest'> {
    if (this.#header === null) throw new BrokenLine('there is no header')
    return {
      ...this.#header,
      interactions: this.#interactions,
      notes: this.#notes,
      ...optional('chance', this.#chance ?? undefined),
      finish: this.#finish,
    }
  }

  #addHeader({ run, input, agent_ref, base, runtime, redaction }: HeaderRecord): void {
    if (base !== undefined) {
      this.#base = new Map(this.#openBase(base).interactions.map((interaction) => [interaction.id, interaction]))
    }
    const value = this.#content.value(input as JsonValue)
    this.#header = {
      format: 'retrial/1',
      run,
      input: value,
      ...optional('agent_ref', agent_ref),
      runtime,
      ...optional('base', base),
      redaction,
    }
  }

  #addCall(record: CallRecord): void {
    if (this.#calls.has(record.id)) throw new BrokenLine(`call ${record.id} is there twice`)
    const { id, started_ms, parent, spans } = record
    const base = { id, started_ms, end: null, ...optional('parent', parent), ...optional('spans', spans) }
    const interaction = 'same' in record ? this.#repeated(record, base) : this.#fresh(record, base)
    this.#calls.set(id, interaction)
    this.#interactions.push(interaction)
  }

  #fresh(record: FreshCall, base: CallBase): Interaction {
    if (record.type === 'http') {
      return { ...base, kind: 'http', door: record.door, request: this.#request(record.request), answer: null }
    }
    const args = this.#content.value(record.args as JsonValue)
    return { ...base, kind: record.type, name: record.name, args, ...optional('lossy', record.lossy) }
  }

  #repeated({ same, headers }: RepeatedCall, base: CallBase): Interaction {
    const source = this.#source(same)
    if (source.kind === 'http') {
      const { kind, door, request } = source
      const other = headers === undefined ? request : { ...request, headers: this.#content.headers(headers) }
      return { ...base, kind, door, request: other, answer: null }
    }
    if (headers !== undefined) throw new BrokenLine('a function call has no headers')
    const { kind, name, args, lossy } = source
    return { ...base, kind, name, args, ...optional('lossy', lossy) }
  }

  #source(id: string): Interaction {
    const source = this.#base?.get(id)
    if (source === undefined) throw new BrokenLine(`the recording that is the base has no call ${id}`)
    return source
  }

  #request({ method, url, headers, body }: Extract<FreshCall, { type: 'http' }>['request']): HttpRequest {
    return {
      method,
      url,
      headers: this.#content.headers(headers),
      body: body === null ? null : this.#content.data(body),
    }
  }

  #addResult(record: ResultRecord): void {
    const { id, same, chunks, answer, value, lossy, sync, yields, ran, end, evidence } = record
    const interaction = this.#calls.get(id)
    if (interaction === undefined) throw new BrokenLine(`there is no call ${id} before this line`)
    if (this.#answered.has(id)) throw new BrokenLine(`call ${id} has two results`)
    this.#answered.add(id)
    interaction.end = end
    if (evidence !== undefined) interaction.evidence = evidence
    if (same !== undefined) {
      if (answer !== undefined || value !== undefined) throw new BrokenLine('a result has two answers')
      repeatAnswer(interaction, this.#source(same), chunks)
      return
    }
    if (chunks !== undefined) throw new BrokenLine('chunks are counted of no answer')
    if (interaction.kind === 'http') {
      if (value !== undefined) throw new BrokenLine('an HTTP call has no value')
      if (answer !== undefined) interaction.answer = this.#answer(answer)
      return
    }
    if (answer !== undefined) throw new BrokenLine('a function call has no HTTP answer')
    if (value !== undefined) interaction.value = this.#content.value(value as JsonValue)
    if (lossy === true) interaction.lossy = true
    if (sync === true) interaction.sync = true
    if (yields === true) interaction.yields = true
    if (ran === true) interaction.ran = true
  }

  #answer({
    chunks,
    headers,
    names,
    information,
    trailers,
    coded,
    url,
    ...head
  }: NonNullable<ResultRecord['answer']>): HttpAnswer {
    return {
      ...head,
      headers: this.#content.headers(headers),
      ...optional('names', names && this.#content.names(names)),
      ...optional(
        'information',
        information?.map((one) => ({ ...one, headers: this.#content.headers(one.headers) })),
      ),
      chunks: chunks.map(([offset, data]) => [offset, this.#content.data(data)]),
      ...optional('coded', coded),
      ...optional('trailers', trailers && this.#content.headers(trailers)),
      ...optional('url', url),
    }
  }

  #addNote({ at_ms, code, message, data }: NoteRecord): void {
    const details = data === undefined ? {} : { data: this.#content.value(data as JsonValue) }
    this.#notes.push({ at_ms, code, message, ...details })
  }

  #addChance({ scope, random = [], uuids = [] }: ChanceRecord): void {
    this.#chance ??= { scope, random: [], uuids: [] }
    if (scope !== this.#chance.scope) throw new BrokenLine('the scope of chance changes')
    for (const value of random) this.#chance.random.push(value)
    for (const value of uuids) this.#chance.uuids.push(value)
  }

  #addFinish({ at_ms, stop_reason, output, error }: FinishRecord): void {
    if (this.#finish !== null) throw new BrokenLine('the run finishes twice')
    this.#finish = { at_ms, stop_reason, output: this.#content.value(output as JsonValue), error }
  }
}

type RepeatedCall = Extract<CallRecord, { same: string }>
type FreshCall = Exclude<CallRecord, RepeatedCall>
type CallBase = Pick<Interaction, 'id' | 'started_ms' | 'end' | 'parent' | 'spans'> & { end: null }

/** Gives a call the answer that a call of the base got, or the first chunks of it. */
function repeatAnswer(interaction: Interaction, source: Interaction, chunks: number | undefined): void {
  if (interaction.kind === 'http' && source.kind === 'http') {
    const { answer } = source
    if (answer === null && chunks !== undefined) throw new BrokenLine('chunks are counted of no answer')
    if (chunks !== undefined && chunks > (answer?.chunks.length ?? 0)) {
      throw new BrokenLine('an answer has more chunks than that of the base')
    }
    interaction.answer =
      answer === null || chunks === undefined ? answer : { ...answer, chunks: answer.chunks.slice(0, chunks) }
    return
  }
  if (interaction.kind === 'http' || source.kind === 'http' || chunks !== undefined) {
    throw new BrokenLine('an answer is of another kind than its call')
  }
  const { value, lossy, sync, yields } = source
  Object.assign(interaction, optional('value', value), optional('lossy', lossy))
  Object.assign(interaction, optional('sync', sync), optional('yields', yields))
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V })
}
