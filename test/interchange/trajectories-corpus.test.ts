import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { CORPUS, FILES, filesUnder, ofType, readFile, traces } from './corpus-traces.ts'

const onCorpus = test.skipIf(FILES.length === 0)

onCorpus('has a step for every message of the model and every tool call given tau-bench', () => {
  const file = filesUnder('trajectories/tau-bench')[0] as string
  const raw = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as { traj: JsonObject[] }[]
  const all = traces(file)
  for (const [i, { traj }] of raw.entries()) {
    const said = traj.filter(({ role }) => role === 'assistant')
    expect(ofType(all[i], 'llm_generate')).toHaveLength(said.length)
    expect(ofType(all[i], 'tool_call').map(({ name }) => name)).toEqual(
      traj.filter(({ role }) => role === 'tool').map(({ name }) => name),
    )
  }
  expect(Object.groupBy(all, ({ stop_reason }) => stop_reason)).toMatchObject({ transferred: { length: 48 } })
  const repeated = all.filter((trace) => Object.keys(computeSignals(trace).repeated_tool_calls).length > 0)
  expect(repeated).toHaveLength(16)
})

onCorpus('names who called a tool, why a run ended and what it cost given tau2', () => {
  const stops: Record<string, number> = {}
  const callers: Record<string, number> = {}
  let cost = 0
  for (const trace of filesUnder('trajectories/tau2-bench').flatMap(traces)) {
    stops[trace.stop_reason] = (stops[trace.stop_reason] ?? 0) + 1
    for (const { attributes } of ofType(trace, 'tool_call')) {
      const caller = String(attributes['retrial.tool.caller'] ?? 'agent')
      callers[caller] = (callers[caller] ?? 0) + 1
    }
    for (const { attributes } of trace.spans) cost += Number(attributes['retrial.cost_usd'] ?? 0)
    const starts = trace.spans.map(({ started_at_ms }) => started_at_ms)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  }
  expect(stops).toEqual({ user_stop: 194, agent_error: 9, too_many_errors: 2, max_steps: 5 })
  expect(callers).toEqual({ agent: 1798, user: 902 })
  expect(cost).toBeGreaterThan(1)
  const [telecom] = filesUnder('trajectories/tau2-bench/gpt-4.1_telecom')
  const agentOnly = traces(telecom as string).filter(({ events, ...rest }) => {
    const own = events.filter(({ tool_caller }) => tool_caller === undefined)
    return Object.keys(computeSignals({ ...rest, events: own }).repeated_tool_calls).length > 0
  })
  expect(agentOnly).toHaveLength(0)
})

onCorpus('says how runs ended and leaves the scorer out given SWE-agent, Inspect and multi-agent transcripts', () => {
  const stopsOf = (path: string) => {
    const counts: Record<string, number> = {}
    for (const { stop_reason } of filesUnder(path).flatMap(traces)) counts[stop_reason] = (counts[stop_reason] ?? 0) + 1
    return counts
  }
  expect(stopsOf('trajectories/swe-agent')).toEqual({ submitted: 9, unknown: 1 })
  expect(stopsOf('trajectories/inspect-ai')).toEqual({ stop: 38, unknown: 1 })
  expect(stopsOf('trajectories/agentrx-magentic-one')).toMatchObject({
    max_rounds: expect.any(Number),
    unknown: expect.any(Number),
  })
  for (const trace of filesUnder('trajectories/inspect-ai/analysis/test_logs/2025-05-12T20-28-26').flatMap(traces)) {
    expect(ofType(trace, 'llm_generate')).toHaveLength(1)
  }
  const [errors] = traces('trajectories/inspect-ai/log/test_eval_log/log_tool_call_error.json')
  expect(errors?.spans.map(({ error_class }) => error_class)).toEqual([
    ...['bad_request', 'timeout', 'bad_request', 'tool_error', 'auth', 'not_found'],
    ...['tool_error', 'tool_error', 'tool_error', 'tool_error', 'tool_error'],
  ])
  // A label is kept beside the run, and points at a step of it.
  for (const file of filesUnder('trajectories/who-and-when')) {
    const [run] = readFile(file).runs
    expect(run?.notes.some(({ code }) => code === 'label')).toBe(true)
  }
})
