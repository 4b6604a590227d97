import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { codesIn, openCourt, stormScenario } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt(['recordings', 'examples'])
afterAll(() => court.close())

/** The exit code is pinned, and no reporter may look like a success. */
async function verifyVacuous(...args: string[]) {
  const [json, text, junit] = await Promise.all([
    court.run(['verify', ...args, '--json', '--out', '.retrial/json']),
    court.run(['verify', ...args, '--out', '.retrial/text']),
    court.run(['verify', ...args, '--reporter', 'junit', '--out', '.retrial/junit']),
  ])
  const report = readReport(json.stdout)
  expect([text.code, junit.code, report.summary.exit_code]).toEqual(Array(3).fill(json.code))
  expect(text.stdout).not.toContain('gate pass')
  expect(junit.stdout).toMatch(/<testsuites [^>]*(failures|errors)="[1-9]/)
  const codes = report.errors.map(({ code }) => code)
  expect(codesIn(text.stderr)).toEqual(expect.arrayContaining(codes))
  return { code: json.code, codes, verdicts: Object.values(verdictsOf(report)), report }
}

test('is not green given no scenario', async () => {
  expect(await verifyVacuous()).toMatchObject({ code: 2, codes: ['ERR_SCENARIO_NOT_FOUND'] })
  mkdirSync(join(court.folder, 'empty'))
  expect(await verifyVacuous('empty')).toMatchObject({ code: 2, codes: ['ERR_SCENARIO_NONE_FOUND'] })
  expect(await verifyVacuous('recordings/*.yaml')).toMatchObject({ code: 2, codes: ['ERR_SCENARIO_NONE_FOUND'] })
})

test('is not green given a scenario without candidates', async () => {
  for (const candidates of [[], undefined]) {
    court.write('bare/scenario.yaml', stormScenario({ candidates }))
    expect(await verifyVacuous('bare')).toMatchObject({ code: 2, codes: ['ERR_SCENARIO_NO_CANDIDATE'] })
  }
})

test('is not green given a filter that matches nothing, or only in part', async () => {
  court.write('one/scenario.yaml', stormScenario())
  const none = await verifyVacuous('one', '--only', 'fall-bakc')
  expect(none).toMatchObject({ code: 3, codes: ['ERR_SUITE_UNKNOWN_ID'], verdicts: [] })
  const part = await verifyVacuous('one', '--only', 'fall-back', 'storm/other')
  expect(part).toMatchObject({ code: 3, codes: ['ERR_SUITE_UNKNOWN_ID'], verdicts: ['fixed pass'] })
  expect(await court.run(['verify', 'one', '--only', ''])).toMatchObject({ code: 2 })
})

test('is not green given a recording in which nothing happened', async () => {
  const [header = ''] = court.read('recordings/run_9fd2.jsonl').split('\n')
  court.write('quiet/empty.jsonl', '')
  court.write('quiet/header.jsonl', `${header}\n`)
  for (const id of ['empty', 'header'])
    court.write(`quiet/${id}.yaml`, stormScenario({ id, recording: `./${id}.jsonl` }))
  const { code, codes, verdicts } = await verifyVacuous('quiet')
  expect(code).toBe(2)
  expect(codes).toEqual(['ERR_RECORDING_EMPTY'])
  expect(verdicts).toEqual(['inconclusive inconclusive'])
})

test('is not green given candidates that do nothing', async () => {
  court.write(
    'idle/noop.ts',
    "export function run() { return { stop_reason: 'completed', answer: 'refund policy' } }\n",
  )
  court.write('idle/lost.ts', 'export function run() {}\n')
  court.write('idle/never.ts', 'export const run = () => new Promise(() => {})\n')
  court.write('idle/value.ts', 'export const run = 1\n')
  court.write('idle/leave.ts', 'export const run = () => process.exit(0)\n')
  const candidates = ['noop', 'lost', 'never', 'value', 'leave'].map((id) => ({ id, agent: `./${id}.ts#run` }))
  court.write('idle/scenario.yaml', stormScenario({ candidates }))
  const { code, verdicts } = await verifyVacuous('idle')
  expect(code).toBe(4)
  expect(verdicts).toEqual([
    'inconclusive inconclusive',
    'inconclusive inconclusive',
    'inconclusive inconclusive',
    'error fail',
    'error fail',
  ])
  expect((await court.run(['verify', 'idle', '--only', 'noop', 'lost', 'never'])).code).toBe(3)
})

test('is not green given a role on a signal, an expectation or a verdict that does not exist', async () => {
  const { incident, verify } = JSON.parse(stormScenario())
  const cases: [Record<string, unknown>, string][] = [
    [{ incident: { ...incident, cause: { signal: 'repeated_tool_call', at_least: 2 } } }, 'ERR_SCENARIO_VALUE'],
    [{ verify: { expect: { ...verify.expect, max_stepz: 1 } } }, 'ERR_SCENARIO_UNKNOWN_KEY'],
    [{ candidates: [{ id: 'a', agent: './a.ts#run', expect: 'fixd' }] }, 'ERR_SCENARIO_VALUE'],
    [{ candidates: [{ id: 'a', agent: './a.ts#run', skip: true }] }, 'ERR_SCENARIO_UNKNOWN_KEY'],
  ]
  for (const [index, [overrides]] of cases.entries()) {
    court.write(`odd/${index}.yaml`, stormScenario({ id: `odd-${index}`, ...overrides }))
  }
  const { code, codes } = await verifyVacuous('odd')
  expect({ code, codes }).toEqual({ code: 2, codes: cases.map(([, wanted]) => wanted) })
})
