import { expect, test } from 'vitest'
import type { HttpInteraction, InteractionEnd } from '../../src/model/interaction.ts'
import { adoptDeadlines } from '../../src/trial/adopt-deadlines.ts'
import { http, recordingOf } from '../trace/build-recording.ts'

const TIMEOUT = { name: 'TimeoutError', message: 'The operation was aborted due to timeout' }
const ABORT = { name: 'AbortError', message: 'This operation was aborted' }

const call = (end: InteractionEnd, source?: string): HttpInteraction => ({
  ...http('c1', 'https://docs.test/', { at: 0, status: 0, end }),
  ...(source !== undefined && { evidence: { grade: 'exact', source } }),
})

const RECORDED = recordingOf([call({ kind: 'aborted', offset_ms: 503, error: TIMEOUT })])

test.each([
  ['as long as the recorded client', call({ kind: 'aborted', offset_ms: 500, error: ABORT }, 'c1'), TIMEOUT],
  ['a little less, as timers fire late', call({ kind: 'aborted', offset_ms: 455, error: ABORT }, 'c1'), TIMEOUT],
  ['much less', call({ kind: 'aborted', offset_ms: 100, error: ABORT }, 'c1'), ABORT],
  ['for another call', call({ kind: 'aborted', offset_ms: 500, error: ABORT }, 'c2'), ABORT],
  ['and got an error', call({ kind: 'failed', offset_ms: 500, error: ABORT }, 'c1'), ABORT],
])(
  'an abort by hand is the recorded deadline, and nothing else is, given a client that waited %s',
  (_how, one, error) => {
    const [read] = adoptDeadlines(recordingOf([one]), RECORDED).interactions
    expect(read?.end?.error).toEqual(error)
  },
)

test('a deadline is the recorded abort by hand given a wait as long', () => {
  const recorded = recordingOf([call({ kind: 'aborted', offset_ms: 500, error: ABORT })])
  const [read] = adoptDeadlines(
    recordingOf([call({ kind: 'aborted', offset_ms: 500, error: TIMEOUT }, 'c1')]),
    recorded,
  ).interactions
  expect(read?.end?.error).toEqual(ABORT)
})
