import type { JsonValue } from '../core/json.ts'
import type { Interaction } from './interaction.ts'
import type { RunContext, RunFinish, Runtime } from './run.ts'

/**
 * How much of a recording can be trusted. `sealed`: complete, the whole chain checked. `unsealed`: no seal, every line good.
 * `torn`: the last line is incomplete. Only `sealed` may support a verdict `fixed`.
 */
export type Integrity = 'sealed' | 'unsealed' | 'torn'

/** Something the recorder or replayer noticed that is no interaction. */
export interface Note {
  /** Offset from the start of the run, ms. */
  at_ms: number
  /** `blocked_egress`, `dropped`, `lossy`, `trace_only`, `divergence`, … */
  code: string
  message: string
  data?: JsonValue | undefined
}

/** What the agent drew at random, each kind in the order of drawing: a replay draws the same. */
export interface Chance {
  /** Whether the draws of the whole process are in here, from the loading of the agent on, or only those of the run. */
  scope: 'process' | 'run'
  /** Values of `Math.random`. */
  random: number[]
  /** Values of `crypto.randomUUID`. */
  uuids: string[]
}

/** One run, live, replayed or imported: what everything else is a function of. */
export interface Recording {
  format: 'retrial/1'
  run: RunContext
  /** What the agent was called with. */
  input: JsonValue
  /** `path/to/module.ts#export`, relative to the recording, when the run was one of a module export. */
  agent_ref?: string | undefined
  runtime: Runtime
  /** In a replay's recording: the recording that was replayed, whose content this one refers to. The path is relative to the file. */
  base?: { path: string; digest: string } | undefined
  /** The rule set that replaced secrets, and the salt of its tokens. */
  redaction: { rules: string; salt: string } | null
  interactions: Interaction[]
  notes: Note[]
  /** Missing when nothing was drawn, or it was not recorded. */
  chance?: Chance | undefined
  /** Null when the process died before the run finished. */
  finish: RunFinish | null
  integrity: Integrity
  /** SHA-256 of the file's bytes, when it was read from a file. */
  digest?: string | undefined
}
