import type { JsonValue } from '../core/json.ts'
import type { EvidenceCount, EvidenceGrade } from './evidence.ts'
import type { Signals } from './signal.ts'
import type { World } from './world.ts'

/** What a trial can end in. `docs/verdicts.md` has the table. */
export const VERDICTS = [
  'fixed',
  'masked',
  'refuted',
  'not_fixed',
  'bypassed',
  'not_reproduced',
  'regressed',
  'inconclusive',
  'error',
] as const
export type Verdict = (typeof VERDICTS)[number]

export type BaselineVerdict = 'reproduced' | 'not_reproduced' | 'inconclusive' | 'error'

export type GateResult = 'pass' | 'fail' | 'inconclusive'

/** One step of the argument for a verdict: a closed code, the data, and the sentence. */
export interface Reason {
  /** `trigger_met`, `cause_gone`, `symptom_present`, `diverged`, `new_error_class`, … */
  code: string
  message: string
  data?: JsonValue | undefined
}

/** How far the recorded evidence carries a replay. */
export interface EvidenceReport {
  /**
   * Share of the requests on the path from trigger to outcome (of all, where the path is not known) that were answered by a grade
   * that supports a verdict, 0 to 1.
   */
  coverage: number
  grades: EvidenceCount
  /** Worst grade that occurred; null when nothing was asked. */
  worst: EvidenceGrade | null
  /** Recorded interactions that the replay did not ask for. */
  unused: string[]
  /** The answers that the roles of the incident rest on. */
  path?: EvidencePath | undefined
}

/** The answers from trigger to outcome, in order of the calls: which they are, how good, and whether the trigger shows in it. */
export type EvidencePath = { interaction: string; grade: EvidenceGrade; trigger: boolean }[]

/**
 * What a divergence likely is. The first are read off the place of the difference; `reordered`: the same elements in another
 * order. `generated_value`, `clock`, `randomness`: all that differs is what a program made. `exhausted`: it was recorded, and
 * its answers are used up. `new_request`: nothing recorded is of its target. `request_changed`: any other field.
 */
export const DIVERGENCE_KINDS = [
  'prompt_changed',
  'tools_changed',
  'model_changed',
  'tool_result_changed',
  'message_changed',
  'extra_turn',
  'missing_turn',
  'reordered',
  'generated_value',
  'clock',
  'randomness',
  'exhausted',
  'new_request',
  'request_changed',
] as const
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number]

/** What was asked in a replay and not held by the recording, and how it differs from what is held. */
export interface Divergence {
  /** Position among the replay's interactions, from 1. */
  step: number
  /** Id of the interaction in the replay's recording. */
  interaction: string
  /** `POST https://host/path` or `tool name`. */
  request: string
  /** What it was, for people: `llm_generate gpt-4o`. */
  summary: string
  grade: 'stale' | 'none'
  /** The recorded request closest to it; null when the recording holds nothing comparable. */
  nearest: { interaction: string; step: number; used: boolean } | null
  /** The smallest difference: JSON path of the first place that differs and both values there. */
  difference: { path: string; recorded: string | null; asked: string | null; text_diff: string } | null
  kind: DivergenceKind
  /** What a person can do about it, one imperative sentence each. */
  remedies: string[]
  /** True when it was asked after the agent had given its output. */
  late?: true | undefined
}

/** How often an agent recovered when it was run against the real model. */
export interface SampledShare {
  samples: number
  recovered: number
  /** Samples that ended in nothing either way. */
  undecided: number
}

/** What live sampling gave, against the unfixed agent's own recovery. */
export interface LiveSampling {
  candidate: SampledShare
  unfixed: SampledShare
  /** Of the two shares, with its 95 % interval. What is undecided counts against the fix on both sides. */
  difference: { difference: number; low: number; high: number }
}

/** One way to settle an inconclusive verdict, or to accept a bypass. */
export interface WayOut {
  /** `accept`, `volatile`, `evidence`, `stub`, `live`, `required_evidence`, `accept_bypass`, `look`. */
  kind: string
  text: string
  /** As it has to be typed in the folder in which the verdict was given. */
  command: string
}

/** An attempt to reach the outside world from within a replay. */
export interface EgressAttempt {
  /** `tcp`, `pipe`, `udp`, `dns`, `child_process`, `worker`, … */
  layer: string
  target: string
  /** First frame of the agent's own code, `file:line:column`; null when none is on the stack. */
  at: string | null
}

