import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { findElements, parseXml, type XmlElement } from '../report/parse-xml.ts'
import { openCourt } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt()
afterAll(() => court.close())

test('gives the verdicts of the shipped suite given --json, as one document and nothing else', async () => {
  const { code, stdout, stderr } = await court.run(['verify', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const report = readReport(stdout)
  expect(verdictsOf(report)).toEqual({
    'empty-search-loop/hand-over-early': 'fixed pass',
    'empty-search-loop/call-it-completed': 'masked pass',
    'empty-search-loop/fewer-steps': 'not_fixed pass',
    'empty-search-loop/drop-hand-over': 'regressed pass',
    'model-overload-after-release/answer-from-facts': 'fixed pass',
    'model-overload-after-release/apologise': 'masked pass',
    'model-overload-after-release/jitter': 'not_fixed pass',
    'model-overload-after-release/explain-the-outage': 'regressed pass',
    'search-docs-retry-storm/fall-back': 'fixed pass',
    'search-docs-retry-storm/swallow': 'masked pass',
    'search-docs-retry-storm/shorter-timeout': 'not_fixed pass',
    'search-docs-retry-storm/slow-back-off': 'regressed pass',
    'search-docs-retry-storm/terser-prompt': 'inconclusive pass',
  })
  expect(report.scenarios.map(({ baseline }) => baseline.verdict)).toEqual(Array(3).fill('reproduced'))
  expect(report.summary).toMatchObject({ exit_code: 0, scenarios: 3, candidates: 13, assumptions: 1 })
  const shorter = report.scenarios.flatMap(({ candidates }) => candidates).find(({ id }) => id === 'shorter-timeout')
  expect(shorter?.assumptions).toEqual([
    expect.stringMatching(/^gives up on search_docs after 1\.\d+ s where the recorded client waited \d\.\d+ s: /),
  ])
  expect(report.errors).toEqual([])
  for (const { file, candidates } of report.scenarios) {
    for (const path of [file, ...candidates.map(({ recording }) => recording ?? '')]) {
      expect(existsSync(join(court.folder, path)), path).toBe(true)
      expect(path).not.toMatch(/^\/|\.\./)
    }
  }
})

test('writes JUnit with a suite a scenario and a case a candidate given --reporter junit --output', async () => {
  court.write('verdicts.xml', 'an earlier report')
  const { code, stdout, stderr } = await court.run(['verify', '--reporter', 'junit', '--output', 'verdicts.xml'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/\ngate pass · 3 scenarios, 13 candidates/)
  const root = parseXml(court.read('verdicts.xml'))
  expect(checkCounts(root)).toEqual({ tests: 13, failures: 0, errors: 0 })
  expect(findElements(root, 'testsuite').map(({ attributes }) => [attributes.name, attributes.tests])).toEqual([
    ['empty-search-loop', '4'],
    ['model-overload-after-release', '4'],
    ['search-docs-retry-storm', '5'],
  ])
  expect(readdirSync(court.folder).filter((name) => name.includes('.part'))).toEqual([])
})

test('prints one JSON document and writes JUnit beside it given --json, --reporter junit and --output', async () => {
  const args = ['verify', '--only', 'fall-back', 'swallow', '--json', '--reporter', 'junit', '--output', 'both.xml']
  const { code, stdout, stderr } = await court.run(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(readReport(stdout).summary).toMatchObject({ candidates: 2, gates: { pass: 2 } })
  expect(checkCounts(parseXml(court.read('both.xml')))).toEqual({ tests: 2, failures: 0, errors: 0 })
})

test('shows each kind of trouble as JUnit has it given gates that fail, an agent that throws, and a broken file', async () => {
  const troubled = openCourt()
  try {
    troubled.edit('scenarios/search-docs-retry-storm.yaml', 'expect: masked', 'expect: fixed')
    troubled.edit('scenarios/search-docs-retry-storm.yaml', '    expect: inconclusive\n', '')
    const fix = 'examples/support-agent/fixes/empty-search-loop/hand-over-early.ts'
    troubled.write(
      fix,
      `import { converse, released } from '../../agent.ts'
const beforeTools = () => { throw new Error('<broken & \\u0000 ]]>') }
export const run = (input) => converse(input, { ...released, beforeTools })
`,
    )
    troubled.edit('scenarios/model-overload-after-release.yaml', 'severity: blocker', 'severity: awful')
    const { code, stdout } = await troubled.run(['verify', '--reporter', 'junit'])
    expect(code).toBe(1)
    const root = parseXml(stdout)
    expect(checkCounts(root)).toEqual({ tests: 10, failures: 2, errors: 2 })
    const typesOf = (name: string) => findElements(root, name).map(({ attributes }) => attributes.type)
    expect(typesOf('failure')).toEqual(['masked', 'inconclusive'])
    expect(typesOf('error')).toEqual(['error', 'ERR_SCENARIO_INVALID'])
    const text = findElements(root, 'error')[1]?.children.join('')
    expect(text).toMatch(/at scenarios\/model-overload-after-release\.yaml:\d+:\d+/)
  } finally {
    troubled.close()
  }
})

test('reads the same with and without colour, and is plain unless told otherwise given no terminal', async () => {
  const show = async (env: NodeJS.ProcessEnv) =>
    (await court.run(['verify', '--only', 'fall-back', 'swallow'], { env })).stdout
      .replace(/\d+(\.\d+)? m?s\b/g, 'TIME')
      // A sandbox is not to be had everywhere.
      .replace(/guard \+ permission( \+ \w+)?/, 'WALLS')
  const [plain = '', off, colored = ''] = [
    await show({}),
    await show({ NO_COLOR: '1' }),
    await show({ FORCE_COLOR: '1' }),
  ]
  expect(off).toBe(plain)
  expect(plain).not.toContain('\u001b')
  expect(colored).toContain('\u001b[32m✔')
  expect(stripVTControlCharacters(colored)).toBe(plain)
  expect(plain).toMatchInlineSnapshot(`
    "search-docs-retry-storm                         reproduced on ../examples/support-agent/agent.ts#run
      ✔ fall-back  fixed           evidence 4/4 exact · TIME replayed in TIME
          trigger   search_docs timeout ×1            met
          cause     repeated_tool_calls.search_docs   3 → 0
          symptom   stop_reason                       tool_error → completed
          also      slowest span TIME → TIME · llm calls 4 → 2 · tool calls 5 → 2 · steps 9 → 4 · tokens −65 % · latency TIME → TIME
      ✔ swallow    masked          (as expected) the symptom is gone, the cause is still there: repeated_tool_calls.search_docs = 3

    gate pass · 1 scenario, 2 candidates, 0 assumptions · isolation: WALLS · TIME
    "
  `)
})

/** The counts of the root, after every element was found to have the attributes of the common JUnit shape. */
function checkCounts(root: XmlElement): { tests: number; failures: number; errors: number } {
  expect(root.name).toBe('testsuites')
  const suites = root.children.filter((child) => typeof child !== 'string')
  for (const element of [root, ...suites]) {
    const cases = findElements(element, 'testcase')
    const counted = {
      tests: cases.length,
      failures: findElements(element, 'failure').length,
      errors: findElements(element, 'error').length,
      skipped: 0,
    }
    const { tests, failures, errors, skipped, time } = element.attributes
    expect({ tests, failures, errors, skipped }).toEqual(
      Object.fromEntries(Object.entries(counted).map(([name, count]) => [name, String(count)])),
    )
    expect(time).toMatch(/^\d+\.\d{3}$/)
  }
  for (const suite of suites) {
    expect(suite.name).toBe('testsuite')
    for (const testcase of findElements(suite, 'testcase')) {
      expect(testcase.attributes).toMatchObject({ name: expect.any(String), classname: suite.attributes.name })
      const outcomes = testcase.children.filter((child) => typeof child !== 'string' && child.name !== 'properties')
      expect(outcomes.length).toBeLessThanOrEqual(1)
    }
  }
  const { tests, failures, errors } = root.attributes
  return { tests: Number(tests), failures: Number(failures), errors: Number(errors) }
}
