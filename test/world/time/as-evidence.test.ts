import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { computeSignals } from '../../../src/signals/compute-signals.ts'
import { projectRun } from '../../../src/trace/project-run.ts'
import { type Court, type LiveRun, openCourt, outputOf, type Replay } from '../../replay/court.ts'

const agentOf = (client: string) => ({
  module: join(import.meta.dirname, `fixtures/patient/${client}.ts`),
  export: 'run',
})
const CLIENTS = ['fetch', 'axios', 'got', 'openai', 'anthropic']

/** How long the recorded client waited for what never came, and when an answer came that it did get, ms. */
const WAITED = 1_000
const ANSWERED = 400

let court: Court
/** Never answers under `/silence`, late under `/late`, and only after two failures under `/failing`. */
const server = createServer((request, response) => {
  const path = request.url ?? ''
  request.resume()
  if (path.includes('/silence')) return
  const nth = (counts.get(path) ?? 0) + 1
  counts.set(path, nth)
  const isFailure = path.includes('/failing') && nth <= 2
  setTimeout(
    () =>
      response.writeHead(isFailure ? 503 : 200, { 'content-type': 'application/json' }).end('{"data":[],"content":[]}'),
    path.includes('/late') ? ANSWERED : 20,
  )
})
const counts = new Map<string, number>()
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  court = openCourt()
})
afterAll(() => {
  court.close()
  server.closeAllConnections()
  server.close()
})

function record(client: string, what: string, retries = 0): Promise<LiveRun> {
  const { port } = server.address() as AddressInfo
  const input = { origin: `http://127.0.0.1:${port}`, client, patience: WAITED, retries, path: `/${what}/${client}` }
  return court.record(agentOf(client), input)
}

function replay(live: LiveRun, changes: object): Promise<Replay> {
  const input = live.recording.input as { client: string }
  return court.replay(agentOf(input.client), live, { input: { ...input, ...changes } })
}

function latencyOf({ replayed }: Replay): number | undefined {
  return replayed === null ? undefined : computeSignals(projectRun(replayed)).run_latency_ms
}

test.each(CLIENTS)(
  'a shorter time-out is exact to the millisecond, and a longer one than there was is beyond, given %s and silence',
  async (client) => {
    const live = await record(client, 'silence')
    const { outcome } = live.output as { outcome: string }
    expect(outcome).toMatch(/Timeout|AxiosError|DOMException/)
    for (const patience of [1, 250, WAITED]) {
      const shorter = await replay(live, { patience })
      expect(shorter.grades).toEqual(['exact'])
      expect(outputOf(shorter)).toEqual({ outcome, took: patience, asked: 1 })
      expect(latencyOf(shorter)).toBe(patience)
    }
    const longer = await replay(live, { patience: 30_000 })
    expect(longer.grades).toEqual(['beyond'])
  },
)

test.each(CLIENTS)(
  'the answer comes when it came, and a client that is less patient than that cuts it off, given %s',
  async (client) => {
    const live = await record(client, 'late')
    const [same, again] = [await replay(live, {}), await replay(live, { patience: 20_000 })]
    expect([same.grades, again.grades]).toEqual([['exact'], ['exact']])
    expect([outputOf(again), latencyOf(again)]).toEqual([outputOf(same), latencyOf(same)])
    const recorded = live.recording.interactions[0]
    expect(latencyOf(same)).toBe(recorded?.kind === 'http' ? recorded.end?.offset_ms : undefined)
    const cut = await replay(live, { patience: ANSWERED / 2 })
    expect(cut.grades).toEqual(['exact'])
    expect(outputOf(cut)).toMatchObject({ took: ANSWERED / 2, asked: 1 })
  },
)

test.each(CLIENTS)(
  'a retry gets the answer recorded next, and is a divergence where none is, given %s and failures',
  async (client) => {
    const whole = await record(client, 'failing', 3)
    expect(whole.output).toMatchObject({ outcome: 'answered', asked: 3 })
    const same = await replay(whole, {})
    expect(same.grades).toEqual(['exact', 'exact', 'exact'])
    expect(outputOf(same)).toMatchObject({ outcome: 'answered', asked: 3 })
    // The recorded agent gave up after one retry: what a third try would have met, nobody knows.
    counts.clear()
    const short = await record(client, 'failing', 1)
    expect(short.output).toMatchObject({ asked: 2 })
    const eager = await replay(short, { retries: 5 })
    expect(eager.outcome).toBe('diverged')
    expect(eager.grades).toEqual(['exact', 'exact', 'none'])
  },
)
