import type {
  BaselineReport,
  CandidateReport,
  Divergence,
  IncidentFindings,
  ScenarioReport,
} from '../../src/model/verdict.ts'
import { makeEvidence, makeSignals, makeSpan } from '../verify/runs.ts'

export function makeFindings(count: number, stop: string, triggers = 2): IncidentFindings {
  return {
    trigger: { present: triggers > 0, observed: `lookup timeout ×${triggers}`, value: String(triggers) },
    cause: { present: count > 1, observed: `repeated_tool_calls.lookup = ${count}`, value: String(count) },
    symptom: { present: stop === 'tool_error', observed: `stop_reason = ${stop}`, value: stop },
  }
}

export function makeBaseline(overrides: Partial<BaselineReport> = {}): BaselineReport {
  return {
    verdict: 'reproduced',
    agent: './agent.ts#run at v1.4.2',
    evidence: makeEvidence('exact', 7),
    findings: makeFindings(3, 'tool_error'),
    signals: makeSignals({
      stop_reason: 'tool_error',
      slowest_span: makeSpan({ latency_ms: 1800 }),
      llm_calls: 6,
      steps: 9,
      run_latency_ms: 36_200,
    }),
    reasons: [],
    recording: null,
    isolation: ['guard', 'permission'],
    ...overrides,
  }
}

export function makeCandidate(overrides: Partial<CandidateReport> = {}): CandidateReport {
  return {
    id: 'fall-back',
    agent: './fixes/fall-back.ts#run',
    verdict: 'fixed',
    expect: 'fixed',
    gate: 'pass',
    evidence: makeEvidence('exact', 7),
    assumptions: [],
    findings: makeFindings(0, 'completed'),
    signals: makeSignals({
      slowest_span: makeSpan({ latency_ms: 600 }),
      llm_calls: 4,
      steps: 6,
      input_tokens: 63,
      run_latency_ms: 8300,
    }),
    divergences: [],
    egress: [],
    sources: [],
    isolation: ['guard', 'permission'],
    reasons: [
      { code: 'trigger_met', message: 'lookup timeout ×2' },
      { code: 'cause_gone', message: 'repeated_tool_calls.lookup = 0' },
      { code: 'symptom_gone', message: 'stop_reason = completed' },
    ],
    recording: '.retrial/replays/fall-back.jsonl',
    duration_ms: 8,
    ...overrides,
  }
}

export function makeMasked(overrides: Partial<CandidateReport> = {}): CandidateReport {
  return makeCandidate({
    id: 'swallow',
    verdict: 'masked',
    gate: 'fail',
    findings: makeFindings(3, 'completed'),
    signals: null,
    reasons: [
      { code: 'cause_present', message: 'repeated_tool_calls.lookup = 3' },
      { code: 'trigger_met', message: 'lookup timeout ×2' },
      { code: 'symptom_gone', message: 'stop_reason = completed' },
    ],
    recording: '.retrial/replays/swallow.jsonl',
    ...overrides,
  })
}

export function makeDivergence(overrides: Partial<Divergence> = {}): Divergence {
  return {
    step: 4,
    interaction: 'c4',
    request: 'POST https://model.example/v1/chat/completions',
    summary: 'llm_generate small-model',
    grade: 'stale',
    nearest: { interaction: 'c4', step: 4, used: false },
    difference: {
      path: '$.messages[0].content',
      recorded: 'Search until you find it.',
      asked: 'Search twice at most.',
      text_diff: '- Search until you find it.\n+ Search twice at most.',
    },
    kind: 'prompt_changed',
    remedies: ['run live and pin the answers', 'name a recording with this prompt as evidence'],
    ...overrides,
  }
}

export function makeInconclusive(overrides: Partial<CandidateReport> = {}): CandidateReport {
  return makeCandidate({
    id: 'terser-prompt',
    verdict: 'inconclusive',
    gate: 'inconclusive',
    evidence: { coverage: 0.75, grades: { exact: 3, stale: 1 }, worst: 'stale', unused: ['c5', 'c6'] },
    findings: makeFindings(0, 'completed', 0),
    reasons: [
      { code: 'diverged', message: '1 request diverged from the recording, first at step 4' },
      { code: 'proof_reaches', message: 'good evidence up to step 3; still open: trigger, cause, symptom' },
    ],
    divergences: [makeDivergence()],
    egress: [{ layer: 'tcp', target: 'api.example:443', at: 'agent.ts:12:3' }],
    assumptions: ['volatile $.metadata.request_time ignored'],
    recording: '.retrial/replays/terser-prompt.jsonl',
    ...overrides,
  })
}

export function makeScenario(candidates: CandidateReport[], overrides: Partial<ScenarioReport> = {}): ScenarioReport {
  return {
    id: 'lookup-retry-storm',
    title: 'lookup degrades and the agent retries until its budget is gone',
    file: 'scenarios/lookup-retry-storm.yaml',
    seed: 'run_1',
    seeded: false,
    baseline: makeBaseline(),
    candidates,
    duration_ms: 412,
    ...overrides,
  }
}
