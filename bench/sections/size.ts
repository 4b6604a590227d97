import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { asRecording } from '../support/as-recording.ts'
import { conversation, type Turn } from '../support/conversation.ts'
import { closeWriter, openRedactor } from '../support/replay-tape.ts'
import type { Row, Section } from '../support/report.ts'
import type { Exchange } from '../support/workloads.ts'
import type { SectionOptions } from './options.ts'

const TURNS = [10, 50, 200]
const GOAL = 1.15

/** How much larger a recording is than what is unique in it, for a run that re-sends its history on each turn. */
export async function measureSize({ dir }: SectionOptions): Promise<Section[]> {
  const rows: Row[] = []
  for (const turns of TURNS) rows.push(await measureRun(conversation(1, 0, turns), dir))
  return [
    {
      id: 'size',
      title: 'Size of a recording whose run re-sends its history',
      baseline: 'every message, tool list, envelope and header line once',
      rows,
    },
  ]
}

async function measureRun(run: Turn[], dir: string): Promise<Row> {
  const exchanges = run.map(toExchange)
  const recording = asRecording(exchanges)
  const { run: context, input, runtime } = recording
  const redactor = openRedactor()
  const options = { overwrite: true, sync: false, redactor }
  const writer = createRecordingWriter(join(dir, 'size.jsonl'), { run: context, input, runtime }, options)
  for (const interaction of recording.interactions) {
    if (interaction.kind !== 'http') continue
    const { answer, end, ...call } = interaction
    writer.call(call)
    writer.result({ id: call.id, answer, end })
  }
  closeWriter(writer)
  await checkContent(writer.path, exchanges)
  const unique = uniqueBytes(run, exchanges)
  const wire = exchanges.reduce((sum, { request, text }) => sum + Buffer.byteLength(request.body + text), 0)
  const size = statSync(writer.path).size
  return {
    label: `${run.length} turns`,
    ratio: size / unique,
    spread: null,
    goal: GOAL,
    p10: { value: size / 1_000, unit: 'kB' },
    note: `bodies as sent: ${(wire / unique).toFixed(1)}`,
  }
}

/** A recording that is small because it lost something would be no success. */
async function checkContent(path: string, exchanges: Exchange[]): Promise<void> {
  const { interactions } = await readRecording(join(path), { mode: 'strict' })
  const right = exchanges.every(({ request, text }, i) => {
    const read = interactions[i]
    if (read?.kind !== 'http' || read.request.body === null || read.answer === null) return false
    const answer = read.answer.chunks.map(([, data]) => ('text' in data ? data.text : '')).join('')
    return 'text' in read.request.body && read.request.body.text === request.body && answer === text
  })
  if (!right || interactions.length !== exchanges.length)
    throw new Error('the recording does not hold what was written')
}

function toExchange({ request, answer }: Turn, index: number): Exchange {
  const text = JSON.stringify(answer)
  return {
    key: `turn/${index}`,
    request: { headers: [['content-type', 'application/json']], body: JSON.stringify(request) },
    answer: { headers: [['content-type', 'application/json']], chunks: [text] },
    text,
  }
}

/** Bytes of all that differs: messages, other members of requests, answers less their messages, header lines. */
function uniqueBytes(run: Turn[], exchanges: Exchange[]): number {
  const unique = new Set<string>()
  const add = (value: JsonValue): void => void unique.add(JSON.stringify(value))
  for (const { request, answer } of run) {
    const { messages, ...rest } = request
    for (const part of [...messages, ...Object.entries(rest)]) add(part)
    const [choice] = answer.choices as JsonObject[]
    if (choice !== undefined && isJsonObject(choice.message)) add(choice.message)
    add({ ...answer, choices: [{ ...choice, message: null }] })
  }
  for (const { request, answer } of exchanges) for (const line of [...request.headers, ...answer.headers]) add(line)
  return [...unique].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}
