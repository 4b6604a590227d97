import type { FunctionAsk } from '../boundary/tape.ts'
import type { WorldClock } from '../boundary/world/world-clock.ts'
import type { JsonValue } from '../core/json.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import type { RecordingWriter } from '../recording/create-recording-writer.ts'
import type { DrawLog } from '../recording/draw-log.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'
import type { RunKnowledge } from './generated-values.ts'
import type { Supplements } from './supplements.ts'

/** What a replay's tape needs to know. */
export interface ReplayTapeOptions {
  /** What questions are compared with. */
  recording: Recording
  /**
   * The same recording with the times at which answers are given.
   * @default recording
   */
  given?: Recording | undefined
  /**
   * What the agent is called with: all that it knows of the world before it asks.
   * @default the recorded input
   */
  input?: JsonValue[]
  clock: WorldClock
  /** Writes the replay's own recording. */
  writer: RecordingWriter
  /** What the run drew at random: written down with the calls. */
  draws?: DrawLog | undefined
  /** Replaces the secrets of a request as the recorder did, so that both are compared alike. */
  redactor: Redactor | null
  volatile: readonly string[]
  /** Headers that are part of the question beside those that always are. @default none */
  counted?: readonly string[] | undefined
  on_divergence: 'fail' | 'stale'
  /** Names of the wrapped tools whose code runs. @default none */
  inside?: readonly string[] | undefined
  /** Told of each wrapped function that the tape stands in for: its code does not run. */
  onStandIn?(ask: FunctionAsk): void
  /** Told of each wrapped function whose own calls are made outside of it. */
  onUnwrapped?(kind: 'tool' | 'model', name: string): void
  /** Where answers are looked for that the recording does not hold. */
  supplements?: Supplements | undefined
  /** Whether it takes down where in the agent's code each call is made. @default false */
  traced?: boolean | undefined
  /** Told of each divergence; one of grade `none` ends the run. */
  onDivergence(divergence: Divergence): void
  /** How much later than the recorded clock this one began. @default 0 */
  shift_ms?: number | undefined
  /** What is known of the recorded run and of this one, to tell the kind of a divergence. */
  known: RunKnowledge
}
