import { afterAll, expect, test } from 'vitest'
import type { IsolationReport } from '../../src/model/isolation.ts'
import { openCourt } from './open-court.ts'

const court = openCourt([])
afterAll(() => court.close())
const PATIENCE_MS = 300_000

test(
  'shows that nothing comes through the walls of a replay, and exits with 0',
  async () => {
    const { code, stdout, stderr } = await court.run(['doctor', '--isolation'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ {2}all +10\d +\d\d+ +\d\d +0 +0( +0)?$/m)
    expect(stdout).toContain('holds  nothing came through, and each attempt was counted')
    expect(stdout).toMatch(/replays run behind: guard \+ permission/)
  },
  PATIENCE_MS,
)

test(
  'tells all in one JSON document given --json and no sandbox',
  async () => {
    const { code, stdout } = await court.run(['doctor', '--isolation', '--json'], { env: { PATH: court.folder } })
    const report = JSON.parse(stdout) as IsolationReport
    expect({ code, finding: report.finding }).toEqual({ code: 0, finding: 'holds' })
    expect(report.levels.map(({ walls, used }) => [walls.join(' + '), used])).toEqual([
      ['', false],
      ['permission', false],
      ['guard', false],
      ['guard + permission', true],
    ])
    const reached = report.levels.map(({ outcomes }) => outcomes.filter(({ contacts }) => contacts.length > 0).length)
    expect(reached[0]).toBeGreaterThan(90)
    expect(reached.slice(2)).toEqual([0, 0])
  },
  PATIENCE_MS,
)

test('names the fault and exits with 2 given nothing to examine', async () => {
  const { code, stdout, stderr } = await court.run(['doctor'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('[ERR_CLI_USAGE]')
})
