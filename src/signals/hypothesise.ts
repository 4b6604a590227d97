import type { Hypothesis, MetricsSnapshot, Signals } from '../model/signal.ts'
import { ARTICLE_RULES } from './article-rules.ts'
import { COMBINATION_RULES } from './combination-rules.ts'
import type { Facts, Rule } from './rules.ts'
import { RUN_RULES } from './run-rules.ts'

/** All rules, in the order in which their hypotheses are given. */
export const RULES: readonly Rule<Facts>[] = [...ARTICLE_RULES, ...COMBINATION_RULES, ...RUN_RULES]

/** What hypotheses are drawn from. */
export interface HypothesiseOptions {
  signals: Signals
  /** What is known of many runs; what is missing is unknown and supports nothing. */
  metrics?: MetricsSnapshot | undefined
}

/**
 * Draws the hypotheses that the signals of a run support, with the evidence of each and what to check next.
 * A hypothesis is a guess to be tested by a replay, never a finding: in particular the first error span is where to
 * look first, not the cause.
 *
 * @example
 * for (const { code, checks } of hypothesise({ signals: computeSignals(trace) })) console.log(code, checks)
 */
export function hypothesise(options: HypothesiseOptions): Hypothesis[] {
  const facts: Facts = { ...options.signals, metrics: options.metrics ?? {} }
  return applyRules(RULES, facts).map(({ rule, statement, evidence }) => ({
    code: rule.code,
    statement,
    evidence,
    checks: [...rule.checks],
  }))
}

/** The rules whose pattern the facts show, with their statement and evidence, in the order of the rules. */
export function applyRules<F>(rules: readonly Rule<F>[], facts: F) {
  return rules
    .filter((rule) => rule.when(facts))
    .map((rule) => ({ rule, statement: rule.statement(facts), evidence: rule.evidence(facts) }))
}
