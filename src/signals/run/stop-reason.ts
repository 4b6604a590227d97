import type { RunTrace } from '../../model/trace.ts'

/**
 * Why the run ended, in the agent's own word. Precise but rare as a sign of failure: most failed runs end normally.
 *
 * Source: the end of the run (`run_finished`). OTel: `gen_ai.response.finish_reasons` of the last model call, when the agent says nothing.
 */
export function stopReason(trace: RunTrace): string {
  return trace.stop_reason
}
