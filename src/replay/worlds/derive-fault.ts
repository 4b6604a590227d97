import type { HttpInteraction, Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import type { ErrorShape } from '../../model/run.ts'
import type { FaultVariant, World } from '../../model/world.ts'
import { FAULTS, type FaultName } from '../faults/inject-fault.ts'

/** The faults that a variant stands for: the first that can happen to an answer is taken. */
const VARIANTS: Record<FaultVariant, readonly FaultName[]> = {
  timeout: ['timeout_head'],
  reset: ['reset_before_head'],
  '429': ['status_429'],
  '429-retry-after': ['status_429_retry_after'],
  '500': ['status_500'],
  slow: ['slow_drip'],
  truncated: ['truncated_sse', 'truncated_json', 'cut_in_body'],
}

/** What a wrapped function throws where its own network fails; how it would tell of a status is its own affair. */
const THROWN: Partial<Record<FaultVariant, { error: ErrorShape; offset_ms: number }>> = {
  timeout: {
    error: { name: 'Error', message: 'read ETIMEDOUT', code: 'ETIMEDOUT', errno: -110, syscall: 'read' },
    offset_ms: 300_000,
  },
  reset: {
    error: { name: 'Error', message: 'read ECONNRESET', code: 'ECONNRESET', errno: -104, syscall: 'read' },
    offset_ms: 5,
  },
}

/**
 * Derives the recording in which the answers to some calls are another failure. No answer is added or taken away: what
 * follows in the recording holds as far as the agent asks the same. The recording says what was made up, in notes
 * `fault_injected`. Nothing is changed in place.
 *
 * @returns Null when one of the calls is not there, or the fault cannot happen to it.
 */
export function deriveFault(recording: Recording, { kind, at }: NonNullable<World['fault']>): Recording | null {
  const failing = new Map<string, Interaction>()
  for (const id of at) {
    const call = recording.interactions.find((one) => one.id === id)
    const failed = call === undefined ? null : fail(call, kind)
    if (failed === null) return null
    failing.set(id, failed)
  }
  const { digest: _, ...rest } = recording
  return {
    ...rest,
    interactions: recording.interactions.map((one) => failing.get(one.id) ?? one),
    notes: [
      ...recording.notes,
      ...[...failing.values()].map(({ id, started_ms }) => ({
        at_ms: started_ms,
        code: 'fault_injected',
        message: `${kind} was put in the place of the answer to ${id}`,
        data: { interaction: id, fault: kind },
      })),
    ],
  }
}

function fail(call: Interaction, kind: FaultVariant): Interaction | null {
  if (call.kind === 'http') return failRequest(call, kind)
  const thrown = THROWN[kind]
  if (thrown === undefined || call.sync === true) return null
  const { value: _, ...rest } = call
  return { ...rest, end: { kind: 'failed', ...thrown } }
}

/** What can happen to the answer of a server without HTTP: there is no status, and no connection of its own that could break. */
const WITHOUT_HTTP: readonly FaultVariant[] = ['timeout', 'slow']

function failRequest(call: HttpInteraction, kind: FaultVariant): HttpInteraction | null {
  if ((call.door === 'stdio' || call.door === 'transport') && !WITHOUT_HTTP.includes(kind)) return null
  for (const name of VARIANTS[kind]) {
    const failed = FAULTS[name](call)
    if (failed !== null) return failed
  }
  return null
}
