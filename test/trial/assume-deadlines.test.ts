import { expect, test } from 'vitest'
import type { Interaction, InteractionEnd } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { assumeDeadlines } from '../../src/trial/assume-deadlines.ts'
import type { TrialReplay } from '../../src/trial/run-replay.ts'
import { asks, type Call, chat, http, recordingOf, tells, user } from '../trace/build-recording.ts'
import { GREEN, makeRun } from '../verify/runs.ts'

const CALL: Call = ['call_1', 'search', '{"q":"refund"}']
const gaveUp = (offset_ms: number): InteractionEnd => ({ kind: 'aborted', offset_ms })
const came = (offset_ms: number): InteractionEnd => ({ kind: 'complete', offset_ms })

/** A run whose tool makes a request a given end. */
function runOf(ends: InteractionEnd[]): Interaction[] {
  const made = ends.map((end, i) => http(`c${i + 1}`, `https://docs.test/${i}`, { at: 110 + i, end }))
  return [
    chat('m1', [user], { calls: [CALL] }, { at: 0 }),
    ...made,
    chat('m2', [user, asks(CALL), tells('call_1', 'error: timeout')], { text: 'ok' }, { at: 20_000 }),
  ]
}

/** The same as a replay has it, with only some of its calls on the path where they are given. */
function replayOf(interactions: Interaction[], onPath = interactions.map(({ id }) => id)): TrialReplay {
  const served = interactions.map((one): Interaction => ({ ...one, evidence: { grade: 'exact', source: one.id } }))
  const run = makeRun(GREEN, { trace: projectRun(recordingOf(served)) })
  const path = onPath.map((interaction) => ({ interaction, grade: 'exact' as const, trigger: false }))
  return { run: { ...run, evidence: { ...run.evidence, path } }, interactions: served } as unknown as TrialReplay
}

function assume(recorded: InteractionEnd[], replayed: InteractionEnd[], unfixed = recorded): string[] {
  return assumeDeadlines(replayOf(runOf(replayed)), replayOf(runOf(unfixed)), runOf(recorded))
}

test('says how much sooner a call is given up given a shorter deadline', () => {
  expect(assume([gaveUp(10_000)], [gaveUp(0)])).toEqual([
    'gives up on search after 0 ms where the recorded client waited 10.00 s: slower answers are lost',
  ])
})

test('says how long the answer took given a deadline before an answer that came', () => {
  expect(assume([came(300)], [gaveUp(200)])).toEqual([
    'gives up on search after 200 ms where the recorded call took 300 ms: slower answers are lost',
  ])
})

test('says it once a tool given several calls', () => {
  expect(assume([gaveUp(2000), gaveUp(2000)], [gaveUp(1500), gaveUp(1000)])).toEqual([
    'gives up on search after 1.00 s where the recorded client waited 2.00 s: slower answers are lost (2 calls, the soonest)',
  ])
})

test('assumes nothing given a deadline as long as it was, or longer, or none', () => {
  expect(assume([gaveUp(2000)], [gaveUp(2000)])).toEqual([])
  expect(assume([gaveUp(2000)], [gaveUp(3000)])).toEqual([])
  expect(assume([came(300)], [came(300)])).toEqual([])
})

test('assumes nothing given a recorded timer that was late, as that of the unfixed agent shows', () => {
  expect(assume([gaveUp(2003)], [gaveUp(2000)], [gaveUp(2000)])).toEqual([])
})

test('assumes nothing of a call that is not on the path', () => {
  const recorded = runOf([gaveUp(2000)])
  expect(assumeDeadlines(replayOf(runOf([gaveUp(0)]), ['m2']), replayOf(recorded), recorded)).toEqual([])
})
