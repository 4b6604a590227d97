import { join } from 'node:path'
import { canonicalJson } from '../core/canonical-json.ts'
import type { JsonValue } from '../core/json.ts'
import type { Examination, ExaminationFinding } from '../model/examination.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import type { ObservedSource } from '../replay/observed-source.ts'
import { shapeOf } from '../replay/renaming.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { adviseOn } from '../verify/describe-sources.ts'
import { SHIFT_MS } from './learn-volatile.ts'
import { resolveAgent } from './resolve-agent.ts'
import { runReplay, type TrialReplay } from './run-replay.ts'
import { settleSources } from './settle-sources.ts'

export interface ExamineOptions {
  pool: ReplayPool
  /** Where replays leave their recordings, and where git revisions are kept. */
  outDir: string
}

/**
 * Replays the unfixed agent of a scenario twice, the second time under another seed and another clock, and lists what differs and
 * what it looked at that the recording does not hold.
 *
 * @throws RetrialError those of `resolveAgent`.
 */
export async function examineScenario(
  scenario: Scenario,
  recording: Recording,
  { pool, outDir }: ExamineOptions,
): Promise<Examination> {
  const revisions = join(outDir, 'revisions')
  const agent = await resolveAgent(scenario.baseline, scenario, recording, revisions)
  const request = {
    scenario,
    recording,
    agent,
    on_divergence: 'stale' as const,
    outDir: join(outDir, 'doctor', scenario.id),
  }
  const first = await runReplay({ ...request, name: 'as-recorded' }, pool)
  const second = await runReplay(
    {
      ...request,
      scenario: { ...scenario, replay: { ...scenario.replay, seed: 'another seed' } },
      name: 'otherwise',
      times: { started_at: recording.run.started_at + SHIFT_MS },
    },
    pool,
  )
  const known = {
    recording,
    accepted: scenario.replay.accept,
    stated: scenario.baseline.env,
    cwd: agent.cwd,
    revisions,
    // What chance gives is settled by no other replay.
    baseline: first.result.sources.filter(({ name }) => !name.startsWith('random:')),
  }
  const findings = [
    ...findBroken(first, second),
    ...findDivergences(first, second),
    ...compareEnds(first, second),
    ...first.run.egress.map(({ layer, target, at }) => refused(`${layer} ${target}`, at)),
    ...settleSources(joinSources(first.result.sources, second.result.sources), known).map(({ name, at, settled }) => ({
      kind: 'source' as const,
      what: name,
      at,
      remedies: settled === null ? [adviseOn(name)] : [],
      settled,
    })),
  ]
  const isBroken = [first, second].some(({ run }) => run.outcome === 'harness_error' || run.outcome === 'not_loaded')
  const isClean = findings.every(({ settled }) => settled !== null)
  return {
    scenario: scenario.id,
    agent: agent.label,
    findings,
    finding: isBroken ? 'broken' : isClean ? 'clean' : 'not_clean',
  }
}

function obstacle(kind: ExaminationFinding['kind'], what: string, remedies: string[]): ExaminationFinding {
  return { kind, what, at: null, remedies, settled: null }
}

function refused(what: string, at: string | null): ExaminationFinding {
  return { ...obstacle('refused', what, ['Wrap it as a tool, so that its answer is recorded, or leave it out.']), at }
}

function findBroken(first: TrialReplay, second: TrialReplay): ExaminationFinding[] {
  const replays = [
    ['as it was recorded', first],
    ['under another seed and another clock', second],
  ] as const
  return replays.flatMap(([how, { run }]) => {
    // A divergence that stops a replay is told by itself.
    if (run.outcome === 'finished' || run.outcome === 'diverged') return []
    const why = run.failure === undefined ? '' : `: ${run.failure}`
    return [
      obstacle('broken', `replayed ${how}, it ended by ${run.outcome}${why}`, [
        'See `retrial replay` for what it printed.',
      ]),
    ]
  })
}

function findDivergences(first: TrialReplay, second: TrialReplay): ExaminationFinding[] {
  const always = first.run.divergences
  const known = new Set(always.map(placeOf))
  const more = second.run.divergences.filter((divergence) => !known.has(placeOf(divergence)))
  return [
    ...distinct(always).map((divergence) => tell('not_recorded', divergence)),
    ...distinct(more).map((divergence) => tell('differs', divergence)),
  ]
}

/** One field that differs in each turn is one finding. */
function distinct(divergences: readonly Divergence[]): Divergence[] {
  return [...new Map(divergences.toReversed().map((one) => [placeOf(one), one])).values()].toReversed()
}

function placeOf({ kind, difference, request }: Divergence): string {
  return [request, kind, difference?.path.replace(/\[\d+\]/g, '[*]')].join(' ')
}

function tell(kind: 'not_recorded' | 'differs', divergence: Divergence): ExaminationFinding {
  const { step, summary, difference } = divergence
  const values =
    difference === null ? '' : ` at ${difference.path}: ${clip(difference.recorded)} → ${clip(difference.asked)}`
  return obstacle(kind, `step ${step} ${summary}, ${divergence.kind}${values}`, divergence.remedies)
}

function clip(text: string | null): string {
  if (text === null) return '(absent)'
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function compareEnds(first: TrialReplay, second: TrialReplay): ExaminationFinding[] {
  const [a, b] = [first.run, second.run]
  if (a.trace === null || b.trace === null || a.outcome !== 'finished' || b.outcome !== 'finished') return []
  const remedies = [
    'Find what it draws or which time it reads: under another seed or clock a verdict on it may be another one.',
  ]
  if (a.trace.stop_reason !== b.trace.stop_reason) {
    return [obstacle('differs', `the run ends by ${a.trace.stop_reason}, or by ${b.trace.stop_reason}`, remedies)]
  }
  const [asked, other] = [first.interactions.length, second.interactions.length]
  if (asked !== other) return [obstacle('differs', `the run asks ${asked} times, or ${other} times`, remedies)]
  const [left, right] = [a.trace.output, b.trace.output].map(
    (output) => shapeOf(canonicalJson((output ?? null) as JsonValue)).text,
  )
  return left === right ? [] : [obstacle('differs', 'the output of the run', remedies)]
}

/** The sources of both replays, each once, with all that was seen. */
function joinSources(first: readonly ObservedSource[], second: readonly ObservedSource[]): ObservedSource[] {
  const joined = new Map(first.map((source) => [source.name, source]))
  for (const source of second) {
    const other = joined.get(source.name)
    const seen = [...new Set([...(other?.seen ?? []), ...source.seen])]
    joined.set(source.name, { ...(other ?? source), seen })
  }
  return [...joined.values()]
}
