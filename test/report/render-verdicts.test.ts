import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { renderVerdicts } from '../../src/report/render-verdicts.ts'
import { makeSignals } from '../verify/runs.ts'
import { makeBaseline, makeCandidate, makeDivergence, makeInconclusive, makeMasked, makeScenario } from './reports.ts'

const PLAIN = { color: false, exit_code: 0, duration_ms: 412 }

test('shows what changed given a fix, and one line given an expected failure', () => {
  const expected = makeMasked({ gate: 'pass', expect: 'masked' })
  expect(renderVerdicts([makeScenario([makeCandidate(), expected])], PLAIN)).toMatchInlineSnapshot(`
    "lookup-retry-storm                                            reproduced on ./agent.ts#run at v1.4.2
      ✔ fall-back  fixed           evidence 7/7 exact · 8.30 s replayed in 8 ms
          trigger   lookup timeout ×2            met
          cause     repeated_tool_calls.lookup   3 → 0
          symptom   stop_reason                  tool_error → completed
          also      slowest span 1.80 s → 600 ms · llm calls 6 → 4 · steps 9 → 6 · tokens −31 % · latency 36.20 s → 8.30 s
      ✔ swallow    masked          (as expected) the symptom is gone, the cause is still there: repeated_tool_calls.lookup = 3

    gate pass · 1 scenario, 2 candidates, 0 assumptions · isolation: guard + permission · 412 ms
    "
  `)
})

test('says why and what to do given verdicts that do not pass', () => {
  const regressed = makeCandidate({
    id: 'slow-back-off',
    verdict: 'regressed',
    gate: 'fail',
    reasons: [
      { code: 'slower', message: 'run latency 8.00 s → 1 min 30 s, at most 12.00 s tolerated' },
      { code: 'cause_gone', message: 'repeated_tool_calls.lookup = 0' },
    ],
  })
  const reports = [makeScenario([makeMasked(), regressed, makeInconclusive()])]
  expect(renderVerdicts(reports, { ...PLAIN, exit_code: 1 })).toMatchInlineSnapshot(`
    "lookup-retry-storm                                            reproduced on ./agent.ts#run at v1.4.2
      lookup degrades and the agent retries until its budget is gone · scenarios/lookup-retry-storm.yaml
      ✖ swallow        masked          expected fixed · evidence 7/7 exact
          trigger   lookup timeout ×2            met
          cause     repeated_tool_calls.lookup   3 → 3  still there
          symptom   stop_reason                  tool_error → completed
          because   the symptom is gone, the cause is still there
          replay    .retrial/replays/swallow.jsonl
      ✖ slow-back-off  regressed       expected fixed · evidence 7/7 exact · 8.30 s replayed in 8 ms
          trigger   lookup timeout ×2            met
          cause     repeated_tool_calls.lookup   3 → 0
          symptom   stop_reason                  tool_error → completed
          also      slowest span 1.80 s → 600 ms · llm calls 6 → 4 · steps 9 → 6 · tokens −31 % · latency 36.20 s → 8.30 s
          because   the incident is gone, something else got worse
                    run latency 8.00 s → 1 min 30 s, at most 12.00 s tolerated  [slower]
          replay    .retrial/replays/fall-back.jsonl
      ? terser-prompt  inconclusive    expected fixed · evidence 3/4: 3 exact, 1 stale · 8.30 s replayed in 8 ms
          trigger   lookup timeout ×0            not met (×2 before)  not proved
          cause     repeated_tool_calls.lookup   3 → 0  not proved
          symptom   stop_reason                  tool_error → completed  not proved
          because   nothing is proved either way
                    1 request diverged from the recording, first at step 4  [diverged]
                    good evidence up to step 3; still open: trigger, cause, symptom  [proof_reaches]
          egress    blocked: tcp api.example:443 at agent.ts:12:3
          assumes   volatile $.metadata.request_time ignored
          step 4  llm_generate small-model   asked something the recording does not hold   ERR_REPLAY_DIVERGED
                  POST https://model.example/v1/chat/completions
                  nearest: step 4 of the recording (c4), equal but for $.messages[0].content (system prompt)
                  - Search until you find it.
                  + Search twice at most.
                  The recorded answer was given to the old prompt; it proves nothing about this one (grade: stale).
                  You can: run live and pin the answers
                           name a recording with this prompt as evidence
          unused    2 recorded answers never asked for (c5, c6)
          replay    .retrial/replays/terser-prompt.jsonl

    gate fail · 2 failed, 1 inconclusive · 1 scenario, 3 candidates, 1 assumption · isolation: guard + permission · 412 ms
    "
  `)
})

test('says that nothing is proved given a baseline that is not red', () => {
  const baseline = makeBaseline({
    verdict: 'not_reproduced',
    reasons: [{ code: 'cause_absent', message: 'repeated_tool_calls.lookup = 0' }],
    recording: '.retrial/replays/baseline.jsonl',
  })
  const reason = { code: 'baseline_not_reproduced', message: 'the baseline does not show the incident' }
  const candidate = makeCandidate({
    verdict: 'not_reproduced',
    gate: 'inconclusive',
    findings: null,
    reasons: [reason],
  })
  const reports = [makeScenario([candidate], { baseline })]
  expect(renderVerdicts(reports, { color: false, exit_code: 3 })).toMatchInlineSnapshot(`
    "lookup-retry-storm                                        not reproduced on ./agent.ts#run at v1.4.2
      lookup degrades and the agent retries until its budget is gone · scenarios/lookup-retry-storm.yaml
          evidence 7/7 exact
          repeated_tool_calls.lookup = 0  [cause_absent]
          replay    .retrial/replays/baseline.jsonl
      ? fall-back  not_reproduced  expected fixed · evidence 7/7 exact · 8.30 s replayed in 8 ms
          because   there is no incident to fix
                    the baseline does not show the incident  [baseline_not_reproduced]
          replay    .retrial/replays/fall-back.jsonl

    gate inconclusive · 1 inconclusive · 1 scenario, 1 candidate, 0 assumptions · isolation: guard + permission
    "
  `)
})

