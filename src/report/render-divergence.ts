import type { Divergence, DivergenceKind } from '../model/verdict.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'

const INDENT = '        '
const MAX_DIFF_LINES = 12
const DIFF_WIDTH = 160

/** What changed, and what the recorded answer was therefore given to. */
const KINDS: Partial<Record<DivergenceKind, { what: string; given: string }>> = {
  prompt_changed: { what: 'system prompt', given: 'the old prompt' },
  tools_changed: { what: 'tools', given: 'other tools' },
  model_changed: { what: 'model', given: 'another model' },
  tool_result_changed: { what: 'tool result', given: 'another tool result' },
  message_changed: { what: 'message', given: 'another message' },
  missing_turn: { what: 'one turn less', given: 'a longer conversation' },
  request_changed: { what: 'request', given: 'another request' },
  extra_turn: { what: 'one turn more', given: 'a shorter conversation' },
  reordered: { what: 'another order', given: 'the same in another order' },
  generated_value: { what: 'a generated value', given: 'another generated value' },
  clock: { what: 'a time', given: 'another time' },
  randomness: { what: 'a value drawn at random', given: 'another value drawn at random' },
}

/** Renders one divergence for a terminal: what was asked, what the recording holds instead, and what to do. Ends in a line feed. */
export function renderDivergence(divergence: Divergence, options: { color: boolean }): string {
  return joinLines(divergenceLines(divergence, createPaint(options.color)))
}

/** The lines of `renderDivergence`. */
export function divergenceLines(divergence: Divergence, paint: Paint): string[] {
  const { request, remedies } = divergence
  const lines = [headLine(divergence, paint)]
  lines.push(`${INDENT}${paint('dim', escapeTerminal(request, DIFF_WIDTH))}`)
  lines.push(`${INDENT}${nearestLine(divergence)}`)
  lines.push(...diffLines(divergence, paint), `${INDENT}${describeGrade(divergence)}`)
  for (const [index, remedy] of remedies.entries()) {
    lines.push(`${INDENT}${index === 0 ? 'You can: ' : '         '}${escapeTerminal(remedy, 200)}`)
  }
  return lines
}

/** Which step it is, what was asked there and why that has no answer. */
export function headLine({ step, summary, kind }: Divergence, paint: Paint): string {
  const asked = `step ${step}  ${escapeTerminal(summary)}   ${describeMiss(kind)}`
  return `${paint('bold', asked)}   ${paint('dim', 'ERR_REPLAY_DIVERGED')}`
}

function describeMiss(kind: string): string {
  if (kind === 'exhausted') return 'asked once more than the recording can answer'
  if (kind === 'extra_turn') return 'took a turn that the recording does not hold'
  return 'asked something the recording does not hold'
}

/** What of the recording is nearest to it, and where the two differ. */
export function nearestLine({ nearest, difference, kind }: Divergence): string {
  if (nearest === null) return 'nearest: nothing in the recording is comparable'
  const used = nearest.used ? ', already asked for' : ''
  const place = `nearest: step ${nearest.step} of the recording (${escapeTerminal(nearest.interaction)}${used})`
  if (difference === null) return place
  const what = Object.hasOwn(KINDS, kind) ? ` (${KINDS[kind]?.what})` : ''
  return `${place}, equal but for ${escapeTerminal(difference.path)}${what}`
}

function diffLines({ difference }: Divergence, paint: Paint): string[] {
  if (difference === null) return []
  const { text_diff, recorded, asked } = difference
  const lines =
    text_diff.trim() === '' ? [`- ${recorded ?? '(absent)'}`, `+ ${asked ?? '(absent)'}`] : text_diff.split('\n')
  const shown = lines.filter((line) => line.trim() !== '').map((line) => paintDiff(line, paint))
  const rest = shown.length - MAX_DIFF_LINES
  const more = rest > 0 ? [`${INDENT}${paint('dim', `(${rest} more lines)`)}`] : []
  return [...shown.slice(0, MAX_DIFF_LINES), ...more]
}

function paintDiff(line: string, paint: Paint): string {
  const text = `${INDENT}${escapeTerminal(line, DIFF_WIDTH)}`
  if (line.startsWith('-')) return paint('red', text)
  return line.startsWith('+') ? paint('green', text) : paint('dim', text)
}

function describeGrade({ grade, kind, nearest, late }: Divergence): string {
  if (grade === 'none' && late)
    return 'Nothing was served. It was asked after the agent had given its output (grade: none).'
  if (grade === 'none') return 'Nothing was served, and the replay stops here (grade: none).'
  if (nearest === null) return 'An old answer was served; it proves nothing about this question (grade: stale).'
  const given = Object.hasOwn(KINDS, kind) ? KINDS[kind]?.given : 'a different question'
  return `The recorded answer was given to ${given}; it proves nothing about this one (grade: stale).`
}
