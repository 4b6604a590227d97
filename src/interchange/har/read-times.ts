import { roundMs } from '../../core/clock.ts'
import type { EntryTimes } from '../entries/entry.ts'
import type { HarEntry } from './har-entry.ts'

/** Reads the times of an entry. A phase of -1 does not apply; `time` is believed before the sum of the phases. */
export function readTimes(entry: HarEntry): EntryTimes {
  const timings = entry.timings ?? {}
  const before = ['blocked', 'dns', 'connect', 'send', 'wait'] as const
  const toHeaders = before.reduce((sum, phase) => sum + (duration(timings[phase]) ?? 0), 0)
  const receive = duration(timings.receive)
  const wait = duration(timings.wait)
  const total = duration(entry.time) ?? (wait === null && receive === null ? null : toHeaders + (receive ?? 0))
  return {
    started_at: readDate(entry.startedDateTime ?? ''),
    headers_ms: roundMs(Math.min(wait === null ? (total ?? 0) : toHeaders, total ?? 0)),
    total_ms: roundMs(total ?? 0),
    measured: total !== null,
  }
}

function duration(value: number | null | undefined): number | null {
  return value === null || value === undefined || value < 0 ? null : value
}

function readDate(text: string): number | null {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return null
  // Date drops what is below a millisecond, which still tells the order of concurrent calls.
  const micros = /\.\d{3}(\d{1,3})/.exec(text)?.[1]
  return micros === undefined ? ms : roundMs(ms + Number(micros.padEnd(3, '0')) / 1000)
}
