import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { codesIn } from './open-court.ts'
import { openWorlds, recordingOfFurther, type Tried, verifyWorlds, worldsScenario } from './open-worlds.ts'

const court = openWorlds()
afterAll(() => court.close())

/** Each candidate with the kind of world that it is tried in, and the world that refutes it. */
const WEAK = {
  racy: [{ orders: 'all' }, 'order c6,c4'],
  impatient: [{ latency: [0.5, 2] }, 'latency ×2'],
  lucky: [{ seeds: 3 }, expect.stringMatching(/^seed [123]$/)],
  dated: [{ clock: ['+1d'] }, 'clock 2025-11-25T16:00:00.000Z'],
  zoned: [{ time_zones: ['UTC', 'Asia/Kolkata'] }, 'time zone Asia/Kolkata'],
  brittle: [{ faults: ['429', 'reset'] }, 'fault reset at c1'],
} as const

const ALL = {
  orders: 'all',
  latency: [0.5, 1, 2],
  seeds: 2,
  clock: ['+1d'],
  time_zones: ['UTC', 'Asia/Kolkata'],
  faults: ['reset', '429', 'truncated'],
}

let code: number | null
let of: Record<string, Tried>

beforeAll(async () => {
  for (const [style, [perturb]] of Object.entries(WEAK)) {
    court.write(`scenarios/${style}.yaml`, inScenarios(style, { verify: { perturb } }))
  }
  court.write('scenarios/sound.yaml', inScenarios('sound', { verify: { perturb: ALL } }))
  court.write('scenarios/telling.yaml', inScenarios('telling', { verify: { perturb: { faults: ['reset'] } } }))
  ;({ code, of } = await verifyWorlds(court))
})

function inScenarios(style: string, more: Record<string, unknown>): string {
  return worldsScenario(style, [style], { recording: '../run.jsonl', agent: '../agent.mjs#run', ...more })
}

test('a fix that holds in every world is fixed, and the bound is that of the worlds tried, given all kinds of worlds', () => {
  const { verdict, worlds } = of.sound as Tried
  expect(verdict).toBe('fixed')
  // 5 orders, 2 factors, 2 seeds, a clock, a zone, 3 faults: the others are no other world.
  expect(worlds).toMatchObject({ tried: 14, passed: 14, failed: 0, inconclusive: 0, left_out: 0, orders: 5 })
  expect(worlds?.upper_bound).toBeCloseTo(1 - 0.05 ** (1 / 14), 10)
  expect(worlds?.counterexample).toBeNull()
  expect(worlds?.skipped.map(({ name }) => name)).toEqual(['latency ×1', 'time zone UTC'])
})

test.each(Object.entries(WEAK))(
  'not_fixed with the smallest world as counterexample, given a %s fix',
  (style, [, name]) => {
    const { verdict, codes, worlds } = of[style] as Tried
    expect(verdict).toBe('not_fixed')
    expect(codes[0]).toBe('counterexample')
    expect(worlds?.counterexample).toMatchObject({
      name,
      outcome: 'failed',
      file: `.retrial/worlds/${style}/${style}.json`,
    })
    expect(worlds?.failed).toBeGreaterThan(0)
    expect(code).toBe(1)
  },
)

test.each(Object.keys(WEAK))('the printed command replays exactly the counterexample given a %s fix', async (style) => {
  const { command, reasons } = of[style]?.worlds?.counterexample ?? { command: '', reasons: [] }
  const [program, ...args] = command.split(' ')
  expect(program).toBe('retrial')
  const folder = join('.retrial/replays', style)
  const tried = new Map(readdirSync(join(court.folder, folder)).map((name) => [name, court.read(join(folder, name))]))
  const { stdout } = await court.run([...args, '--json'])
  const view = JSON.parse(stdout)
  // The very bytes that the world left when it was tried.
  expect(court.read(view.recording)).toBe(tried.get(basename(view.recording)))
  expect(view.world).toBe(of[style]?.worlds?.counterexample?.name)
  if (reasons[0]?.code === 'symptom_present') expect(view.findings.symptom.present).toBe(true)
  else expect([reasons[0]?.code, view.stop_reason]).toEqual(['agent_threw', 'error'])
})

