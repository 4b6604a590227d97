import { expect, test } from 'vitest'
import type { IsolationReport, LevelOutcome } from '../../src/model/isolation.ts'
import type { Wall } from '../../src/model/verdict.ts'
import { renderIsolation, toIsolationJson } from '../../src/report/render-isolation.ts'

function makeLevel(walls: Wall[], reached: string[], used = false, uncounted: string[] = []): LevelOutcome {
  const outcomes = ['net.connect', 'Worker'].map((name) => ({
    name,
    contacts: reached.includes(name) ? ['tcp'] : [],
    counted: walls.includes('guard') && !uncounted.includes(name) ? 1 : 0,
    places: [],
    account: 'tried',
  }))
  return { walls, used, outcomes }
}

function makeReport(overrides: Partial<IsolationReport> = {}): IsolationReport {
  return {
    node: '24.0.0',
    platform: 'linux-x64',
    user: 1000,
    groups: { network: ['net.connect'], processes: ['Worker'] },
    levels: [
      makeLevel([], ['net.connect', 'Worker']),
      makeLevel(['permission'], ['net.connect']),
      makeLevel(['guard'], []),
      makeLevel(['guard', 'permission'], []),
      makeLevel(['guard', 'permission', 'namespace'], [], true),
    ],
    finding: 'holds',
    ...overrides,
  }
}

test('shows how many ways out led somewhere at each level, and what replays run behind', () => {
  expect(renderIsolation(makeReport(), { color: false })).toMatchInlineSnapshot(`
    "isolation  node 24.0.0 on linux-x64, as user 1000

      ways out that led somewhere   no walls   permission   guard   guard + permission   guard + permission + namespace
      network                   1   1          1            0       0                    0
      processes                 1   1          0            0       0                    0
      all                       2   2          1            0       0                    0

      holds  nothing came through, and each attempt was counted
      replays run behind: guard + permission + namespace
      a namespace holds no Unix sockets; the guard does, and bubblewrap would
    "
  `)
})

test('names what came through and what was not counted given walls that leak', () => {
  const levels = [makeLevel([], ['Worker']), makeLevel(['guard'], ['Worker'], true, ['net.connect'])]
  expect(renderIsolation(makeReport({ levels, finding: 'leaks', user: 0 }), { color: false })).toMatchInlineSnapshot(`
    "isolation  node 24.0.0 on linux-x64, as root

      ways out that led somewhere   no walls   guard
      network                   1   0          0
      processes                 1   1          1
      all                       2   1          1
      ✖ net.connect was not counted at guard
      ✖ Worker reached tcp at guard

      leaks  something came through, or was not counted: do not trust a verdict of this machine
      replays run behind: guard
      no sandbox of the system works here: install bubblewrap, or allow user namespaces
    "
  `)
})

test('says the same as JSON', () => {
  expect(JSON.parse(toIsolationJson(makeReport()))).toEqual(makeReport())
})
