import { clip } from '../../core/clip.ts'
import { RetrialError } from '../../core/errors.ts'
import type { Role } from '../../model/incident.ts'
import type { Signals } from '../../model/signal.ts'
import type { RunTrace, Span } from '../../model/trace.ts'
import type { RoleFinding } from '../../model/verdict.ts'
import { compilePattern } from './compile-pattern.ts'
import { countTrigger } from './count-trigger.ts'
import { describeSpans } from './describe-spans.ts'
import { asText, matchesSelector } from './match-span.ts'

type CountMatch = Extract<Role, { signal: string; at_least: number }>
type OutputMatch = Extract<Role, { output: object }>

/**
 * Says whether a statement about a run is true, with the figure or value that says so.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN` when a pattern is no regular expression; `ERR_VERIFY_SIGNAL` when the signal is not there or is no number, `ERR_VERIFY_SIGNAL_KEY` when
 * `tool` or `of` is given for a signal that is not counted per tool, span or class: both would else read as "absent".
 */
export function matchRole(match: Role, trace: RunTrace, signals: Signals): RoleFinding {
  if ('output' in match) return matchOutput(match, trace)
  if (!('signal' in match)) {
    const count = countTrigger(match, trace.spans)
    return { present: count >= match.at_least, observed: `${describeSpans(match)} = ×${count}`, value: `×${count}` }
  }
  if ('at_least' in match) return matchCount(match, signals)
  if ('span' in match) return matchFirstError(match.span, signals.first_error_span)
  const value = signals[match.signal]
  if (value === undefined) throw missingSignal(match.signal)
  const wanted = Array.isArray(match.is) ? match.is : [match.is]
  const text = value ?? 'none'
  return { present: value !== null && wanted.includes(value), observed: `${match.signal} = ${text}`, value: text }
}

function matchOutput({ output: { matches, not_matches } }: OutputMatch, trace: RunTrace): RoleFinding {
  const text = asText(trace.output)
  const isPresent =
    (matches === undefined || compilePattern(matches).test(text)) &&
    (not_matches === undefined || !compilePattern(not_matches).test(text))
  return { present: isPresent, observed: `output = ${clip(text, 60)}`, value: clip(text, 60) }
}

function matchCount(match: CountMatch, signals: Signals): RoleFinding {
  const key = match.tool ?? match.of
  const count = readCount(match, signals)
  const value = formatCount(count)
  const label = key === undefined ? match.signal : `${match.signal}.${key}`
  return { present: count >= match.at_least, observed: `${label} = ${value}`, value }
}

function matchFirstError(selector: string, span: Span | null): RoleFinding {
  if (span === undefined) throw missingSignal('first_error_span')
  const value = span === null ? 'none' : `${span.step_type}:${span.name}`
  return { present: span !== null && matchesSelector(span, selector), observed: `first_error_span = ${value}`, value }
}

function readCount(match: CountMatch, signals: Signals): number {
  if (match.tool !== undefined && match.of !== undefined) throw badKey(match.signal, 'takes `tool` or `of`, not both')
  const key = match.tool ?? match.of
  if (match.signal === 'tool_calls' && match.tool !== undefined) return countCalls(match.tool, signals)
  const signal = signals[match.signal]
  if (typeof signal === 'number') {
    if (key !== undefined) throw badKey(match.signal, 'is one number for the whole run')
    return finite(match.signal, signal)
  }
  if (typeof signal !== 'object' || signal === null) throw missingSignal(match.signal)
  if (key !== undefined) return Object.hasOwn(signal, key) ? finite(match.signal, signal[key]) : 0
  const counts = Object.values(signal)
  return finite(
    match.signal,
    counts.reduce((sum, count) => sum + count, 0),
  )
}

function countCalls(tool: string, { tool_sequence }: Signals): number {
  if (!Array.isArray(tool_sequence)) throw missingSignal('tool_sequence')
  return tool_sequence.filter((name) => name === tool).length
}

function finite(name: string, value: number | undefined): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw missingSignal(name)
  return value
}

function formatCount(count: number): string {
  return String(Math.round(count * 100) / 100)
}

function missingSignal(name: string): RetrialError {
  return new RetrialError('ERR_VERIFY_SIGNAL', `Failed to read the signal ${name}: it is missing or no finite number`, {
    hint: 'Compute the signals of this run with computeSignals before judging it.',
  })
}

function badKey(name: string, why: string): RetrialError {
  return new RetrialError('ERR_VERIFY_SIGNAL_KEY', `Failed to read the signal ${name}: it ${why}`, {
    hint: 'Remove `tool` or `of` from the statement, or name a signal that is counted per tool, span or class.',
  })
}
