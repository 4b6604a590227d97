import { formatMs } from '../core/format-ms.ts'
import type {
  BaselineReport,
  CandidateReport,
  IncidentFindings,
  LiveSampling,
  Reason,
  RoleFinding,
  Verdict,
  WayOut,
} from '../model/verdict.ts'
import { describeChanges } from './describe-changes.ts'
import { describeWorlds, worldLines } from './describe-worlds.ts'
import { divergenceLines } from './render-divergence.ts'
import { escapeTerminal, type Paint } from './terminal-text.ts'
import { describeEvidence, pluralize, VERDICT_SENTENCES } from './verdict-words.ts'

/** What a verdict says that a world took away. */
const COUNTEREXAMPLE = 'fixed as it was recorded, and not when the world is another'

const INDENT = '      '
const LABEL_WIDTH = 10
const MAX_DIVERGENCES = 3
const MAX_REASON_LINES = 8

/** Verdicts that prove nothing. */
const UNPROVED: readonly Verdict[] = ['inconclusive', 'not_reproduced', 'error']

/** Reasons that the lines of the three roles say already. */
const ROLE_REASONS = /^(trigger|cause|symptom)_/

/** The lines of one candidate: its verdict, what is behind it, and whatever a reader must know before trusting it. */
export function candidateLines(
  candidate: CandidateReport,
  baseline: BaselineReport,
  width: number,
  paint: Paint,
): string[] {
  const isExpected = candidate.gate === 'pass' && candidate.verdict !== 'fixed'
  const lines = [headLine(candidate, isExpected, width, paint)]
  if (!isExpected) {
    lines.push(...roleLines(candidate, baseline, paint), ...alsoLines(candidate, baseline))
    lines.push(...reasonLines(candidate))
    lines.push(...worldLines(candidate, paint).map(([label, text]) => row(label, text)))
    lines.push(...candidate.egress.map((attempt) => row('egress', describeEgress(attempt))))
  }
  if (candidate.sampling !== undefined) lines.push(row('sampled', describeSampling(candidate.sampling)))
  lines.push(...candidate.assumptions.map((line) => row('assumes', escapeTerminal(line, 200))))
  const { unused } = candidate.evidence
  const unasked = unused.length > 0 ? [row('unused', describeUnused(unused))] : []
  // A fix that never meets the trigger leaves its answers, which is what a reader has to weigh.
  if (candidate.gate === 'pass') {
    return candidate.verdict === 'fixed' && candidate.findings?.trigger.present === false
      ? [...lines, ...unasked]
      : lines
  }
  lines.push(...divergenceBlock(candidate, paint))
  lines.push(...(candidate.ways_out ?? []).flatMap(wayLines))
  lines.push(...unasked)
  if (candidate.recording !== null) lines.push(row('replay', escapeTerminal(candidate.recording, 200)))
  return lines
}

function headLine(candidate: CandidateReport, isExpected: boolean, width: number, paint: Paint): string {
  const { id, verdict, expect, gate, reasons } = candidate
  const mark = gate === 'pass' ? paint('green', '✔') : gate === 'fail' ? paint('red', '✖') : paint('yellow', '?')
  const name = escapeTerminal(id, 64).padEnd(width)
  const head = `  ${mark} ${name}  ${paint(colorOf(gate), verdict.padEnd(14))}`
  if (isExpected) {
    const why = reasons[0] === undefined ? '' : `: ${escapeTerminal(reasons[0].message, 200)}`
    return `${head}  ${paint('dim', '(as expected)')} ${VERDICT_SENTENCES[verdict]}${why}`
  }
  const wanted = verdict === expect ? '' : `expected ${expect} · `
  const worlds = candidate.worlds === undefined ? '' : ` · ${describeWorlds(candidate.worlds)}`
  return `${head}  ${wanted}${describeEvidence(candidate.evidence)}${worlds}${describeTime(candidate)}`
}

function colorOf(gate: CandidateReport['gate']): 'green' | 'red' | 'yellow' {
  if (gate === 'pass') return 'green'
  return gate === 'fail' ? 'red' : 'yellow'
}

function describeTime({ signals, duration_ms }: CandidateReport): string {
  if (signals === null) return ''
  return ` · ${formatMs(signals.run_latency_ms)}${duration_ms === undefined ? '' : ` replayed in ${formatMs(duration_ms)}`}`
}

function row(label: string, text: string): string {
  return `${INDENT}${label.padEnd(LABEL_WIDTH)}${text}`
}

