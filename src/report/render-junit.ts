import type { Signals } from '../model/signal.ts'
import type { BaselineReport, CandidateReport, ScenarioReport } from '../model/verdict.ts'
import { candidateLines } from './candidate-lines.ts'
import { isAgentsError } from './count-reports.ts'
import { describeIsolation } from './describe-isolation.ts'
import { createPaint, escapeTerminal, joinLines } from './terminal-text.ts'
import { VERDICT_SENTENCES } from './verdict-words.ts'
import { element, escapeXml } from './xml.ts'

export interface RenderJUnitOptions {
  /** Release of the code under test, for the properties. */
  release?: string | undefined
  /** Scenarios that could not be tried at all: each is a test suite with one `<error>`. */
  faults?: readonly JUnitFault[] | undefined
}

/** Something that could not be tried at all. */
export interface JUnitFault {
  /** Null when no file is to blame. */
  file: string | null
  code: string
  /** In one line. */
  message: string
  /** All of it, with place and hint. */
  text: string
}

/**
 * Renders the verdicts as JUnit XML: a test suite a scenario, a test case a candidate. A gate that fails or stays
 * inconclusive is a `<failure>` whose type is the verdict (or `inconclusive`); a verdict `error` is an `<error>`.
 */
export function renderJUnit(reports: readonly ScenarioReport[], options: RenderJUnitOptions = {}): string {
  const { faults = [] } = options
  const outcomes = reports.flatMap((report) => report.candidates.map(outcomeOf))
  const time = reports.reduce((sum, report) => sum + report.duration_ms, 0)
  const suites = [...reports.map((report) => renderSuite(report, options)), ...faults.map(renderFault)]
  const attributes = {
    name: 'retrial',
    ...countOutcomes([...outcomes, ...faults.map(() => 'error' as const)]),
    time: seconds(time),
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', attributes, [...suites.map((suite) => `\n  ${suite}`), '\n'])}\n`
}

type Outcome = 'passed' | 'failure' | 'error'

/** An expected error passes only when it is the agent's own: a broken harness proves nothing. */
function outcomeOf(candidate: CandidateReport): Outcome {
  if (candidate.verdict === 'error' && !(candidate.gate === 'pass' && isAgentsError(candidate))) return 'error'
  return candidate.gate === 'pass' ? 'passed' : 'failure'
}

function countOutcomes(outcomes: readonly Outcome[]): Record<string, number> {
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length
  return { tests: outcomes.length, failures: count('failure'), errors: count('error'), skipped: 0 }
}

function renderSuite(report: ScenarioReport, { release }: RenderJUnitOptions): string {
  const { id, file, title, baseline, candidates, duration_ms } = report
  const facts = { release, title, 'baseline.verdict': baseline.verdict, 'baseline.agent': baseline.agent }
  const attributes = { name: visible(id), file: visible(file), ...countOutcomes(candidates.map(outcomeOf)) }
  const cases = candidates.map((candidate) => `\n    ${renderCase(candidate, report)}`)
  const children = [`\n    ${renderProperties(facts)}`, ...cases, '\n  ']
  return element('testsuite', { ...attributes, time: seconds(duration_ms) }, children)
}

function renderFault({ file, code, message, text }: JUnitFault): string {
  const name = visible(file ?? code)
  const where = file === null ? undefined : visible(file)
  const body = text.split('\n').map((line) => `\n${escapeTerminal(line, 2_000)}`)
  const error = element('error', { type: code, message: visible(message) }, [escapeXml(`${body.join('')}\n`)])
  const children = [`\n      ${error}`, '\n    ']
  const testcase = element('testcase', { name, classname: name, file: where, time: seconds(0) }, children)
  const attributes = { name, file: where, ...countOutcomes(['error']), time: seconds(0) }
  return element('testsuite', attributes, [`\n    ${testcase}`, '\n  '])
}

function renderCase(candidate: CandidateReport, { id, file, baseline }: ScenarioReport): string {
  const { verdict, expect, gate, agent, evidence, signals, isolation } = candidate
  const facts = {
    verdict,
    expect,
    gate,
    agent,
    isolation: describeIsolation(isolation),
    'evidence.coverage': evidence.coverage,
    ...worldFacts(candidate),
    ...signalFacts(signals),
  }
  const attributes = { name: visible(candidate.id), classname: visible(id), file: visible(file) }
  const children = [`\n      ${renderProperties(facts)}`, ...renderOutcome(candidate, baseline), '\n    ']
  return element('testcase', { ...attributes, time: seconds(candidate.duration_ms ?? 0) }, children)
}

function renderOutcome(candidate: CandidateReport, baseline: BaselineReport): string[] {
  const outcome = outcomeOf(candidate)
  if (outcome === 'passed') return []
  const { verdict, expect, gate, reasons } = candidate
  const why = reasons[0] === undefined ? '' : `: ${reasons[0].message}`
  const message = visible(`${verdict}, expected ${expect}: ${VERDICT_SENTENCES[verdict]}${why}`)
  const type = outcome === 'failure' && gate === 'inconclusive' ? 'inconclusive' : verdict
  const body = joinLines(candidateLines(candidate, baseline, 0, createPaint(false)))
  return [`\n      ${element(outcome, { type, message }, [escapeXml(`\n${body}`)])}`]
}

function renderProperties(facts: Record<string, string | number | null | undefined>): string {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null)
  return element(
    'properties',
    {},
    known.map(([name, value]) => element('property', { name: visible(name), value: visible(String(value)) })),
  )
}

function worldFacts({ worlds }: CandidateReport): Record<string, string | number | null> {
  if (worlds === undefined) return {}
  const { tried, passed, failed, inconclusive, upper_bound, left_out, counterexample } = worlds
  return {
    'worlds.tried': tried,
    'worlds.passed': passed,
    'worlds.failed': failed,
    'worlds.inconclusive': inconclusive,
    'worlds.upper_bound': upper_bound === null ? null : Math.ceil(upper_bound * 1000) / 1000,
    'worlds.left_out': left_out,
    'worlds.counterexample': counterexample?.name ?? null,
    'worlds.command': counterexample?.command ?? null,
  }
}

/** The signals that are a figure or a word; those counted by name have a property a name. */
function signalFacts(signals: Signals | null): Record<string, string | number | null> {
  const facts: Record<string, string | number | null> = {}
  for (const [name, value] of Object.entries(signals ?? {})) {
    if (typeof value === 'string' || typeof value === 'number') facts[`signal.${name}`] = value
    else if (COUNTED.includes(name)) {
      for (const [key, count] of Object.entries(value as Record<string, number>)) facts[`signal.${name}.${key}`] = count
    }
  }
  return facts
}

const COUNTED = ['error_classes', 'repeated_tool_calls', 'repeated_same_result', 'retries']

function visible(text: string): string {
  return escapeTerminal(text, 500)
}

function seconds(ms: number): string {
  return (Number.isFinite(ms) ? ms / 1000 : 0).toFixed(3)
}
