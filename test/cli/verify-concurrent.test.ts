import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openCourt, stormScenario } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt(['recordings', 'examples'])
afterAll(() => court.close())

test('gives each run its own verdicts given several at once in one folder', async () => {
  court.write('storm/scenario.yaml', stormScenario())
  const runs = await Promise.all([1, 2, 3, 4].map(() => court.run(['verify', 'storm', '--json'])))
  for (const { code, stdout } of runs) {
    expect({ code, verdicts: verdictsOf(readReport(stdout)) }).toEqual({
      code: 0,
      verdicts: { 'storm/fall-back': 'fixed pass' },
    })
  }
  expect(readdirSync(join(court.folder, '.retrial/replays/storm')).toSorted()).toEqual([
    'baseline.jsonl',
    'candidate-fall-back.jsonl',
  ])
})
