import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TELEMETRY_NOTE } from '../../src/boundary/telemetry.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { shapeOf } from '../../src/replay/renaming.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { type Agent, type Court, type LiveRun, openCourt, outputOf, type Replay } from '../replay/court.ts'
import type { Changes } from './fixtures/tools.ts'
import type { Fault, Provider } from './start-provider.ts'

/** An agent over a real SDK, and what is to come of it. Its module exports functions of `(Question, Changes)`. */
export interface AgentCase {
  /** Package and what it does: `openai: chat, streamed`. */
  name: string
  agent: Agent
  /** What its first requests to a model meet. */
  faults?: readonly Fault[]
  /** What it asks in a run: the last part of each path, in order of the calls. */
  asks: string[]
  /** What it tells a tracing backend meanwhile, among other things, which is no part of the run: the last part of each path. */
  telemetry?: readonly string[]
  /** What a candidate does otherwise, and the divergence that it has to meet. */
  changed: { changes: Changes; step: number; kind: string }[]
}

export interface AgentWorld {
  start(): Promise<Provider>
  /** What the recording process has besides the usual. */
  env?: NodeJS.ProcessEnv
}

/** Frameworks take long to load on a machine that is busy. */
const MAX_REAL_MS = 90_000

/**
 * For each agent: what it did is replayed in full and from nothing but its recording, another live run asks the same, and a
 * changed agent meets the divergence that its change makes.
 */
export function tryAgents(cases: readonly AgentCase[], { start, env }: AgentWorld): void {
  let provider: Provider
  let court: Court
  const recorded = new Map<AgentCase, Promise<LiveRun>>()
  beforeAll(async () => {
    provider = await start()
    const offline = `--import ${pathToFileURL(join(import.meta.dirname, 'fixtures/offline.ts')).href}`
    court = openCourt({ NODE_OPTIONS: offline, PROVIDER_ORIGIN: provider.origin, ...env })
  })
  afterAll(async () => {
    court.close()
    await provider.close()
  })

  async function record({ agent, faults, telemetry }: AgentCase): Promise<LiveRun> {
    provider.reset(faults)
    const run = await court.record(agent, { origin: provider.origin })
    expect(run.error).toBeUndefined()
    expect(provider.telemetry).toEqual(telemetry ? expect.arrayContaining([...telemetry]) : [])
    return run
  }

  function recordOnce(one: AgentCase): Promise<LiveRun> {
    const run = recorded.get(one) ?? record(one)
    recorded.set(one, run)
    return run
  }

  test.each(cases)('replays in full, from the recording alone, given $name', async (one) => {
    const live = await recordOnce(one)
    expect(pathsOf(live)).toEqual(one.asks)
    const told = live.recording.notes.filter(({ code }) => code === TELEMETRY_NOTE)
    expect(told).toHaveLength(one.telemetry === undefined ? 0 : 1)
    expect(live.output).toMatch(/Order 17 is shipped/)
    provider.reset()
    const replay = await court.replay(one.agent, live, { max_real_ms: MAX_REAL_MS })
    expect(replay).toMatchObject({ end: { outcome: 'finished', agent_error: null }, divergences: [], egress: [] })
    expect(replay.grades.filter((grade) => grade !== 'exact' && grade !== 'renamed')).toEqual([])
    const { unused, coverage } = gradeEvidence(interactionsOf(replay), idsOf(live))
    expect({ unused, coverage }).toEqual({ unused: [], coverage: 1 })
    expect(outputOf(replay)).toEqual(live.output)
    expect([...provider.requests, ...provider.telemetry]).toEqual([])
  })

  test.each(cases)('asks the same in another live run, up to ids, given $name', async (one) => {
    const [first, second] = [await recordOnce(one), await record(one)]
    expect(second.recording.interactions.map(shapeOfCall)).toEqual(first.recording.interactions.map(shapeOfCall))
  })

  const changed = cases.flatMap((one) => one.changed.map((change) => ({ name: one.name, one, ...change })))
  test.each(changed)('meets $kind at step $step given $name with $changes', async ({ one, changes, step, kind }) => {
    const live = await recordOnce(one)
    const replay = await court.replay(one.agent, live, { params: changes, max_real_ms: MAX_REAL_MS })
    expect(replay.outcome).toBe('diverged')
    expect(replay.divergences[0]).toMatchObject({ step, kind, grade: 'none' })
  })
}

function pathsOf({ recording }: LiveRun): string[] {
  return recording.interactions.map((one) =>
    one.kind === 'http' ? (new URL(one.request.url).pathname.split('/').at(-1) ?? '') : one.name,
  )
}

function shapeOfCall(interaction: LiveRun['recording']['interactions'][number]): string {
  return shapeOf(canonicaliseInteraction(interaction).text).text
}

function idsOf({ recording }: LiveRun): string[] {
  return recording.interactions.map(({ id }) => id)
}

function interactionsOf({ replayed }: Replay): LiveRun['recording']['interactions'] {
  return replayed?.interactions ?? []
}
