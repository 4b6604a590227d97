import type { JsonValue } from '../../core/json.ts'
import type { ErrorShape, RunContext, RunFinish } from '../../model/run.ts'
import type { ImportedSpan, LogEvent } from '../../model/trace.ts'
import type { Message } from './message.ts'

/** One span of another tool's trace, as far as it means something for an agent. */
export interface Step {
  id: string
  parent: string | null
  /** `agent`: what stands around steps. `embedding`: a request, no turn of a conversation. `other`: nothing that an agent does. */
  kind: 'llm' | 'embedding' | 'tool' | 'thought' | 'agent' | 'http' | 'other'
  /** The model, the tool, the agent. */
  name: string
  /** Milliseconds since the epoch; null when not known. */
  started_ms: number | null
  ended_ms: number | null
  /** Null without an error. */
  error: { type: string | null; message: string | null } | null
  /** With keys of `src/model/gen-ai.ts`. */
  attributes: Record<string, JsonValue | undefined>
  input?: Message[] | undefined
  output?: Message[] | undefined
  /** What an agent was called with and what it gave back. */
  called_with?: JsonValue | undefined
  returned?: JsonValue | undefined
  /** Release and workflow, where the span names them. */
  release?: string | undefined
  workflow?: string | undefined
}

/** A run of another tool: its steps in order, and what is known of it as a whole. */
export interface ForeignRun {
  /** The id that the source has for it; a trace id, a task. */
  source_id: string
  steps: Step[]
  release?: string | undefined
  workflow?: string | undefined
  agent?: string | undefined
  input?: JsonValue | undefined
  output?: JsonValue | undefined
  /** How the run ended, in the source's word; left out where only the last model call tells. */
  stop_reason?: string | undefined
  /** The error that ended the run, where it is no step's. */
  error?: ErrorShape | undefined
  /** When the run began and ended, milliseconds since the epoch, where the source tells more than its steps. */
  started_ms?: number | undefined
  ended_ms?: number | undefined
  /** False when the source says that the run did not end. */
  finished?: boolean | undefined
  /** What is no step and no error but worth knowing: a label, a reward. */
  remarks?: { code: string; message: string; data?: JsonValue }[] | undefined
  /** What the source does not tell of this run. */
  unknown?: string[] | undefined
}

/** What of a run came from where. */
export interface TraceSource {
  /** `otlp`, `langfuse`, … */
  format: string
  /** SHA-256 of the file's text: the ids of its runs are made of it. */
  digest: string
  /** Spans left out of the run, and how many of them ended in an error. */
  left_out?: number | undefined
  left_out_errors?: number | undefined
  recovered?: number | undefined
  /** Log events that came with the trace; read off the spans without them. */
  events?: LogEvent[] | undefined
  /** How many runs the file holds. */
  runs: number
}

/** A run that was exported by us, as it was. */
export interface OwnRun {
  run: RunContext
  spans: ImportedSpan[]
  events: LogEvent[]
  input: JsonValue
  finish: RunFinish | null
}
