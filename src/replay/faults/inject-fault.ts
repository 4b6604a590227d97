import type { HttpInteraction, Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { errorInStream, malformedJson, malformedSse, slowDrip, truncatedJson, truncatedSse } from './body-faults.ts'
import {
  cutInBody,
  dnsFailure,
  type Fault,
  refused,
  resetAfterHead,
  resetBeforeHead,
  resetInBody,
  timeoutBody,
  timeoutConnect,
  timeoutHead,
  tlsFailure,
} from './connection-faults.ts'
import { refuseBy } from './status-faults.ts'

/** What can go wrong with an answer, each as a function of the interaction that went well. */
export const FAULTS = {
  refused,
  dns_failure: dnsFailure,
  tls_failure: tlsFailure,
  timeout_connect: timeoutConnect,
  reset_before_head: resetBeforeHead,
  reset_in_head: resetBeforeHead,
  reset_after_head: resetAfterHead,
  reset_in_body: resetInBody,
  cut_in_body: cutInBody,
  timeout_head: timeoutHead,
  timeout_body: timeoutBody,
  status_429: refuseBy(429),
  status_429_retry_after: refuseBy(429, [['retry-after', '20']]),
  status_500: refuseBy(500),
  status_502: refuseBy(502),
  status_503: refuseBy(503),
  status_529: refuseBy(529),
  slow_drip: slowDrip,
  truncated_json: truncatedJson,
  malformed_json: malformedJson,
  truncated_sse: truncatedSse,
  malformed_sse: malformedSse,
  error_in_stream: errorInStream,
} satisfies Record<string, Fault>
export type FaultName = keyof typeof FAULTS

export interface InjectFaultOptions {
  /** Id of the HTTP interaction that goes wrong. */
  interaction: string
  fault: FaultName
  /**
   * How often in a row it goes wrong, before what was recorded comes. A client that tries again meets that many faults;
   * `always` puts the fault in the place of the recorded answer, and of the answers to all equal questions after it.
   * @default 1
   */
  times?: number | 'always' | undefined
}

/**
 * Derives a recording in which one interaction goes wrong, as it would have in the real world. Nothing is changed in place.
 * The recording says what was made up, in a note `fault_injected` with the ids of the answers; it is an assumption, not evidence of what happened.
 *
 * @returns Null when the recording has no such HTTP interaction, or the fault cannot happen to it.
 */
export function injectFault(recording: Recording, options: InjectFaultOptions): Recording | null {
  const { interaction: id, fault, times = 1 } = options
  const at = recording.interactions.findIndex((one) => one.id === id && one.kind === 'http')
  const target = recording.interactions[at] as HttpInteraction | undefined
  const faulty = target && FAULTS[fault](target)
  if (target === undefined || faulty === null || faulty === undefined) return null
  const { digest: _, ...rest } = recording
  const interactions = times === 'always' ? replaceAll(recording, target, fault) : insert(recording, at, faulty, times)
  const known = new Map(recording.interactions.map((one) => [one.id, one]))
  // The recorded answer that comes after the faults is the same, only later.
  const made = interactions.filter((one) => (times === 'always' ? known.get(one.id) !== one : !known.has(one.id)))
  return {
    ...rest,
    interactions,
    notes: [
      ...recording.notes,
      {
        at_ms: target.started_ms,
        code: 'fault_injected',
        message: `${fault} was put before the answer to ${id}`,
        data: { interaction: id, fault, times, made: made.map((one) => one.id) },
      },
    ],
  }
}

function replaceAll({ interactions }: Recording, target: HttpInteraction, fault: FaultName): Interaction[] {
  const from = interactions.indexOf(target)
  return interactions.map((one, i) =>
    i >= from && one.kind === 'http' && isSameQuestion(one, target) ? (FAULTS[fault](one) ?? one) : one,
  )
}

function isSameQuestion({ request: a }: HttpInteraction, { request: b }: HttpInteraction): boolean {
  return a.method === b.method && a.url === b.url && JSON.stringify(a.body) === JSON.stringify(b.body)
}

/** The recorded answer comes as much later as the faults take. */
function insert({ interactions }: Recording, at: number, faulty: HttpInteraction, times: number): Interaction[] {
  const used = new Set(interactions.map(({ id }) => id))
  const took = faulty.end?.offset_ms ?? 0
  const faults = Array.from({ length: times }, (_, n): HttpInteraction => {
    let id = `${faulty.id}f${n + 1}`
    while (used.has(id)) id += 'f'
    used.add(id)
    return { ...faulty, id, started_ms: faulty.started_ms + n * took }
  })
  const original = interactions[at] as Interaction
  const later = { ...original, started_ms: original.started_ms + times * took }
  return [...interactions.slice(0, at), ...faults, later, ...interactions.slice(at + 1)]
}
