import type { SourceSight } from '../boundary/sources.ts'
import type { JsonValue } from '../core/json.ts'
import type { Stub } from '../model/evidence.ts'
import type { ErrorShape } from '../model/run.ts'
import type { Divergence, EgressAttempt, SetTimer } from '../model/verdict.ts'
import type { ReplayOrder } from './order/resolve-order.ts'

/**
 * What the parent asks of a replay process, once. The process prepares it: it builds the world and loads the agent. The run
 * begins when something comes over the line for that, `GO_FD`.
 */
export interface ReplayJob {
  recording: string
  /** How the recording may be read: `prefix` for one that is not sealed. */
  mode: 'strict' | 'prefix'
  agent: { module: string; export: string }
  /** How the agent is named in the replay's recording. */
  agent_ref: string
  input: JsonValue
  params?: JsonValue | undefined
  /** The whole environment of the agent. */
  env: Record<string, string>
  cwd: string
  volatile: string[]
  /**
   * Names of headers, in lower case, that are part of the question beside those that always are.
   * @default none
   */
  counted?: readonly string[] | undefined
  on_divergence: 'fail' | 'stale'
  /**
   * Names of the wrapped tools whose code runs, and whose own calls are answered.
   * @default none
   */
  inside?: readonly string[] | undefined
  /** Further recordings whose answers may be used: how good, how named, where. */
  supplements?: { grade: 'pooled' | 'live'; label: string; recording: string }[] | undefined
  /** Answers that are assumed. */
  stubs?: Stub[] | undefined
  /** Where the replay's own recording is to be found afterwards. */
  out: string
  /** What keeps the agent from the outside world. */
  isolation?: ReplayIsolation | undefined
  /**
   * Names the scratch folder, whose path the agent may see: names, with `/` between them.
   * @default replay
   */
  label?: string | undefined
  max_virtual_ms: number
  /**
   * Whose time passes.
   * @default virtual
   */
  clock?: 'virtual' | 'real' | undefined
  /**
   * What all chance follows from.
   * @default what the recorded run drew, then the id of the run
   */
  seed?: string | undefined
  /**
   * In which order the answers of calls come that are in flight together.
   * @default recorded
   */
  order?: ReplayOrder | undefined
  /**
   * Every answer takes so many times as long as it was recorded.
   * @default 1
   */
  latency?: number | undefined
  /**
   * When the run begins, ms since the epoch.
   * @default when the recorded one did
   */
  started_at?: number | undefined
  /**
   * Whether it is taken down where in the agent's code each call is made, which a replay that comes to no end tells. It takes a
   * stack a call.
   * @default false; true on the machine's clock
   */
  traced?: boolean | undefined
}

/** The walls around a replay, beside the guard in its process, which is always there. */
export interface ReplayIsolation {
  /**
   * Whether Node's permission model is on.
   * @default true
   */
  permission?: boolean | undefined
  /**
   * Whether native addons may be loaded. What one does is held by a sandbox only.
   * @default false
   */
  addons?: boolean | undefined
  /**
   * Whether a sandbox of the operating system is used. `require` is as `auto`: whether there is one is checked before.
   * @default off
   */
  sandbox?: 'auto' | 'require' | 'off' | undefined
  /**
   * Folder that the agent may write to, and that is kept.
   * @default an empty one that is removed
   */
  scratch?: string | undefined
}

/** A job as its process gets it. */
export interface FurnishedJob extends ReplayJob {
  /** Where it writes its recording; `out` is where that will be once the replay is over. */
  written: string
  /** Where the agent may write. */
  scratch: string
}

/** How a replay ended, as far as its process knows. */
export type ReplayEnd =
  /** The agent returned, or threw. */
  | { outcome: 'finished'; agent_error: ErrorShape | null }
  /** The agent asked what the recording cannot answer. */
  | { outcome: 'diverged' }
  /** Nothing can run, nothing is in flight, no timer is set, and the run is not over. `last` is the call that ended last. */
  | { outcome: 'deadlock'; waiting: string[]; last?: string | undefined }
  /** The budget of virtual time is used up. */
  | { outcome: 'timeout'; failure: string }
  /** The agent brought its process down. */
  | { outcome: 'crashed'; failure: string; agent_error: ErrorShape }
  /** The agent cannot be loaded. */
  | { outcome: 'not_loaded'; failure: string; code: string; hint: string | undefined }
  | { outcome: 'harness_error'; failure: string; code?: string | undefined; hint?: string | undefined }

/** What a replay process knows of its replay once that is over. */
export interface ReplayDone {
  end: ReplayEnd
  /** Virtual time of the run, to the agent's output, ms. */
  virtual_ms: number
  /** Whether anything was drawn at random. */
  draws: boolean
  /** What goes on in the process when it is no longer watched. */
  left: SetTimer[]
}

/** What a replay process tells its parent, as it happens. */
export type ReplayMessage =
  /** With what the process sees of its walls: whether the permission model holds, and the name of its network. */
  | { type: 'ready'; pid: number; permission: boolean; network: string | null }
  /**
   * The agent is loaded, or its loading waits for time to pass. `at_rest`: nothing can happen in the process until the run
   * begins, however long that takes.
   */
  | { type: 'prepared'; at_rest: boolean }
  /** The run begins. */
  | { type: 'begun' }
  | { type: 'egress'; attempt: EgressAttempt }
  | { type: 'divergence'; divergence: Divergence }
  | ({ type: 'done' } & ReplayDone)
  /** The agent looked at something that no recording holds. */
  | { type: 'source'; sight: SourceSight }

/** The descriptor on which a process waits for its run to begin: a line that no code of the agent hears. */
export const GO_FD = 4
