import { OTEL } from '../../model/gen-ai.ts'
import type { RunFinish } from '../../model/run.ts'
import { type ImportReport, UNKNOWN_INPUT } from '../foreign-format.ts'
import type { ForeignRun, Step, TraceSource } from './step.ts'

/** Why no import of a trace can be replayed. */
export const NO_BYTES = 'a trace holds no request or answer byte for byte, so nothing could be served from it'

/** Says what was read of a run, what its source does not tell, and that it can only be debugged. */
export function reportTrace(
  run: ForeignRun,
  source: TraceSource,
  finish: RunFinish | null,
  timed: boolean,
): ImportReport {
  return {
    got: gotten(run, source),
    unknown: unknowns(run, finish, timed),
    replayable: false,
    reason: NO_BYTES,
  }
}

function gotten({ steps }: ForeignRun, { left_out = 0, left_out_errors = 0, recovered = 0 }: TraceSource): string[] {
  const of = (kind: Step['kind']) => steps.filter((step) => step.kind === kind)
  const counted = [
    counts(of('llm'), 'model call'),
    counts(of('tool'), 'tool call'),
    counts(of('thought'), 'thought'),
    counts([...of('http'), ...of('embedding')], 'request'),
  ].filter((text) => text !== '')
  const errors = steps.filter(({ error }) => error !== null).length
  const whole = of('llm').filter(({ input, output }) => input !== undefined && output !== undefined).length
  return [
    `${counted.join(', ') || 'no step'}${errors > 0 ? `; ${errors} with an error` : ''}`,
    ...(of('llm').length > 0 ? [`messages of ${whole} of ${plural(of('llm').length, 'model call')}`] : []),
    ...(recovered > 0 ? [`${plural(recovered, 'tool call')} read off the messages`] : []),
    ...(left_out > 0
      ? [
          `left out: ${plural(left_out, 'span')}, no step of the agent${left_out_errors > 0 ? `, ${left_out_errors} with an error` : ''}`,
        ]
      : []),
  ]
}

/** `2 tool calls: search ×2`. */
function counts(steps: Step[], noun: string): string {
  if (steps.length === 0) return ''
  const names = new Map<string, number>()
  for (const { name } of steps) names.set(name, (names.get(name) ?? 0) + 1)
  const list = [...names]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => (count === 1 ? name : `${name} ×${count}`))
  const shown = list.length > 6 ? [...list.slice(0, 6), `${list.length - 6} more`] : list
  return `${plural(steps.length, noun)} (${shown.join(', ')})`
}

function unknowns({ steps, input, unknown }: ForeignRun, finish: RunFinish | null, timed: boolean): string[] {
  const models = steps.filter(({ kind }) => kind === 'llm')
  const missing = (key: string) => models.length > 0 && models.every(({ attributes }) => attributes[key] === undefined)
  return [
    ...(input === undefined || input === null ? [UNKNOWN_INPUT] : []),
    ...(finish === null || finish.stop_reason === 'unknown' ? ['how the run ended'] : []),
    ...(timed ? [] : ['when anything happened: all times are 0, only the order is known']),
    ...(missing('gen_ai.usage.input_tokens') ? ['how many tokens were used'] : []),
    ...(models.length > 0 && missing(OTEL.knownTools) ? ['which tools were on offer'] : []),
    ...(unknown ?? []),
  ]
}

/** `1 tool call`, `2 tool calls`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
