import { expect, test } from 'vitest'
import { judgeBaseline } from '../../src/verify/judge-baseline.ts'
import { judgeCandidate } from '../../src/verify/judge-candidate.ts'
import { GREEN, INCIDENT, makeRun, RED, TOLERANCE } from './runs.ts'

const missing = ['what the agent said to db.test over http2 is not recorded']

test('is inconclusive given a recording that says it lacks something', () => {
  const judged = judgeCandidate({
    baseline: { verdict: 'reproduced', run: makeRun(RED) },
    candidate: makeRun(GREEN, { missing }),
    incident: INCIDENT,
    required: 'exact',
    tolerance: TOLERANCE,
  })
  expect(judged.verdict).toBe('inconclusive')
  expect(judged.reasons.map(({ code }) => code)).toContain('incomplete_recording')
})

test('proves no incident given a recording that says it lacks something', () => {
  const run = makeRun(RED, { missing })
  expect(judgeBaseline({ run, incident: INCIDENT, required: 'exact' }).verdict).toBe('inconclusive')
})
