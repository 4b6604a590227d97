import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Stub } from '../model/evidence.ts'
import type { Expectations, Incident } from '../model/incident.ts'
import type { Verdict } from '../model/verdict.ts'
import type { Tolerance } from '../verify/find-regressions.ts'
import type { Perturbation } from './perturbation.ts'

export const SEVERITIES = ['blocker', 'major', 'minor'] as const
export type Severity = (typeof SEVERITIES)[number]

/**
 * What a replay does when the agent asks something that the recording does not hold. All of them look into `evidence`, `stubs`
 * and the live answers that are pinned first; `stub` and `live` say what is meant to hold it, and stop there as `fail` does.
 */
export const ON_DIVERGENCE = ['fail', 'stub', 'live', 'stale'] as const
export type OnDivergence = (typeof ON_DIVERGENCE)[number]

/** Whose time passes in a replay: its own, or the machine's. */
export const CLOCKS = ['virtual', 'real'] as const
export type ClockMode = (typeof CLOCKS)[number]

/** Where a recording answers a wrapped tool: in its place, or its own calls within it. */
export const TOOL_CUTS = ['at', 'inside'] as const
export type ToolCut = (typeof TOOL_CUTS)[number]

/** Whether Node's permission model is on in replays. */
export const PERMISSION_MODES = ['on', 'off'] as const
export type PermissionMode = (typeof PERMISSION_MODES)[number]

/** Whether a sandbox of the operating system stands around replays. */
export const SANDBOX_MODES = ['auto', 'require', 'off'] as const
export type SandboxMode = (typeof SANDBOX_MODES)[number]

/** The evidence grades that a scenario can require. */
export const REQUIRED_EVIDENCE = ['exact', 'renamed', 'ignored', 'pooled', 'stub', 'live'] as const
export type RequiredEvidence = (typeof REQUIRED_EVIDENCE)[number]

/** Budget of memory of a replay where the scenario names none, MB. */
export const DEFAULT_MAX_MEMORY_MB = 1024

/** A path from the root of the file: keys and list positions from 0. */
export type ScenarioPath = readonly (string | number)[]

/** A place in the file; both count from 1. */
export interface Position {
  line: number
  column: number
}

/** An agent that is an export of a module, in the working tree or at a git revision. */
export interface ModuleAgent {
  kind: 'module'
  /** As the file names it: `../agent.ts#run`, with ` at <ref>` for a revision. For people. */
  label: string
  /** Absolute path. */
  module: string
  export: string
  /** Null for the working tree. */
  git: string | null
  /** Second argument of the agent; undefined when the scenario gives none. */
  params: JsonObject | undefined
  /** Environment of its replays: `replay.env`, overridden by the agent's own `env`. */
  env: Record<string, string>
}

/** The agent that the recording names in its `agent_ref`. */
export interface RecordedAgent {
  kind: 'recorded'
  label: 'recorded'
  params: undefined
  env: Record<string, string>
}

export type AgentSource = ModuleAgent | RecordedAgent

/** One fix on trial. */
export interface ScenarioCandidate {
  id: string
  title: string
  agent: ModuleAgent
  /** The verdict that the gate wants. */
  expect: Verdict
  on_divergence: OnDivergence
}

/** A scenario file, checked, with every default filled in and every path absolute. */
export interface Scenario {
  id: string
  title: string
  severity?: Severity | undefined
  owner?: string | undefined
  /** Absolute path of the scenario file. */
  file: string
  /** Absolute path of its folder. */
  dir: string
  /** Absolute path of the recording; whether it exists is not checked. */
  recording: string
  /** Absolute paths of further recordings whose answers may be used. */
  evidence: string[]
  /** Answers that are supplied as assumptions. */
  stubs: Stub[]
  /** Absolute path of the recording of live answers, which need not exist. */
  overlay: string
  /** The code under test today; null when the file names none. */
  agent: ModuleAgent | null
  baseline: AgentSource
  /** What the agent is called with instead of the recording's input; undefined when the file gives none. */
  input: JsonValue | undefined
  incident: Incident
  replay: {
    /** Checked, as written; `parseVolatilePath` takes them apart. */
    volatile: string[]
    on_divergence: OnDivergence
    /** What the recording does not hold and may decide all the same, by name: `file:…`, `env:…`, `random:…`, `os:…`, `tool:…`. */
    accept: string[]
    env: Record<string, string>
    /** What chance follows from, instead of what the recorded run drew. */
    seed?: string | undefined
    clock: ClockMode
    /** Where the recording answers wrapped tools, by name; the others are answered in their place. */
    tools: Record<string, ToolCut>
    /** In which order the answers of concurrent calls come, by a seed or the ids of calls; undefined for the recorded one. */
    order?: { seed: string } | string[] | undefined
    permission: PermissionMode
    /** Whether the agent may load native addons. */
    addons: boolean
    sandbox: SandboxMode
    /** Absolute path of a folder that the agent may write to and that is kept; undefined for one of each replay's own. */
    scratch?: string | undefined
    /** Real-time budget of one replay, ms. */
    max_real_ms: number
    /** Virtual-time budget of one replay, ms. */
    max_virtual_ms: number
    /** Budget of memory for the JavaScript objects of one replay, MB. */
    max_memory_mb: number
  }
  /** At least one. */
  candidates: ScenarioCandidate[]
  verify: {
    /** Worst grade that still supports `fixed`. */
    required_evidence: RequiredEvidence
    /** True when a candidate that never meets the trigger may count as fixed. */
    accept_bypass: boolean
    tolerance: Tolerance
    expect: Expectations
    /** Other worlds in which a fix is tried; undefined for none. */
    perturb?: Perturbation | undefined
  }
  /** Where a value stands in the file; for a path that the file does not hold, where its nearest parent stands. */
  positions: (path: ScenarioPath) => Position
}
