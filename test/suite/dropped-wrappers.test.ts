import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CandidateReport } from '../../src/model/verdict.ts'
import { runSuite } from '../../src/suite/run-suite.ts'
import { type Agent, type Court, type LiveRun, openCourt } from '../replay/court.ts'
import { startWorld, type World } from '../replay/start-world.ts'

const INDEX = join(import.meta.dirname, '../../src/index.ts')
const ADAPTER = join(import.meta.dirname, '../../src/adapters/ai.ts')

let court: Court
let world: World
let live: LiveRun

/** An agent that searches until it finds, with a tool that asks an index. */
function source({ wrap = "tool('search', search)", tries = 3, failure = 'HTTP ' } = {}): string {
  return `
    import { tool } from ${JSON.stringify(INDEX)}
    import { wrapTools } from ${JSON.stringify(ADAPTER)}
    let pages = 0
    async function search({ url, query }) {
      const status = pages === 0 ? 503 : 200
      const plan = JSON.stringify({ key: query + ++pages, plan: [{ kind: 'json', status, delay: 20 }] })
      const answer = await fetch(url + '/index?plan=' + encodeURIComponent(plan))
      if (!answer.ok) throw new Error('${failure}' + answer.status)
      return await answer.text()
    }
    const find = ${wrap}
    export async function run({ url }) {
      for (let step = 0; step < ${tries}; step++) {
        await find({ url, query: 'refunds' }).catch(() => null)
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

async function verify(candidate: Agent, replay = ', tools: { search: inside }'): Promise<CandidateReport> {
  const path = join(court.folder, `dropped-${++scenarios}.yaml`)
  writeFileSync(
    path,
    `id: dropped-wrappers
title: the index is down
recording: ${live.path}
agent: "${live.recording.agent_ref}"
incident:
  trigger: { span: "${replay.includes('inside') ? 'http_request' : 'tool_call:search'}" }
  cause: { signal: repeated_tool_calls, tool: search, at_least: 2 }
  symptom: { signal: stop_reason, is: max_steps }
replay: { on_divergence: fail${replay} }
candidates:
  - { id: candidate, agent: "${candidate.module}#run" }
`,
  )
  const { reports, faults } = await runSuite([path], { workers: 1, outDir: join(court.folder, 'out') })
  expect(faults).toEqual([])
  return reports[0]?.candidates[0] as CandidateReport
}

test('never calls fixed what is seen no more given a candidate that drops the wrapper of a tool', async () => {
  const dropped = court.agent(source({ wrap: 'search' }).replace("'max_steps'", "'completed'"))
  const report = await verify(dropped)
  expect(report.verdict).toBe('inconclusive')
  expect(report.reasons[0]).toMatchObject({ code: 'unrecorded_source', data: { name: 'unwrapped:search' } })
  const accepted = await verify(dropped, ', tools: { search: inside }, accept: ["unwrapped:search"]')
  expect(accepted.verdict).toBe('fixed')
  expect(accepted.assumptions.join()).toContain('unwrapped:search')
})

test('says nothing of wrappers given a candidate that keeps them', async () => {
  const report = await verify(court.agent(source({ tries: 1 })))
  expect(report).toMatchObject({ verdict: 'fixed', evidence: { coverage: 1 } })
  expect(report.assumptions.join()).not.toContain('unwrapped')
})

test('sees the function of the user given a tool of a framework that did not run', async () => {
  const wrap = 'wrapTools({ search: { execute: search } }).search.execute'
  const changed = await verify(court.agent(source({ wrap, tries: 1, failure: 'status ' })), '')
  expect(changed.verdict).toBe('inconclusive')
  expect(changed.reasons[0]).toMatchObject({ code: 'unrecorded_source', data: { name: 'code:search' } })
  // How it is wrapped is no change.
  const same = await verify(court.agent(source({ wrap, tries: 1 })), '')
  expect(same.verdict).toBe('fixed')
})
