import { expect, test } from 'vitest'
import { renderJUnit } from '../../src/report/render-junit.ts'
import { findElements, parseXml } from './parse-xml.ts'
import { makeCandidate, makeInconclusive, makeMasked, makeScenario } from './reports.ts'

test('has a suite a scenario and a case a candidate', () => {
  const reports = [makeScenario([makeCandidate({ signals: null }), makeMasked()])]
  expect(renderJUnit(reports, { release: '2.4.1' })).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="retrial" tests="2" failures="1" errors="0" skipped="0" time="0.412">
      <testsuite name="lookup-retry-storm" file="scenarios/lookup-retry-storm.yaml" tests="2" failures="1" errors="0" skipped="0" time="0.412">
        <properties><property name="release" value="2.4.1"/><property name="title" value="lookup degrades and the agent retries until its budget is gone"/><property name="baseline.verdict" value="reproduced"/><property name="baseline.agent" value="./agent.ts#run at v1.4.2"/></properties>
        <testcase name="fall-back" classname="lookup-retry-storm" file="scenarios/lookup-retry-storm.yaml" time="0.008">
          <properties><property name="verdict" value="fixed"/><property name="expect" value="fixed"/><property name="gate" value="pass"/><property name="agent" value="./fixes/fall-back.ts#run"/><property name="isolation" value="guard + permission"/><property name="evidence.coverage" value="1"/></properties>
        </testcase>
        <testcase name="swallow" classname="lookup-retry-storm" file="scenarios/lookup-retry-storm.yaml" time="0.008">
          <properties><property name="verdict" value="masked"/><property name="expect" value="fixed"/><property name="gate" value="fail"/><property name="agent" value="./fixes/fall-back.ts#run"/><property name="isolation" value="guard + permission"/><property name="evidence.coverage" value="1"/></properties>
          <failure type="masked" message="masked, expected fixed: the symptom is gone, the cause is still there: repeated_tool_calls.lookup = 3">
      ✖ swallow  masked          expected fixed · evidence 7/7 exact
          trigger   lookup timeout ×2            met
          cause     repeated_tool_calls.lookup   3 → 3  still there
          symptom   stop_reason                  tool_error → completed
          because   the symptom is gone, the cause is still there
          replay    .retrial/replays/swallow.jsonl
    </failure>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `)
})

test('never shows an inconclusive gate as passed', () => {
  const root = parseXml(renderJUnit([makeScenario([makeInconclusive()])]))
  const [failure] = findElements(root, 'failure')
  expect(failure?.attributes.type).toBe('inconclusive')
  expect(root.attributes).toMatchObject({ tests: '1', failures: '1', errors: '0' })
})

test('shows a verdict error as an error unless the agent’s own error is expected', () => {
  const threw = [{ code: 'agent_threw', message: 'TypeError' }]
  const broke = [{ code: 'harness_error', message: 'worker died' }]
  const count = (...cases: Parameters<typeof makeCandidate>[0][]) => {
    const { tests, failures, errors } = parseXml(renderJUnit([makeScenario(cases.map(makeCandidate))])).attributes
    return `${tests} ${failures} ${errors}`
  }
  expect(count({ verdict: 'error', gate: 'fail', reasons: threw })).toBe('1 0 1')
  expect(count({ verdict: 'error', expect: 'error', gate: 'pass', reasons: threw })).toBe('1 0 0')
  expect(count({ verdict: 'error', expect: 'error', gate: 'pass', reasons: broke })).toBe('1 0 1')
  expect(count({ verdict: 'error', expect: 'error', gate: 'pass', reasons: [...threw, ...broke] })).toBe('1 0 1')
  expect(count({ verdict: 'error', expect: 'error', gate: 'pass', reasons: [] })).toBe('1 0 1')
})

test('gives the signals as properties', () => {
  const root = parseXml(renderJUnit([makeScenario([makeCandidate()])]))
  const [testcase] = findElements(root, 'testcase')
  const properties = testcase === undefined ? [] : findElements(testcase, 'property')
  const value = (name: string) => properties.find(({ attributes }) => attributes.name === name)?.attributes.value
  expect([value('signal.llm_calls'), value('signal.stop_reason'), value('isolation'), value('verdict')]).toEqual([
    '4',
    'completed',
    'guard + permission',
    'fixed',
  ])
})

test('is well-formed given no reports', () => {
  expect(parseXml(renderJUnit([])).attributes).toMatchObject({ tests: '0', failures: '0', errors: '0' })
})
