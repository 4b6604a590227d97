import type { Divergence, DivergenceKind } from '../model/verdict.ts'
import { headLine, nearestLine } from './render-divergence.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'

/** One divergence in full, as it is shown. */
export interface ExplanationView {
  number: number
  of: number
  divergence: Divergence
  asked: { interaction: string; text: string }
  recorded: { interaction: string; text: string } | null
  parts: readonly {
    kind: 'same' | 'changed' | 'added' | 'removed'
    path: string
    count: number
    label: string
    text: string
  }[]
  remedies: readonly { text: string; line: string | null }[]
}

/** Why a divergence is taken to be of its kind. */
const WHY: Record<DivergenceKind, string> = {
  prompt_changed: 'what differs stands in the system prompt',
  tools_changed: 'what differs stands in the tools that the model is offered',
  model_changed: 'another model is asked',
  tool_result_changed: 'what differs is the result of a tool, as it is sent back to the model',
  message_changed: 'what differs stands in a message of the conversation',
  extra_turn: 'the conversation holds a message that the recorded one does not',
  missing_turn: 'the conversation lacks a message that the recorded one holds',
  reordered: 'the same elements stand in another order',
  generated_value:
    'all that differs is an id as programs generate them, and it fits no renaming: the world knows one of the two',
  clock: 'all that differs is a time, and it is not at the same place of its run',
  randomness: 'all that differs is a number as chance gives it, and the recorded run drew another',
  exhausted: 'the same was recorded, and each of its answers is given already',
  new_request: 'nothing of this target was recorded',
  request_changed: 'what differs is a field beside the conversation',
}

/** More than any line of a request holds: nothing is cut here. */
const WHOLE = 10_000_000

const MARKS = { same: ' ', changed: '~', added: '+', removed: '-' } as const

/** Renders one divergence in full: both requests, all that differs, its kind with the reason, every remedy. Ends in a line feed. */
export function renderExplanation(view: ExplanationView, options: { color: boolean }): string {
  const paint = createPaint(options.color)
  const { divergence, asked, recorded, number, of } = view
  const { kind, difference } = divergence
  const why = Object.hasOwn(WHY, kind) ? `: ${WHY[kind]}` : ''
  const place = difference === null ? '' : `, first at ${escapeTerminal(difference.path)}`
  return joinLines([
    `${paint('dim', `divergence ${number} of ${of}`)}   ${headLine(divergence, paint)}`,
    '',
    ...block(`asked (${asked.interaction} of the replay)`, asked.text, paint),
    ...(recorded === null ? [] : block(`nearest (${recorded.interaction} of the recording)`, recorded.text, paint)),
    paint('bold', 'difference'),
    `  ${nearestLine(divergence)}`,
    ...view.parts.flatMap((part) => partLines(part, paint)),
    '',
    `${paint('bold', 'kind')}  ${escapeTerminal(kind, 40)}${why}${place}`,
    '',
    paint('bold', 'you can'),
    ...view.remedies.flatMap(({ text, line }, i) => [
      `  ${i + 1}. ${escapeTerminal(text, 300)}`,
      ...(line === null ? [] : [`       ${paint('green', escapeTerminal(line, 500))}`]),
    ]),
  ])
}

function block(title: string, text: string, paint: Paint): string[] {
  return [paint('bold', escapeTerminal(title, 80)), ...indent(text), '']
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${escapeTerminal(line, WHOLE)}`)
}

function partLines({ kind, path, count, label, text }: ExplanationView['parts'][number], paint: Paint): string[] {
  const what = label === '' ? '' : ` (${escapeTerminal(label, 60)})`
  if (kind === 'same') {
    return [paint('dim', `    ${escapeTerminal(path)}${count > 1 ? ` and ${count - 1} more` : what}: the same`)]
  }
  const head = paint('bold', `  ${MARKS[kind]} ${escapeTerminal(path)}${what}`)
  return [head, ...text.split('\n').map((line) => paintPart(kind, line, paint))]
}

function paintPart(kind: 'changed' | 'added' | 'removed', line: string, paint: Paint): string {
  const mark = kind === 'changed' ? line.charAt(0) : MARKS[kind]
  const text = `      ${escapeTerminal(kind === 'changed' ? line : `${mark} ${line}`, WHOLE)}`
  if (mark === '-') return paint('red', text)
  return mark === '+' ? paint('green', text) : paint('dim', text)
}
