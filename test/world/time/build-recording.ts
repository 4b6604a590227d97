import type { HttpInteraction, Interaction } from '../../../src/model/interaction.ts'
import type { Recording } from '../../../src/model/recording.ts'

/** One recorded answer: what was asked for, when, and when each part of the answer came. Times in ms. */
export interface PlannedCall {
  path: string
  started: number
  status?: number
  headers?: Record<string, string>
  /** When the head came after the call; null for an answer that never came. */
  head: number | null
  /** Pieces of the body, and when they came after the call. */
  pieces?: [offset: number, text: string][]
  /** When the client gave up. */
  aborted?: number
}

/** A sealed recording of GET requests to `http://world.test`, started at a whole second. */
export function recordingOf(calls: readonly PlannedCall[]): Recording {
  return {
    format: 'retrial/1',
    run: { run_id: 'run_of_time', trace_id: 'trace_of_time', started_at: 1_700_000_000_000 },
    input: null,
    runtime: { node: process.version, platform: process.platform },
    redaction: null,
    interactions: calls.map(toInteraction),
    notes: [],
    finish: { at_ms: 3_600_000, stop_reason: 'completed', output: null, error: null },
    integrity: 'sealed',
  }
}

function toInteraction(call: PlannedCall, index: number): Interaction {
  const { path, started, status = 200, headers = {}, head, pieces = [], aborted } = call
  const last = pieces.at(-1)?.[0] ?? head ?? 0
  const end: HttpInteraction['end'] =
    aborted === undefined ? { kind: 'complete', offset_ms: last } : { kind: 'aborted', offset_ms: aborted }
  return {
    id: `c${index + 1}`,
    kind: 'http',
    door: 'fetch',
    started_ms: started,
    request: { method: 'GET', url: `http://world.test${path}`, headers: [], body: null },
    answer:
      head === null
        ? null
        : {
            status,
            status_text: '',
            headers: Object.entries({ 'content-type': 'text/plain', ...headers }),
            headers_ms: head,
            chunks: pieces.map(([offset, text]) => [offset, { text }]),
          },
    end,
  }
}
