import { isRetrialError } from '../../src/core/errors.ts'
import { parseScenario } from '../../src/scenario/load-scenario.ts'
import { ScenarioError, type ScenarioIssue } from '../../src/scenario/scenario-error.ts'

/** A scenario without mistakes, one field a line, so that a test can spoil one place of it. */
export const VALID = `id: search-storm
title: search_docs hangs and the agent asks again
severity: blocker
owner: support
recording: ../recordings/run_1.jsonl
agent: ../agent.ts#run
baseline: { git: v1.4.2 }
incident:
  trigger: { span: tool_call:search_docs, error_class: timeout, at_least: 2 }
  cause: { signal: repeated_tool_calls, tool: search_docs, at_least: 2 }
  symptom: { signal: stop_reason, is: tool_error }
replay:
  volatile: [$.metadata.request_time, query.nonce]
  on_divergence: fail
  env: { MODE: test }
  max_real_ms: 5000
  max_virtual_ms: 60000
candidates:
  - id: back-off
    agent: ../fixes/back-off.ts#run
    params: { tries: 2 }
    env: { MODE: careful }
    expect: fixed
    on_divergence: stale
  - id: swallow
    git: main
    expect: masked
verify:
  required_evidence: exact
  accept_bypass: true
  tolerance: { latency_ratio: 2, latency_ms: 0, tokens_ratio: 3, steps: 4 }
  expect: { stop_reason: completed, output: { matches: refund }, max_steps: 6, tools: [search_docs] }
`

/** `VALID` with one place replaced. */
export function spoil(from: string, to: string): string {
  if (VALID.split(from).length !== 2) throw new Error(`\`${from}\` does not stand exactly once in the text`)
  return VALID.replace(from, () => to)
}

/** The mistakes of a text; empty when it loads. */
export function issuesOf(content: string | Uint8Array): readonly ScenarioIssue[] {
  try {
    parseScenario(content, 'scenarios/x.yaml')
    return []
  } catch (error) {
    if (error instanceof ScenarioError && isRetrialError(error) && error.code === 'ERR_SCENARIO_INVALID') {
      return error.issues
    }
    throw error
  }
}

/** The mistakes of a text as `CODE line:column`. */
export function placesOf(content: string | Uint8Array): string[] {
  return issuesOf(content).map((issue) => `${issue.code} ${issue.line}:${issue.column}`)
}
