import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { FAULTS, type FaultName, injectFault } from '../../src/replay/faults/inject-fault.ts'
import { createReplayPool } from '../../src/replay/replay-pool.ts'
import { FAULTS as REAL_FAULTS } from './catalogue.ts'
import { startFaultServer } from './fault-server.ts'
import type { AgentInput } from './fixtures/agent.ts'
import { CLIENT_NAMES } from './run-child.ts'
import { replayRun, runAll, type Seen } from './run-matrix.ts'

/** The real fault that each made one has to be like. */
const LIKE: Record<FaultName, string> = {
  refused: 'refused',
  dns_failure: 'dns_failure',
  tls_failure: 'tls_expired',
  timeout_connect: 'timeout_connect',
  reset_before_head: 'reset_before_head',
  reset_in_head: 'reset_in_head',
  reset_after_head: 'reset_after_head',
  reset_in_body: 'reset_mid_body',
  cut_in_body: 'stream_cut',
  timeout_head: 'timeout_head',
  timeout_body: 'timeout_body',
  status_429: 'status_429',
  status_429_retry_after: 'status_429_seconds',
  status_500: 'status_500',
  status_502: 'status_502',
  status_503: 'status_503',
  status_529: 'status_529',
  slow_drip: 'slow_drip',
  truncated_json: 'truncated_json',
  malformed_json: 'malformed_json',
  truncated_sse: 'truncated_sse',
  malformed_sse: 'malformed_sse',
  error_in_stream: 'error_in_stream',
}
const NAMES = Object.keys(FAULTS) as FaultName[]
const GOOD = ['whole_with_length', 'stream']

const folder = mkdtempSync(join(tmpdir(), 'retrial-injected-'))
const pool = createReplayPool({ ahead: 1, jobs: CLIENT_NAMES.length })
const pathOf = (client: string): string => join(folder, `${client}.jsonl`)
let live: Map<string, Record<string, Seen>>

beforeAll(async () => {
  const server = await startFaultServer()
  live = await runAll(server, CLIENT_NAMES, [...GOOD, ...Object.values(LIKE)], pathOf)
  await server.close()
}, 120_000)
afterAll(() => {
  pool.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The recording of a run in which every case went well, made of the two that did. */
function allWell(recording: Recording): Recording {
  const { client, cases } = recording.input as unknown as AgentInput
  const http = recording.interactions as HttpInteraction[]
  const interactions = cases
    .filter(({ fault }) => !GOOD.includes(fault))
    .map(({ fault, url, asks }): HttpInteraction => {
      const good = asks === 'stream' ? 'stream' : 'whole_with_length'
      const found = http.find(({ request }) => request.url.includes(`/${good}/`)) as HttpInteraction
      const start = `/${good}/${encodeURIComponent(client)}`
      const rest = found.request.url.slice(found.request.url.indexOf(start) + start.length)
      return { ...found, id: fault, request: { ...found.request, url: url + rest } }
    })
  return { ...recording, interactions, notes: [] }
}

function injectAll(recording: Recording): Recording {
  return NAMES.reduce((derived, fault) => {
    // What fails each time does so twice: those that try again ask as often.
    const times = fault.startsWith('status_429') ? 1 : 2
    const next = injectFault(derived, { interaction: LIKE[fault], fault, times })
    if (next === null) throw new Error(`${fault} cannot be injected`)
    return next
  }, recording)
}

/** Its limit ends with the head: the real server broke the connection in the end, the made one leaves it to the network. */
function hasNoLimit(client: string, name: FaultName): boolean {
  return client === 'anthropic' && name === 'timeout_body'
}

/** What a fault of this kind has in common with any other of it: what the server said is not the fault's. */
function essence(value: unknown, name: string): unknown {
  const hasOwnWords = /status|json|sse|drip|stream/.test(name)
  const strip = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(strip)
    if (typeof one !== 'object' || one === null) return one
    const { message, partial: _p, value: got, ...rest } = one as Record<string, unknown>
    const status = statusOf(got)
    return Object.fromEntries(
      Object.entries({
        ...rest,
        ...(!hasOwnWords && message !== undefined && { message: String(message).replace(/\d+ bytes/g, 'N bytes') }),
        ...(got !== undefined && { value: status ?? 'a value' }),
      }).map(([key, inner]) => [key, strip(inner)]),
    )
  }
  return strip(value)
}

function statusOf(value: unknown): unknown {
  const { status, statusCode } = (value ?? {}) as { status?: number; statusCode?: number }
  return status ?? statusCode
}

for (const client of CLIENT_NAMES) {
  test(`each fault that is put into a recording reaches the client as the real one does, given ${client}`, async () => {
    const recorded = await readRecording(pathOf(client))
    const derived = injectAll(allWell(recorded))
    const { cases } = recorded.input as unknown as AgentInput
    const input = { client, cases: cases.filter(({ fault }) => !GOOD.includes(fault)) }
    const path = join(folder, `${client}.injected.jsonl`)
    saveRecording(path, { ...derived, input: input as never })
    const replay = await replayRun(pool, client, path, folder)
    expect(replay.trouble).toBeNull()
    const names = NAMES.filter((name) => !hasNoLimit(client, name))
    const made = names.map((name) => [name, essence(replay.seen(LIKE[name])?.outcomes, name)])
    const real = names.map((name) => [name, essence(live.get(client)?.[LIKE[name]]?.outcomes, name)])
    expect(Object.fromEntries(made)).toEqual(Object.fromEntries(real))
    if (client === 'anthropic') expect(JSON.stringify(replay.seen('timeout_body'))).toContain('UND_ERR_BODY_TIMEOUT')
  })
}

test('a fault that cannot happen is refused, given an interaction that lacks what it breaks', async () => {
  const recording = allWell(await readRecording(pathOf('openai')))
  for (const [interaction, fault] of [
    ['no_such', 'refused'],
    ['status_500', 'tls_failure'],
    ['status_500', 'truncated_sse'],
    ['malformed_sse', 'truncated_json'],
  ] as const) {
    expect(injectFault(recording, { interaction, fault })).toBeNull()
  }
})

test('a derived recording says what was made up and leaves the original as it is, given any fault', async () => {
  const recording = allWell(await readRecording(pathOf('openai')))
  const before = structuredClone(recording)
  for (const fault of NAMES) {
    for (const times of [1, 'always'] as const) {
      const derived = injectFault(recording, { interaction: LIKE[fault], fault, times })
      expect(derived?.notes.at(-1)).toMatchObject({ code: 'fault_injected', data: { fault, times } })
      expect(derived?.interactions.length).toBe(recording.interactions.length + (times === 1 ? 1 : 0))
    }
  }
  expect(recording).toEqual(before)
  expect(Object.keys(REAL_FAULTS)).toEqual(expect.arrayContaining(Object.values(LIKE)))
})