function roleLines({ findings, verdict }: CandidateReport, baseline: BaselineReport, paint: Paint): string[] {
  if (findings === null) return []
  const before = baseline.findings
  // What an unproved run shows must not read like a result.
  const doubt = UNPROVED.includes(verdict) ? `  ${paint('yellow', 'not proved')}` : ''
  const roles = [
    ['trigger', labelOf(findings.trigger), describeTrigger(findings, before, paint) + doubt],
    ['cause', labelOf(findings.cause), describeRole(findings.cause, before?.cause, paint) + doubt],
    ['symptom', labelOf(findings.symptom), describeRole(findings.symptom, before?.symptom, paint) + doubt],
  ] as const
  const width = Math.max(...roles.map(([, label]) => label.length))
  return roles.map(([role, label, text]) => row(role, `${label.padEnd(width)}   ${text}`))
}

/** What a role is about, without the figure that the line shows anyway. */
function labelOf({ observed, value }: RoleFinding): string {
  const end = ` = ${value}`
  return escapeTerminal(observed.endsWith(end) ? observed.slice(0, -end.length) : observed, 80)
}

function describeTrigger(findings: IncidentFindings, before: IncidentFindings | null, paint: Paint): string {
  if (findings.trigger.present) return paint('green', 'met')
  const was = before === null ? '' : ` (×${escapeTerminal(before.trigger.value)} before)`
  return `${paint('yellow', 'not met')}${was}`
}

function describeRole(now: RoleFinding, before: RoleFinding | undefined, paint: Paint): string {
  const value = escapeTerminal(now.value, 60)
  const change = before === undefined ? value : `${escapeTerminal(before.value, 60)} → ${value}`
  return now.present ? `${change}  ${paint('red', 'still there')}` : change
}

function alsoLines({ signals, verdict }: CandidateReport, baseline: BaselineReport): string[] {
  // A run that was cut short is faster and cheaper than any other.
  if (signals === null || baseline.signals === null || UNPROVED.includes(verdict)) return []
  const changes = describeChanges(baseline.signals, signals)
  return changes.length === 0 ? [] : [row('also', changes.join(' · '))]
}

function reasonLines({ verdict, reasons }: CandidateReport): string[] {
  if (verdict === 'fixed') return []
  const told = reasons.filter(({ code }) => !ROLE_REASONS.test(code))
  const sentence = reasons[0]?.code === 'counterexample' ? COUNTEREXAMPLE : VERDICT_SENTENCES[verdict]
  return [row('because', sentence), ...told.flatMap(describeReason).map((line) => row('', line))]
}

/** A reason of several lines is something that was printed: its end says most. */
function describeReason({ code, message }: Reason): string[] {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  const cut = lines.length > MAX_REASON_LINES ? ['…', ...lines.slice(-MAX_REASON_LINES)] : lines
  const shown = cut.map((line) => escapeTerminal(line, 300))
  return [...shown.slice(0, -1), `${shown.at(-1) ?? ''}  [${escapeTerminal(code, 40)}]`]
}

function describeEgress({ layer, target, at }: CandidateReport['egress'][number]): string {
  const place = at === null ? '' : ` at ${escapeTerminal(at, 160)}`
  return `blocked: ${escapeTerminal(layer, 40)} ${escapeTerminal(target, 160)}${place}`
}

function describeSampling({ candidate, unfixed, difference }: LiveSampling): string {
  const [fixed, before] = [candidate, unfixed].map(({ recovered, samples, undecided }) => {
    return `${recovered}/${samples}${undecided === 0 ? '' : ` (${undecided} undecided)`}`
  })
  const [low, high] = [difference.low, difference.high].map((share) => Math.round(share * 100))
  return `live recovers ${fixed} with the candidate, ${before} without · ${low} to ${high} % more often, at 95 %`
}

function wayLines({ text, command }: WayOut, index: number): string[] {
  const label = index === 0 ? 'settle' : ''
  return [row(label, escapeTerminal(text, 300)), row('', `  ${escapeTerminal(command, 600)}`)]
}

function describeUnused(unused: readonly string[]): string {
  const shown = unused.slice(0, 8).map((id) => escapeTerminal(id, 40))
  const more = unused.length > shown.length ? ', …' : ''
  return `${pluralize(unused.length, 'recorded answer')} never asked for (${shown.join(', ')}${more})`
}

function divergenceBlock({ divergences }: CandidateReport, paint: Paint): string[] {
  const shown = divergences.slice(0, MAX_DIVERGENCES).flatMap((divergence) => divergenceLines(divergence, paint))
  const rest = divergences.length - MAX_DIVERGENCES
  const more = rest > 0 ? [`(${pluralize(rest, 'more divergence')})`] : []
  return [...shown, ...more].map((line) => `${INDENT}${line}`)
}