test('says that nothing ran given no scenario or no candidate', () => {
  expect(renderVerdicts([], { color: false, exit_code: 3 })).toMatchInlineSnapshot(`
    "gate inconclusive · nothing ran · 0 scenarios, 0 candidates, 0 assumptions
    "
  `)
  expect(renderVerdicts([makeScenario([])], { color: false, exit_code: 3 })).toMatchInlineSnapshot(`
    "lookup-retry-storm                                            reproduced on ./agent.ts#run at v1.4.2
      lookup degrades and the agent retries until its budget is gone · scenarios/lookup-retry-storm.yaml
      ? no candidate ran, so nothing is proved

    gate inconclusive · nothing ran · 1 scenario, 0 candidates, 0 assumptions · isolation: guard + permission
    "
  `)
})

test('never says that the gate passes given a gate that does not, whatever the exit code', () => {
  const lastLine = (...args: Parameters<typeof renderVerdicts>) =>
    renderVerdicts(...args)
      .trimEnd()
      .split('\n')
      .at(-1)
  expect(lastLine([makeScenario([makeMasked()])], PLAIN)).toMatch(/^gate fail/)
  expect(lastLine([makeScenario([makeInconclusive()])], PLAIN)).toMatch(/^gate inconclusive/)
  expect(lastLine([], PLAIN)).toMatch(/^gate inconclusive/)
  for (const exit_code of [1, 2, 3, 4, 130, Number.NaN]) {
    expect(lastLine([makeScenario([makeCandidate()])], { ...PLAIN, exit_code })).not.toMatch(/^gate pass/)
  }
})

test('shows an assumption given any verdict', () => {
  for (const gate of ['pass', 'fail', 'inconclusive'] as const) {
    for (const verdict of ['fixed', 'masked'] as const) {
      const candidate = makeCandidate({ gate, verdict, assumptions: ['stub of GET /price'] })
      expect(renderVerdicts([makeScenario([candidate])], PLAIN)).toContain('assumes   stub of GET /price')
    }
  }
})

test('counts divergences that it does not show', () => {
  const divergences = [1, 2, 3, 4, 5].map((step) => makeDivergence({ step }))
  const text = renderVerdicts([makeScenario([makeInconclusive({ divergences })])], { ...PLAIN, exit_code: 3 })
  expect(text.match(/ERR_REPLAY_DIVERGED/g)).toHaveLength(3)
  expect(text).toContain('(2 more divergences)')
})

test('colours only given colour', () => {
  const reports = [makeScenario([makeCandidate(), makeInconclusive()])]
  const plain = renderVerdicts(reports, PLAIN)
  const coloured = renderVerdicts(reports, { ...PLAIN, color: true })
  expect(plain).not.toContain('\u001b')
  expect(coloured).toContain('\u001b[32m✔')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is removed
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain)
})

test('shows tokens as figures given a baseline without any', () => {
  const baseline = makeBaseline({ signals: makeSignals({ input_tokens: 0, output_tokens: 0 }) })
  const text = renderVerdicts([makeScenario([makeCandidate()], { baseline })], PLAIN)
  expect(text).toContain('tokens 0 → 83')
})

test('shows the end of what was printed, line by line, given a reason of many lines', () => {
  const message = Array.from({ length: 20 }, (_, i) => (i === 15 ? '::error::planted' : `line ${i}`)).join('\n')
  const candidate = makeMasked({ verdict: 'error', reasons: [{ code: 'agent_output', message }] })
  const text = renderVerdicts([makeScenario([candidate])], { ...PLAIN, exit_code: 4 })
  expect(text.match(/^ +line \d+/gm)).toHaveLength(7)
  expect(text).toContain('line 19  [agent_output]')
  expect(text).toContain('\\x3a:error::planted')
})

test('breaks lines under their text, between the parts of a list where it can, given a width', () => {
  const reports = [makeScenario([makeCandidate(), makeInconclusive()])]
  for (const width of [60, 80, 100]) {
    for (const color of [false, true]) {
      const lines = stripVTControlCharacters(renderVerdicts(reports, { ...PLAIN, color, width })).split('\n')
      for (const line of lines) expect(Array.from(line).length, line).toBeLessThanOrEqual(width)
    }
  }
  const [head = '', , , , , ...also] = renderVerdicts(reports, { ...PLAIN, width: 80 }).split('\n')
  expect(head).toMatch(/^lookup-retry-storm {20,}reproduced on .*$/)
  expect(also.slice(0, 4)).toEqual(
    expect.arrayContaining([
      '      also      slowest span 1.80 s → 600 ms · llm calls 6 → 4 · steps 9 → 6 ·',
      '                tokens −31 % · latency 36.20 s → 8.30 s',
    ]),
  )
})