test('a world in which the fix asks something else proves nothing and takes nothing away, given a fault that it tells of', () => {
  const { verdict, worlds } = of.telling as Tried
  expect(verdict).toBe('fixed')
  expect(worlds).toMatchObject({ tried: 1, passed: 0, failed: 0, inconclusive: 1, upper_bound: null })
  expect(worlds?.list[0]?.reasons[0]?.code).toBe('diverged')
})

test('the report names worlds, bound, counterexample and command, given a terminal and JUnit', async () => {
  const perturb = { latency: [2], time_zones: ['UTC', 'Asia/Kolkata'] }
  court.write('calm.yaml', worldsScenario('calm', ['sound'], { verify: { perturb } }))
  const { stdout } = await court.run(['verify', 'scenarios/racy.yaml', 'calm.yaml'])
  expect(stdout).toMatch(/✔ sound +fixed .* · 2\/2 worlds \(≤ 78 % at 95 %\)/)
  expect(stdout).toContain('no world  time zone UTC (it is the recorded one)')
  expect(stdout).toMatch(/✖ racy +not_fixed .* · 3\/5 worlds \(≤ 81 % at 95 %\)/)
  expect(stdout).toMatch(
    /fails in +order c6,c4\n +see it +retrial replay scenarios\/racy\.yaml --candidate racy --world \S+\n/,
  )
  expect(stdout).not.toContain('the symptom is still there')
  const junit = await court.run(['verify', 'scenarios/racy.yaml', '--reporter', 'junit'])
  for (const property of ['tried" value="5"', 'passed" value="3"', 'counterexample" value="order c6,c4"']) {
    expect(junit.stdout).toContain(`name="worlds.${property}`)
  }
})

test('no world is tried given --no-perturb, and a set of them given --perturb and a scenario that names none', async () => {
  court.write('plain.yaml', worldsScenario('plain', ['racy'], {}))
  expect((await verifyWorlds(court, 'plain.yaml')).of.racy).toMatchObject({ verdict: 'fixed', worlds: undefined })
  const off = await verifyWorlds(court, 'scenarios/racy.yaml', '--no-perturb')
  expect(off).toMatchObject({ code: 0, of: { racy: { verdict: 'fixed', worlds: undefined } } })
  const on = await verifyWorlds(court, 'plain.yaml', '--perturb')
  expect(on).toMatchObject({ code: 1, of: { racy: { verdict: 'not_fixed' } } })
  expect(on.of.racy?.worlds?.tried).toBeGreaterThan(12)
  // Elsewhere than by default: the command says so.
  const { of: elsewhere } = await verifyWorlds(court, 'scenarios/zoned.yaml', '--out', 'other place')
  expect(elsewhere.zoned?.worlds?.counterexample?.command).toMatch(/--world 'other place\/\S+' --out 'other place'$/)
})

test('what the agent generates may be another value in another world, given a seed and a fix that names things', async () => {
  court.write('naming.yaml', worldsScenario('naming', ['naming'], { verify: { perturb: { seeds: 2 } } }))
  const { naming } = (await verifyWorlds(court, 'naming.yaml')).of
  expect(naming).toMatchObject({ verdict: 'fixed', worlds: { tried: 2, passed: 2 } })
  // The unfixed agent was replayed there as well, since the answer was found by renaming.
  const left = readdirSync(join(court.folder, '.retrial/replays/naming'))
  expect(left.filter((name) => /^baseline-[0-9a-f]{12}/.test(name))).toHaveLength(2)
})

