import type { Examination, ExaminationFinding } from '../model/examination.ts'
import { escapeHostile } from './escape-json.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'
import { pluralize } from './verdict-words.ts'

const WORDS = {
  broken: 'broken',
  not_recorded: 'not held',
  differs: 'differs',
  refused: 'refused',
  source: 'source',
} as const

/** Renders what two replays of the unfixed agent showed. Ends in a line feed. */
export function renderExamination(report: Examination, options: { color: boolean }): string {
  const paint = createPaint(options.color)
  const { scenario, agent, findings, finding } = report
  const obstacles = findings.filter(({ settled }) => settled === null)
  const end = {
    clean: `${paint('green', 'clean')}  both replays are equal, and rest on the recording`,
    not_clean: `${paint('yellow', 'not clean')}  ${pluralize(obstacles.length, 'finding')}`,
    broken: `${paint('red', 'broken')}  the harness failed`,
  }[finding]
  return joinLines([
    `${paint('bold', escapeTerminal(scenario, 64))}  ${escapeTerminal(agent, 200)}  replayed twice: as recorded, and under another seed and another clock`,
    '',
    ...findings.flatMap((one) => findingLines(one, paint)),
    ...(findings.length === 0 ? [] : ['']),
    end,
  ])
}

/** The same as JSON, for programs. */
export function toExaminationJson(report: Examination): string {
  return `${escapeHostile(JSON.stringify(report, null, 2))}\n`
}

function findingLines({ kind, what, at, remedies, settled }: ExaminationFinding, paint: Paint): string[] {
  const where = at === null ? '' : ` at ${escapeTerminal(at, 200)}`
  const word = WORDS[kind].padEnd(9)
  const [first = '', ...more] = what.split('\n').map((line) => escapeTerminal(line, 500))
  return [
    `  ${settled === null ? paint('yellow', word) : paint('dim', word)} ${first}${where}`,
    ...more.map((line) => `            ${line}`),
    ...(settled === null ? [] : [`            ${paint('dim', `no obstacle: ${settled}`)}`]),
    ...remedies.map((remedy) => `            ${escapeTerminal(remedy, 500)}`),
  ]
}
