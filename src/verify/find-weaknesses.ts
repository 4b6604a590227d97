import type { EvidenceGrade } from '../model/evidence.ts'
import { WORTHLESS_GRADES } from '../model/evidence.ts'
import type { EvidenceReport } from '../model/verdict.ts'
import { supports } from './grade-evidence.ts'
import { countOf, createReason, type VerifyReason } from './reason-codes.ts'
import type { TrialRun } from './trial-run.ts'

/**
 * Lists why a run proves nothing either way: it did not finish, asked what the recording does not hold, was answered by
 * evidence below the required grade, reached for the outside world, or compared values that JSON cannot hold. None when
 * every answer is good. Breakage and the seal are judged elsewhere.
 */
export function findWeaknesses(run: TrialRun, required: EvidenceGrade): VerifyReason[] {
  const found = [...findUnfinished(run)]
  if (run.divergences.length > 0) {
    const steps = run.divergences.map((divergence) => divergence.step)
    const when = run.divergences.every(({ late }) => late) ? ', after the agent had given its output' : ''
    const message = `${countOf(steps.length, 'request')} diverged from the recording, first at step ${Math.min(...steps)}${when}`
    found.push(createReason('diverged', message, { steps }))
  } else if (run.outcome === 'diverged') {
    found.push(createReason('diverged', 'the replay stopped at a request that the recording does not hold'))
  }
  found.push(...findWeakEvidence(run, required))
  if (run.evidence.worst !== null && findWeakStep(run, required) !== null && found.length === 0) {
    found.push(createReason('weak_evidence', 'an answer is below the required grade, against what the counts say'))
  }
  if (run.egress.length > 0) {
    const targets = run.egress.map(({ layer, target, at }) => ({ layer, target, at }))
    const attempts = countOf(targets.length, 'attempt')
    const message = targets.every(({ layer }) => layer === 'file')
      ? `${attempts} to write outside of its scratch folder, which \`os.tmpdir()\` names and \`replay.scratch\` sets`
      : `${attempts} to reach the outside world`
    found.push(createReason('blocked_egress', message, targets))
  }
  if (run.lossy.length > 0) {
    const message = `${countOf(run.lossy.length, 'matched value')} cannot be held by JSON, so different ones may look equal`
    found.push(createReason('lossy_values', message, [...run.lossy]))
  }
  const left = run.left ?? []
  // What waits for an answer that is never given goes on for that reason.
  if (left.length > 0 && !run.divergences.some(({ late }) => late)) {
    const list = left.map(({ what, at }) => `${what}${at === null ? '' : ` at ${at}`}`)
    found.push(
      createReason(
        'still_running',
        `it goes on after its output without end, so its process never ends: ${list.join('; ')}`,
        list,
      ),
    )
  }
  const missing = run.missing ?? []
  if (missing.length > 0) {
    found.push(
      createReason('incomplete_recording', `the recording lacks something: ${missing.join('; ')}`, [...missing]),
    )
  }
  return found
}

/**
 * Whether a throw of the agent may be the replay's doing, because it refused or doubted an answer: then it weakens the run,
 * and is no breakage. That nothing was asked explains no throw, nor does what came after it.
 */
export function mayExplainThrow(weaknesses: readonly VerifyReason[]): boolean {
  return weaknesses.some(({ code }) => code !== 'nothing_exercised' && code !== 'still_running')
}

function findUnfinished({ outcome, failure, trace }: TrialRun): VerifyReason[] {
  const why = failure === undefined ? '' : `: ${failure}`
  if (outcome === 'timeout' || outcome === 'hung') {
    return [createReason('timed_out', `the run exceeded its budget of time or steps${why}`)]
  }
  if (outcome === 'deadlock') return [createReason('deadlocked', `the run waits and nothing can happen any more${why}`)]
  if (outcome === 'finished' && trace?.finished !== true) {
    return [createReason('run_unfinished', 'the recording of the run ends before the run did')]
  }
  return []
}

function findWeakEvidence(run: TrialRun, required: EvidenceGrade): VerifyReason[] {
  const { evidence } = run
  const counts = Object.entries(evidence.grades) as [EvidenceGrade, number][]
  const occurred = new Set(counts.filter(([, count]) => count !== 0).map(([grade]) => grade))
  if (evidence.worst !== null) occurred.add(evidence.worst)
  if (occurred.size === 0) return [createReason('nothing_exercised', 'the run asked the recorded world nothing')]
  const bad = [...occurred].filter((grade) => !supports(grade, required))
  const worthless = bad.filter((grade) => WORTHLESS_GRADES.includes(grade))
  const weak = bad.filter((grade) => !WORTHLESS_GRADES.includes(grade))
  const found: VerifyReason[] = []
  if (worthless.length > 0) {
    const message = `${describe(evidence, worthless)}: never evidence for a fix${whyBeyond(run)}`
    found.push(createReason('worthless_evidence', message, { grades: worthless }))
  }
  if (weak.length > 0) {
    const message = `${describe(evidence, weak)}: below the required grade ${required}`
    found.push(createReason('weak_evidence', message, { grades: weak, required }))
  }
  // Not `coverage < 1`: a share that is no number must not pass as full.
  if (found.length === 0 && !(evidence.coverage >= 1)) {
    const message = `only ${Math.floor(evidence.coverage * 100)} % of the requests were answered by evidence`
    found.push(createReason('incomplete_coverage', message, { coverage: evidence.coverage }))
  }
  return found
}

/** What the recording cannot know, of the first answer of which that is said. */
function whyBeyond({ interactions = [] }: TrialRun): string {
  const index = interactions.findIndex(({ evidence }) => evidence?.grade === 'beyond' && evidence.note !== undefined)
  return index === -1 ? '' : `; step ${index + 1}: ${interactions[index]?.evidence?.note}`
}

function describe(evidence: EvidenceReport, grades: EvidenceGrade[]): string {
  return grades.map((grade) => countOf(evidence.grades[grade] ?? 1, `${grade} answer`)).join(', ')
}

/** Position (from 1) of the first request of a run whose answer is no good evidence; null when there is none. */
export function findWeakStep(run: TrialRun, required: EvidenceGrade): number | null {
  const index = (run.interactions ?? []).findIndex(
    ({ evidence }) => evidence === undefined || !supports(evidence.grade, required),
  )
  const steps = run.divergences.map((divergence) => divergence.step)
  if (index !== -1) steps.push(index + 1)
  return steps.length === 0 ? null : Math.min(...steps)
}