test('the printed command finds the answers that the world was tried with, given further evidence on the command line', async () => {
  saveRecording(join(court.folder, 'healthy/other.jsonl'), recordingOfFurther())
  const perturb = { time_zones: ['Asia/Kolkata'] }
  court.write('further.yaml', worldsScenario('further', ['further'], { verify: { perturb } }))
  expect((await verifyWorlds(court, 'further.yaml')).of.further?.verdict).toBe('inconclusive')
  const { of: tried } = await verifyWorlds(court, 'further.yaml', '--evidence', 'healthy/other.jsonl')
  const [, ...args] = tried.further?.worlds?.counterexample?.command.split(' ') ?? []
  const { stdout } = await court.run([...args, '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    world: 'time zone Asia/Kolkata',
    stop_reason: 'tool_error',
    evidence: { grades: { pooled: 1 } },
  })
})

test('a counterexample of an earlier run is gone given a run in which the fix holds', async () => {
  court.write(
    'moving.yaml',
    worldsScenario('moving', ['zoned'], { verify: { perturb: { time_zones: ['Asia/Kolkata'] } } }),
  )
  await verifyWorlds(court, 'moving.yaml')
  const file = '.retrial/worlds/moving/zoned.json'
  expect(JSON.parse(court.read(file))).toMatchObject({
    format: 'retrial-world/1',
    world: { time_zone: 'Asia/Kolkata' },
  })
  court.edit('moving.yaml', 'Asia/Kolkata', 'Africa/Abidjan')
  expect((await verifyWorlds(court, 'moving.yaml')).of.zoned).toMatchObject({ verdict: 'fixed' })
  expect(() => court.read(file)).toThrow('ENOENT')
})

test('worlds are counted and bounded, seeded, given more of them than are allowed, and pairs where there is room', async () => {
  const perturb = { orders: 'all', latency: [2], faults: ['429'], max_worlds: 4 }
  court.write('bounded.yaml', worldsScenario('bounded', ['sound'], { verify: { perturb } }))
  const [one, two] = [await verifyWorlds(court, 'bounded.yaml'), await verifyWorlds(court, 'bounded.yaml')]
  expect(one.of.sound?.worlds).toMatchObject({ tried: 4, passed: 4, left_out: 3, orders: 5 })
  const names = one.of.sound?.worlds?.list.map(({ name }) => name)
  expect(names).toContain('latency ×2')
  expect(names).toContain('fault 429 at c1,c2,c3')
  expect(two.of.sound?.worlds?.list.map(({ name }) => name)).toEqual(names)
  const pairs = { latency: [2], time_zones: ['Asia/Kolkata'], faults: ['reset'], pairs: true }
  court.write('pairs.yaml', worldsScenario('pairs', ['brittle'], { verify: { perturb: pairs } }))
  const { brittle } = (await verifyWorlds(court, 'pairs.yaml')).of
  expect(brittle?.worlds).toMatchObject({ tried: 6, failed: 3, counterexample: { name: 'fault reset at c1' } })
})

test('a world file is refused as a mistake in usage given another recording, no world, a fault that cannot be, and no file', async () => {
  const refused = async (file: string, ...more: string[]) => {
    const { code, stderr } = await court.run(['replay', 'scenarios/zoned.yaml', '--world', file, ...more])
    return [code, ...codesIn(stderr)]
  }
  const kept = court.read('.retrial/worlds/zoned/zoned.json')
  court.write('other.json', kept.replace(/"recording": "\w+"/, '"recording": "0"'))
  expect(await refused('other.json')).toEqual([2, 'ERR_TRIAL_WORLD'])
  court.write('wrong.json', kept.replace('"time_zone"', '"time"'))
  expect(await refused('wrong.json')).toEqual([2, 'ERR_TRIAL_WORLD'])
  court.write('fault.json', kept.replace(/"world": \{[^}]*\}/, '"world": {"fault":{"kind":"slow","at":["c99"]}}'))
  expect(await refused('fault.json')).toEqual([2, 'ERR_TRIAL_WORLD'])
  expect(await refused('none.json')).toEqual([2, 'ERR_TRIAL_WORLD'])
  expect(await refused('other.json', '--seed', '3')).toEqual([2, 'ERR_CLI_USAGE'])
})
