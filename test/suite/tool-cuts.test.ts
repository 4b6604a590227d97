import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CandidateReport } from '../../src/model/verdict.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { runSuite } from '../../src/suite/run-suite.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { type Agent, type Court, type LiveRun, openCourt, type Replay } from '../replay/court.ts'
import { startWorld, type World } from '../replay/start-world.ts'

const INDEX = join(import.meta.dirname, '../../src/index.ts')

let court: Court
let world: World
let live: LiveRun

/** An agent that searches until it finds, with a tool that asks an index. */
function source({ onFailure = 'throw new Error("HTTP " + answer.status)', tries = 3 } = {}): string {
  return `
    import { tool } from ${JSON.stringify(INDEX)}
    const search = tool('search', async ({ url, query }) => {
      const plan = JSON.stringify({ key: query, plan: [{ kind: 'json', status: 503, delay: 20 }] })
      const answer = await fetch(url + '/index?plan=' + encodeURIComponent(plan))
      if (!answer.ok) ${onFailure}
      return await answer.text()
    })
    export async function run({ url }) {
      for (let step = 0; step < ${tries}; step++) {
        try {
          return { stop_reason: 'completed', found: await search({ url, query: 'refunds' }) }
        } catch {}
      }
      return { stop_reason: ${tries > 1 ? "'max_steps'" : "'completed'"} }
    }
  `
}

beforeAll(async () => {
  court = openCourt()
  world = await startWorld()
  live = await court.record(court.agent(source()), { url: world.origin })
})

afterAll(async () => {
  court.close()
  await world.close()
})

let scenarios = 0

function writeScenario(tools: string, trigger: string, candidates: Record<string, Agent>): string {
  const lines = Object.entries(candidates).map(([id, { module }]) => `  - { id: ${id}, agent: "${module}#run" }`)
  const path = join(court.folder, `cut-${++scenarios}.yaml`)
  const text = `id: tool-cuts
title: the index is down
recording: ${live.path}
agent: "${live.recording.agent_ref}"
incident:
  trigger: { span: "${trigger}", error_class: overloaded }
  cause: { signal: repeated_tool_calls, tool: search, at_least: 2 }
  symptom: { signal: stop_reason, is: max_steps }
replay: { tools: ${tools} }
candidates:
${lines.join('\n')}
`
  writeFileSync(path, text)
  return path
}

async function verify(cut: string, trigger: string, candidates: Record<string, Agent>): Promise<CandidateReport[]> {
  const path = writeScenario(`{ search: ${cut} }`, trigger, candidates)
  const { reports, faults } = await runSuite([path], { workers: 1, outDir: join(court.folder, 'out') })
  expect(faults).toEqual([])
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  return reports[0]?.candidates ?? []
}

function signalsOf({ replayed }: Pick<Replay, 'replayed'>): unknown {
  const {
    run_latency_ms: _,
    slowest_span,
    first_error_span,
    ...signals
  } = computeSignals(projectRun(replayed as NonNullable<Replay['replayed']>))
  return { ...signals, slowest: slowest_span?.name, first_error: first_error_span?.name }
}

test('gives the same signals at a tool and inside it given an unchanged agent', async () => {
  const agent = { module: (live.recording.agent_ref ?? '').split('#')[0] ?? '', export: 'run' }
  const asked = world.contacts()
  const [at, inside] = [await court.replay(agent, live), await court.replay(agent, live, { inside: ['search'] })]
  for (const replay of [at, inside]) expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(world.contacts()).toBe(asked)
  expect(at.replayed?.interactions.map(({ kind }) => kind)).toEqual(['tool', 'tool', 'tool'])
  expect(inside.replayed?.interactions.map(({ kind }) => kind)).toEqual(
    live.recording.interactions.map(({ kind }) => kind),
  )
  expect(signalsOf(inside)).toEqual(signalsOf(at))
  expect(signalsOf(inside)).toEqual(signalsOf({ replayed: live.recording }))
})

test('judges a fix within a tool given that its own calls are answered', async () => {
  const within = court.agent(source({ onFailure: "return 'unavailable'" }))
  const [fixed] = await verify('inside', 'http_request', { within })
  expect(fixed).toMatchObject({
    verdict: 'fixed',
    // The two repetitions of the unfixed agent are not asked for any more.
    evidence: { grades: { exact: 1 }, coverage: 1, unused: ['c4', 'c6'] },
  })
  expect(fixed?.assumptions.join()).not.toContain('did not run')
  const [same] = await verify('at', 'tool_call:search', { within })
  expect(same?.verdict).toBe('not_fixed')
})

test('never calls fixed what changes a tool that did not run', async () => {
  const both = court.agent(source({ onFailure: 'process.exit(1)', tries: 1 }))
  const alone = court.agent(source({ tries: 1 }))
  const reports = await verify('at', 'tool_call:search', { both, alone })
  expect(reports.map(({ verdict }) => verdict)).toEqual(['inconclusive', 'fixed'])
  expect(reports[0]?.reasons[0]).toMatchObject({ code: 'unrecorded_source', data: { name: 'code:search' } })
  expect(reports[0]?.reasons[0]?.message).toContain('inside')
  expect(reports[1]?.assumptions).toContainEqual(expect.stringContaining('the code of search did not run'))
  // Inside, the change is tried, and shows what it does.
  const [tried] = await verify('inside', 'http_request', { both })
  expect(tried?.verdict).toBe('error')
})

test('refuses a cut of a tool that the recording does not hold', async () => {
  const path = writeScenario('{ serach: inside }', 'tool_call:search', { same: court.agent(source()) })
  const { faults, exit_code } = await runSuite([path], { workers: 1, outDir: join(court.folder, 'out') })
  expect(exit_code).toBe(2)
  expect(faults).toMatchObject([
    { error: { code: 'ERR_SUITE_TOOL', hint: expect.stringContaining('search'), location: { line: 9 } } },
  ])
})
