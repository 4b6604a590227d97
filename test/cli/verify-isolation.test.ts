import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openCourt, stormScenario } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt(['recordings', 'examples'])
afterAll(() => court.close())

// No program can be found, and so no sandbox.
const BARE = { PATH: court.folder }

test('the walls of each replay stand in the report given no sandbox', async () => {
  court.write('storm/scenario.yaml', stormScenario())
  const { code, stdout } = await court.run(['verify', 'storm', '--json'], { env: BARE })
  const report = readReport(stdout)
  expect({ code, verdicts: verdictsOf(report) }).toEqual({ code: 0, verdicts: { 'storm/fall-back': 'fixed pass' } })
  const walls = report.scenarios.flatMap(({ baseline, candidates }) =>
    [baseline, ...candidates].map((one) => one.isolation),
  )
  expect(walls).toEqual([
    ['guard', 'permission'],
    ['guard', 'permission'],
  ])
  expect(report.summary.isolation).toBe('guard + permission')
  const { stdout: shown } = await court.run(['replay', 'storm/scenario.yaml', '--sandbox', 'off'])
  expect(shown).toContain('  isolation guard + permission\n')
  expect(readdirSync(join(court.folder, '.retrial', 'work', 'scratch'), { recursive: true })).toEqual(['storm'])
})

test('a lower level is listed, as walls and as an assumption, given a scenario that asks for it', async () => {
  court.write('lower/scenario.yaml', stormScenario({ replay: { permission: 'off', addons: true, sandbox: 'off' } }))
  const { stdout } = await court.run(['verify', 'lower', '--json'])
  const [candidate] = readReport(stdout).scenarios.flatMap(({ candidates }) => candidates)
  expect(candidate).toMatchObject({ verdict: 'fixed', isolation: ['guard'] })
  expect(candidate?.assumptions).toEqual([
    expect.stringContaining('replay.permission off'),
    expect.stringContaining('replay.addons'),
  ])
})

test('nothing runs and the code is 2 given a sandbox that is required and not to be had', async () => {
  court.write('required/scenario.yaml', stormScenario({ replay: { sandbox: 'require' } }))
  const { code, stdout } = await court.run(['verify', 'required', '--json'], { env: BARE })
  const report = readReport(stdout)
  expect({ code, isolation: report.summary.isolation }).toEqual({ code: 2, isolation: null })
  expect(report.errors).toMatchObject([{ code: 'ERR_TRIAL_NO_SANDBOX', file: 'required/scenario.yaml', line: 1 }])
  const forced = await court.run(['verify', 'storm', '--sandbox', 'require'], { env: BARE })
  expect({ code: forced.code, stdout: forced.stdout }).toEqual({ code: 2, stdout: '' })
  expect(forced.stderr).toContain('[ERR_TRIAL_NO_SANDBOX]')
  const given = await court.run(['verify', 'required', '--sandbox', 'off', '--json'], { env: BARE })
  expect(given.code).toBe(0)
})

test('a scratch folder that holds evidence or code is refused', async () => {
  for (const scratch of ['.', '../recordings', '../examples']) {
    court.write('scratch/scenario.yaml', stormScenario({ replay: { scratch } }))
    const { code, stdout } = await court.run(['verify', 'scratch', '--json'])
    expect({ code, codes: readReport(stdout).errors.map((error) => error.code) }).toEqual({
      code: 2,
      codes: ['ERR_TRIAL_SCRATCH'],
    })
  }
  court.write('scratch/scenario.yaml', stormScenario({ replay: { scratch: '../mine' } }))
  const { code, stdout } = await court.run(['verify', 'scratch', '--json'])
  expect(code).toBe(0)
  expect(readReport(stdout).scenarios[0]?.candidates[0]?.assumptions).toEqual([
    expect.stringContaining('replay.scratch'),
  ])
  expect(existsSync(join(court.folder, 'mine'))).toBe(true)
})

test('an attempt to leave blocks the verdict fixed, with its place, given a candidate that swallows the refusal', async () => {
  court.write(
    'examples/support-agent/fixes/search-docs-retry-storm/leaky.ts',
    `import fs from 'node:fs'
import { run as fixed } from './fall-back.ts'
export async function run(...args: Parameters<typeof fixed>) {
  try { fs.writeFileSync('/tmp/retrial-leak', 'x') } catch {}
  return fixed(...args)
}
`,
  )
  const agent = '../examples/support-agent/fixes/search-docs-retry-storm/leaky.ts#run'
  court.write('leaky/scenario.yaml', stormScenario({ candidates: [{ id: 'leaky', agent }] }))
  const { code, stdout } = await court.run(['verify', 'leaky', '--json'])
  const [candidate] = readReport(stdout).scenarios.flatMap(({ candidates }) => candidates)
  expect({ code, verdict: candidate?.verdict }).toEqual({ code: 3, verdict: 'inconclusive' })
  expect(candidate?.reasons[0]?.code).toBe('blocked_egress')
  expect(candidate?.egress).toMatchObject([{ layer: 'file', at: expect.stringContaining('leaky.ts:4:') }])
  expect(existsSync('/tmp/retrial-leak')).toBe(false)
})
