import { formatMs } from '../core/format-ms.ts'
import type { Evidence } from '../model/evidence.ts'
import type {
  ChanceSource,
  Divergence,
  EgressAttempt,
  EvidenceReport,
  IncidentFindings,
  Wall,
} from '../model/verdict.ts'
import { describeIsolation } from './describe-isolation.ts'
import { escapeHostile } from './escape-json.ts'
import { divergenceLines } from './render-divergence.ts'
import type { ExplanationView } from './render-explanation.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'

/** One replay, as it is shown. */
export interface ReplayView {
  scenario: string
  agent: string
  /** What chance followed from; null: from the recording. */
  seed: string | null
  /** In which other world than the recorded one; null for that. */
  world: string | null
  /** The roles of the incident in it; null where it is not looked for them. */
  findings: IncidentFindings | null
  /** In which other order than the recorded one concurrent answers were to come, and whether they did; null for the recorded. */
  order: { calls: readonly (readonly string[])[]; met: boolean } | null
  /** Groups of recorded calls that were in flight together, each in the recorded order of their answers. */
  concurrent: readonly (readonly string[])[]
  outcome: string
  failure: string | null
  stop_reason: string | null
  evidence: EvidenceReport
  divergences: readonly Divergence[]
  egress: readonly EgressAttempt[]
  /** What it looked at that the recording does not hold. */
  sources: readonly ChanceSource[]
  /** What kept it from the outside world. */
  isolation: readonly Wall[]
  /** In the order of the calls. */
  interactions: readonly { id: string; evidence?: Evidence | undefined }[]
  virtual_ms: number
  real_ms: number
  /** Where the replay's own recording is. */
  recording: string | null
  /** The end of what the agent printed. */
  output: string
  /** The divergence that was asked about, in full. */
  explained?: ExplanationView | undefined
}

/** Renders one replay for a terminal: how it ended, how good the evidence under each answer was, what was not used. */
export function renderReplay(view: ReplayView, options: { color: boolean }): string {
  const paint = createPaint(options.color)
  const { evidence, interactions, divergences, egress } = view
  const answered =
    interactions.length === 0 ? 'asked nothing' : `${interactions.length} asked, ${countGrades(evidence)}`
  return joinLines([
    `${paint('bold', escapeTerminal(view.scenario, 64))}  ${escapeTerminal(view.agent, 200)}`,
    ...(view.seed === null ? [] : [`  seed      ${escapeTerminal(view.seed, 200)}`]),
    ...(view.world === null ? [] : [`  world     ${escapeTerminal(view.world, 200)}`]),
    ...orderLines(view, paint),
    ...endLines(view),
    ...roleLines(view, paint),
    `  isolation ${describeIsolation(view.isolation) ?? 'its process never ran'}`,
    `  evidence  ${answered}`,
    ...interactions.filter(({ evidence: one }) => one?.grade !== 'exact').map((one) => gradeLine(one, paint)),
    ...(evidence.unused.length === 0
      ? []
      : [`  not asked ${evidence.unused.map((id) => escapeTerminal(id, 20)).join(' ')}`]),
    ...egress.map(({ layer, target, at }) => {
      const where = at === null ? '' : ` at ${escapeTerminal(at, 200)}`
      return `  ${paint('red', 'refused')}   ${escapeTerminal(layer, 20)} ${escapeTerminal(target, 200)}${where}`
    }),
    ...view.sources.map(({ name, at, settled }) => {
      const where = at === null ? '' : ` at ${escapeTerminal(at, 200)}`
      return `  ${settled === null ? paint('yellow', 'source   ') : 'source   '} ${escapeTerminal(name, 200)}${where}`
    }),
    ...divergences.flatMap((divergence, i) => ['', ...divergenceLines(divergence, paint), explainLine(i + 1, paint)]),
    ...(view.recording === null ? [] : [`  recording ${escapeTerminal(view.recording, 300)}`]),
    ...outputLines(view, paint),
  ])
}

/** The same as JSON, for programs. */
export function toReplayJson(view: ReplayView): string {
  const interactions = view.interactions.map(({ id, evidence }) => ({ id, evidence: evidence ?? null }))
  return `${escapeHostile(JSON.stringify({ ...view, interactions }, null, 2))}\n`
}

function endLines({ outcome, failure, stop_reason, virtual_ms, real_ms }: ReplayView): string[] {
  const time = `${formatMs(virtual_ms)} of virtual time in ${formatMs(real_ms)}`
  if (outcome === 'finished')
    return [`  ended     stop_reason ${escapeTerminal(stop_reason ?? 'unknown', 60)} · ${time}`]
  const [first = '', ...more] = (failure ?? '').split('\n').map((line) => escapeTerminal(line, 500))
  const how = first === '' ? outcome : `${outcome}: ${first}`
  return [`  ended     ${how} · ${time}`, ...more.map((line) => `            ${line}`)]
}

function roleLines({ findings }: ReplayView, paint: Paint): string[] {
  if (findings === null) return []
  const roles = Object.entries({ cause: findings.cause, symptom: findings.symptom })
  return roles.map(([role, { present, observed }]) => {
    const state = present ? paint('red', 'there') : 'gone'
    return `  ${role.padEnd(9)} ${escapeTerminal(observed, 200)}  ${state}`
  })
}

function orderLines({ order }: ReplayView, paint: Paint): string[] {
  if (order === null) return []
  const calls = order.calls.map((ids) => ids.map((id) => escapeTerminal(id, 20)).join(' ')).join(' · ')
  return [
    `  order     ${calls}${order.met ? '' : paint('yellow', ' (not met: calls were made or given up otherwise)')}`,
  ]
}

function countGrades({ grades }: EvidenceReport): string {
  return Object.entries(grades)
    .map(([grade, count]) => `${count} ${grade}`)
    .join(', ')
}

function explainLine(number: number, paint: Paint): string {
  return `        ${paint('dim', `--explain ${number} shows both requests and all that differs`)}`
}

function gradeLine({ id, evidence }: ReplayView['interactions'][number], paint: Paint): string {
  const note = evidence?.note === undefined ? '' : `  ${escapeTerminal(evidence.note, 200)}`
  return `    ${escapeTerminal(id, 20)} ${paint('yellow', evidence?.grade ?? 'none')}${note}`
}

function outputLines({ outcome, output }: ReplayView, paint: Paint): string[] {
  if (outcome === 'finished' || output.trim() === '') return []
  const lines = output.trim().split('\n').slice(-20)
  return [`  ${paint('dim', 'the agent printed:')}`, ...lines.map((line) => `    ${escapeTerminal(line, 200)}`)]
}