/** Something that an agent has set and may still wait for, or that goes on after its run. */
export interface SetTimer {
  /** `setInterval of 500 ms` */
  what: string
  /** Where in the agent's code it was set, `file:line:column`; null when that is not known. */
  at: string | null
  /** True when it keeps no process alive. */
  unref?: true | undefined
}

/** Something that an agent looked at in a replay and that the recording does not hold. */
export interface ChanceSource {
  /** As a scenario accepts it: `file:prompts/system.md`, `env:FEATURE_X`, `random:Math.random`, `os:hostname`, `tool:search`. */
  name: string
  /** Where in the agent's code it was looked at first, `file:line:column`; null when that is not known. */
  at: string | null
  /** Why it cannot decide between the unfixed agent and the fix; null when it may, and so keeps a verdict from being `fixed`. */
  settled: string | null
}

/**
 * What keeps a replay from the outside world: the guard in its process, Node's permission model, a namespace of the
 * system's for its network, or bubblewrap, which holds files and Unix sockets as well.
 */
export const WALLS = ['guard', 'permission', 'namespace', 'bubblewrap'] as const
export type Wall = (typeof WALLS)[number]

/** A role of the incident in one run: whether it was there, and the figure or value that says so. */
export interface RoleFinding {
  present: boolean
  /** `search_docs time-out ×2`, `repeated_tool_calls.search_docs = 3`. */
  observed: string
  /** The bare figure or value, for a before → after line. */
  value: string
}

export interface IncidentFindings {
  trigger: RoleFinding
  cause: RoleFinding
  symptom: RoleFinding
}

/** `passed` and `failed` on good evidence only; whatever is neither is `inconclusive`. */
export type WorldOutcome = 'passed' | 'failed' | 'inconclusive'

/** A fix in one other world. */
export interface WorldReport {
  /** `order c3,c2`, `latency ×2`, `fault reset at c4`. */
  name: string
  world: World
  outcome: WorldOutcome
  /** Why it failed or proves nothing. */
  reasons: Reason[]
}

/** The smallest world that was found in which a fix fails, and how to see it. */
export interface Counterexample extends WorldReport {
  /** The file that holds the world. */
  file: string
  /** The derived recording; null when the answers are those of the original. */
  recording: string | null
  /** What to type to replay exactly it. */
  command: string
}

/** How a fix did in other worlds than the recorded one. */
export interface WorldsReport {
  /** Distinct worlds. */
  tried: number
  passed: number
  failed: number
  /** Worlds that prove nothing: no trials. */
  inconclusive: number
  /** Upper bound of the share of worlds that fail, one-sided Clopper–Pearson over those decided; null without any. */
  upper_bound: number | null
  /** Probability that it holds. */
  confidence: number
  /** Distinct worlds that were asked for and not tried, because there are too many. */
  left_out: number
  /** In how many other orders the answers could come; 10000 stands for that many and more. */
  orders: number
  /** What was asked for and is no other world. */
  skipped: { name: string; reason: string }[]
  list: WorldReport[]
  counterexample: Counterexample | null
}

export interface BaselineReport {
  verdict: BaselineVerdict
  agent: string
  evidence: EvidenceReport
  findings: IncidentFindings | null
  signals: Signals | null
  reasons: Reason[]
  /** Where the replay's own recording was written. */
  recording: string | null
  /** What kept its replay from the outside world; empty when none ran. */
  isolation: Wall[]
}

export interface CandidateReport {
  id: string
  agent: string
  verdict: Verdict
  expect: Verdict
  gate: GateResult
  evidence: EvidenceReport
  assumptions: string[]
  findings: IncidentFindings | null
  signals: Signals | null
  divergences: Divergence[]
  egress: EgressAttempt[]
  reasons: Reason[]
  /** Only with live sampling. */
  sampling?: LiveSampling | undefined
  /** How an inconclusive verdict can be settled, the cheapest way first; none for any other. */
  ways_out?: WayOut[] | undefined
  recording: string | null
  /** What it looked at that the recording does not hold. */
  sources: ChanceSource[]
  /** What kept its replay from the outside world; empty when none ran. */
  isolation: Wall[]
  /** Missing when it was tried in the recorded world only. */
  worlds?: WorldsReport | undefined
  /** Real time the candidate's replays took, ms. */
  duration_ms?: number | undefined
}

export interface ScenarioReport {
  id: string
  title: string
  file: string
  /** What chance followed from where the recording does not say what was drawn. */
  seed: string
  /** True when the seed was given: then nothing that was drawn is from the recording. */
  seeded: boolean
  baseline: BaselineReport
  candidates: CandidateReport[]
  /** Real time the trials took, ms. */
  duration_ms: number
}
