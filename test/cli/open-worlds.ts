import { join } from 'node:path'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { WorldsReport } from '../../src/model/verdict.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { type Court, openCourt } from './open-court.ts'
import { readReport } from './report-schema.ts'

/**
 * Asks a stock list that is down, once or thrice, then three tools at once. What it does with what it learns is up to the
 * candidate: each has a weakness that shows in one kind of world only.
 */
const AGENT = `
export async function run(input, { style = 'sound' } = {}) {
  const ask = async (name, signal) => (await fetch('http://tools.test/' + name, { signal })).text()
  const stock = async () => {
    const response = await fetch('http://tools.test/stock')
    if (!response.ok) throw new Error('status ' + response.status)
    return response.text()
  }
  const tries = style === 'unfixed' ? 3 : 1
  let reached = false
  for (let i = 0; i < tries && !reached; i++) {
    try {
      await stock()
      reached = true
    } catch (error) {
      if (style === 'brittle' && !error.message.startsWith('status')) throw error
      if (style === 'naming') await ask('note/' + crypto.randomUUID())
      if (style === 'further') await ask('further')
      if (style === 'telling') await ask('why?' + encodeURIComponent(error.message))
    }
  }
  const order = []
  const signal = style === 'impatient' ? AbortSignal.timeout(100) : undefined
  let gaveUp = false
  await Promise.all(['one', 'two', 'three'].map(async (name) => {
    await ask(name, signal).catch(() => { gaveUp = true })
    order.push(name)
  }))
  const bad =
    (style === 'unfixed' && !reached) ||
    (style === 'racy' && order[2] === 'one') ||
    (style === 'lucky' && Math.random() > 0.5) ||
    (style === 'dated' && new Date().getUTCDate() !== 24) ||
    (['zoned', 'further'].includes(style) && new Date().getTimezoneOffset() !== 0) ||
    gaveUp
  return { stop_reason: bad ? 'tool_error' : 'completed' }
}
`

/** What the agent drew as the name of a note. */
const NOTE = '0d4fd5a3-8a53-4a3c-9c0e-3f7f5a0f6b1d'

function call(id: string, name: string, started_ms: number, took_ms: number, status = 200): HttpInteraction {
  return {
    id,
    kind: 'http',
    door: 'fetch',
    started_ms,
    request: { method: 'GET', url: `http://tools.test/${name}`, headers: [], body: null },
    answer: {
      status,
      status_text: status === 200 ? 'OK' : 'Internal Server Error',
      headers: [],
      headers_ms: took_ms,
      chunks: [[took_ms, { text: name }]],
    },
    end: { kind: 'complete', offset_ms: took_ms },
  }
}

/** Another run, which holds what one candidate asks beyond the first. */
export function recordingOfFurther(): Recording {
  return { ...recordingOfWorlds(), interactions: [call('c1', 'further', 5, 5)], chance: undefined }
}

/** The stock list fails three times, then three tools are asked at once and answer in the order in which they were asked. */
export function recordingOfWorlds(): Recording {
  const why = `why?${encodeURIComponent('status 500')}`
  return {
    format: 'retrial/1',
    run: { run_id: 'run_worlds', trace_id: '0af7651916cd43dd8448eb211c80319c', started_at: 1_764_000_000_000 },
    input: null,
    runtime: { node: '24.0.0', platform: 'linux-x64', timezone: 'UTC', env: {} },
    redaction: null,
    interactions: [
      call('c1', 'stock', 1, 10, 500),
      call('c2', 'stock', 12, 10, 500),
      call('c3', 'stock', 23, 10, 500),
      ...['one', 'two', 'three'].map((name, i) => call(`c${i + 4}`, name, 40 + i, 20 + 30 * i)),
      call('c7', why, 130, 5),
      call('c8', `note/${NOTE}`, 137, 1),
    ],
    notes: [],
    // What the lucky one draws: in its own run it is lucky.
    chance: { scope: 'run', random: [0.25], uuids: [NOTE] },
    finish: { at_ms: 140, stop_reason: 'tool_error', output: null, error: null },
    integrity: 'sealed',
  }
}

/** A scenario over that recording, as text: JSON is YAML. */
export function worldsScenario(id: string, styles: readonly string[], more: Record<string, unknown>): string {
  return JSON.stringify({
    id,
    title: 'the stock list is down and the agent asks again and again',
    recording: 'run.jsonl',
    agent: 'agent.mjs#run',
    baseline: { params: { style: 'unfixed' } },
    incident: {
      trigger: { span: 'http_request', error_class: 'server_error' },
      cause: { signal: 'retries', at_least: 2 },
      symptom: { signal: 'stop_reason', is: 'tool_error' },
    },
    candidates: styles.map((style) => ({ id: style, params: { style } })),
    ...more,
  })
}

/** A project with that recording and its agent. */
export function openWorlds(): Court {
  const court = openCourt([])
  court.write('agent.mjs', AGENT)
  saveRecording(join(court.folder, 'run.jsonl'), recordingOfWorlds())
  return court
}

export interface Tried {
  verdict: string
  codes: string[]
  worlds: WorldsReport | undefined
}

/** Runs `retrial verify --json` and gives what it says of each candidate. */
export async function verifyWorlds(
  court: Court,
  ...args: string[]
): Promise<{ code: number | null; of: Record<string, Tried> }> {
  const { code, stdout } = await court.run(['verify', ...args, '--json'])
  const entries = readReport(stdout).scenarios.flatMap(({ candidates }) =>
    candidates.map(({ id, verdict, reasons, worlds }): [string, Tried] => [
      id,
      { verdict, codes: reasons.map((reason) => reason.code), worlds },
    ]),
  )
  return { code, of: Object.fromEntries(entries) }
}
