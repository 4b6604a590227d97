import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, type Court, type LiveRun, openCourt, outputOf, type Replay } from './court.ts'

let court: Court
let live: LiveRun
let good: Agent
beforeAll(async () => {
  court = openCourt()
  good = court.agent(`export const run = () => 'good'`)
  live = await court.record(good)
})
afterAll(() => court.close())

/** Replays an agent that tells its process id, and makes sure that nothing is left of it. */
async function replaySource(source: string, settings = {}): Promise<Replay> {
  const replay = await court.replay(
    court.agent(`process.stdout.write('pid ' + process.pid + '\\n');\n${source}`),
    live,
    settings,
  )
  const pid = Number(/pid (\d+)/.exec(replay.output)?.[1])
  if (!Number.isNaN(pid)) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  return replay
}

/** Processes that this one started and that still are. */
function children(): { pid: number; command: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [parent, pid, ...command] = line.trim().split(/\s+/)
    // `ps` itself is one of them.
    return Number(parent) === process.pid && command[0] !== 'ps'
      ? [{ pid: Number(pid), command: command.join(' ') }]
      : []
  })
}

/** The replay processes that wait for a job. */
function waiting(): number[] {
  return children().flatMap(({ pid, command }) => (command.includes('replay-process') ? [pid] : []))
}

const ENDS: [title: string, source: string, end: object][] = [
  [
    'process.exit',
    'export const run = () => process.exit(7)',
    { outcome: 'crashed', failure: 'the agent ended its process with exit code 7' },
  ],
  [
    'process.exit(0)',
    'export const run = () => process.exit(0)',
    { outcome: 'crashed', failure: 'the agent ended its process with exit code 0' },
  ],
  [
    'an exit while it is loaded',
    'process.exit(0); export const run = () => 1',
    { outcome: 'crashed', failure: 'the agent ended its process with exit code 0' },
  ],
  [
    'process.abort',
    'export const run = () => process.abort()',
    { outcome: 'crashed', failure: 'its process was killed by SIGABRT' },
  ],
  [
    'SIGKILL to itself',
    `export const run = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}) }`,
    { outcome: 'crashed', failure: 'its process was killed by SIGKILL' },
  ],
  [
    'an error thrown at once',
    `export function run() { throw new RangeError('at once') }`,
    { outcome: 'finished', agent_error: { name: 'RangeError', message: 'at once' } },
  ],
  [
    'an error thrown later',
    `export async function run() { await null; throw new RangeError('later') }`,
    { outcome: 'finished', agent_error: { name: 'RangeError', message: 'later' } },
  ],
  [
    'a thrown text',
    `export function run() { throw 'a text' }`,
    { outcome: 'finished', agent_error: { name: 'Error', message: 'a text' } },
  ],
  [
    'an error that nobody catches',
    `export function run() { setTimeout(() => { throw new RangeError('nobody') }, 50); return new Promise(() => {}) }`,
    {
      outcome: 'crashed',
      failure: expect.stringContaining('nobody'),
      agent_error: { name: 'RangeError', message: 'nobody' },
    },
  ],
  [
    'a rejection that nobody handles',
    `export function run() { Promise.reject(new RangeError('unhandled')); return new Promise(() => {}) }`,
    {
      outcome: 'crashed',
      failure: expect.stringContaining('unhandled'),
      agent_error: { name: 'RangeError', message: 'unhandled' },
    },
  ],
  [
    'a promise that never settles',
    'export const run = () => new Promise(() => {})',
    { outcome: 'deadlock', waiting: [] },
  ],
  [
    'a timer without end',
    'export const run = () => { setInterval(() => {}, 1000); return new Promise(() => {}) }',
    { outcome: 'timeout', failure: expect.stringContaining('the run did not end within 60000 ms of virtual time') },
  ],
  [
    'no such export',
    'export const other = () => 1',
    { outcome: 'not_loaded', code: 'ERR_REPLAY_AGENT', hint: 'Name one of its functions: other.' },
  ],
  ['an export that is no function', 'export const run = 5', { outcome: 'not_loaded', code: 'ERR_REPLAY_AGENT' }],
  ['a syntax error', 'export const run = (', { outcome: 'not_loaded', code: 'ERR_REPLAY_AGENT' }],
  [
    'an import that is not there',
    `import 'no-such-package'; export const run = () => 1`,
    { outcome: 'not_loaded', code: 'ERR_REPLAY_AGENT', failure: expect.stringContaining('no-such-package') },
  ],
  [
    'an error while it is loaded',
    `throw new Error('at the top'); export const run = () => 1`,
    { outcome: 'not_loaded', code: 'ERR_REPLAY_AGENT', failure: expect.stringContaining('at the top') },
  ],
]

test.each(ENDS)('the result says what happened, and no process is left, given %s', async (_title, source, end) => {
  const replay = await replaySource(source, { max_virtual_ms: 60_000 })
  expect(replay.end).toMatchObject(end)
  expect(replay.divergences).toEqual([])
  expect(replay.replayed?.finish ?? null).toEqual(replay.outcome === 'finished' ? expect.anything() : null)
})

test('a missing module is named given an agent that is not there', async () => {
  const replay = await court.replay({ module: join(court.folder, 'nowhere.ts'), export: 'run' }, live)
  expect(replay.end).toMatchObject({
    outcome: 'not_loaded',
    code: 'ERR_REPLAY_AGENT',
    failure: expect.stringContaining('nowhere.ts'),
  })
})

test('an endless loop is ended by the budget of real time, and others go on beside it', async () => {
  const endless = replaySource('export const run = () => { for (;;); }', { max_real_ms: 3_000 })
  const beside = await court.replay(good, live)
  expect(outputOf(beside)).toBe('good')
  expect((await endless).end).toEqual({
    outcome: 'hung',
    failure: expect.stringContaining('the replay did not end within 3000 ms of real time'),
  })
})

test('the budget of memory ends the process, and others go on beside it, given an agent that uses it up', async () => {
  const source = `
    export function run() {
      console.log('what it printed')
      const hog = []
      for (;;) hog.push(new Array(1e6).fill(0.5))
    }`
  const hog = replaySource(source, { max_memory_mb: 96 })
  const beside = await court.replay(good, live)
  expect(outputOf(beside)).toBe('good')
  const { end, output } = await hog
  expect(end).toEqual({
    outcome: 'crashed',
    failure:
      'it used up its budget of 96 MB of memory. Find what it keeps, or raise `replay.max_memory_mb` in the scenario',
  })
  // What the engine printed of its own heap and stack is no output of the agent.
  expect(output).toMatch(/^pid \d+\nwhat it printed\s*$/)
})

test('what an agent prints does not hide that its memory is used up', async () => {
  const source = `
    export function run() {
      const hog = []
      for (;;) {
        hog.push(new Array(1e6).fill(0.5))
        process.stdout.write('out '.repeat(25_000) + '\\n')
      }
    }`
  const { end } = await replaySource(source, { max_memory_mb: 96 })
  expect(end).toMatchObject({ outcome: 'crashed', failure: expect.stringContaining('its budget of 96 MB of memory') })
})

test('each replay has the budget that it was given, whatever the waiting processes have', async () => {
  const limit = court.agent(
    `import { getHeapStatistics } from 'node:v8'\nexport const run = () => getHeapStatistics().heap_size_limit`,
  )
  const limits: number[] = []
  for (const max_memory_mb of [undefined, 96, 512, undefined]) {
    const replay = await court.replay(limit, live, { ...(max_memory_mb !== undefined && { max_memory_mb }) })
    limits.push(Number(outputOf(replay)) / 2 ** 20)
  }
  const [first, small, large, last] = limits as [number, number, number, number]
  expect(first).toBe(last)
  expect(first).toBeGreaterThanOrEqual(1024)
  expect(large - small).toBe(512 - 96)
  expect(first - large).toBe(1024 - 512)
})

test('what an agent prints by the megabyte is no harm, and its end is kept', async () => {
  const replay = await replaySource(`
    export async function run() {
      for (let i = 0; i < 200; i++) {
        process.stdout.write('out '.repeat(2500) + '\\n')
        process.stderr.write('err '.repeat(2500) + '\\n')
      }
      // The two streams are read in no certain order.
      console.log('pid ' + process.pid)
      console.error('pid ' + process.pid)
      return 'printed'
    }`)
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(outputOf(replay)).toBe('printed')
  expect(replay.output.length).toBeLessThanOrEqual(16_384)
  expect(replay.output).toMatch(/pid \d+\n$/)
})

const RETURNS: [title: string, expression: string, kept: unknown][] = [
  ['nothing', 'undefined', null],
  ['a function', '() => 1', expect.anything()],
  ['a circle', '(() => { const a = {}; a.a = a; return a })()', expect.anything()],
  ['a bigint', '12n', expect.anything()],
  ['a map', 'new Map([[1, 2]])', expect.anything()],
  ['an object whose fields throw', '({ get a() { throw new Error("no") } })', expect.anything()],
]

test.each(RETURNS)(
  'the run is finished and sealed given an agent that returns %s',
  async (_title, expression, kept) => {
    const replay = await replaySource(`export const run = () => (${expression})`)
    expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
    expect(replay.replayed?.integrity).toBe('sealed')
    expect(replay.replayed?.finish?.output ?? null).toEqual(kept)
  },
)

test('a replay is not harmed given waiting processes that were killed', async () => {
  await court.replay(good, live)
  const killed = waiting()
  expect(killed.length).toBeGreaterThan(0)
  for (const pid of killed) process.kill(pid, 'SIGKILL')
  await expect.poll(() => children().filter(({ pid }) => killed.includes(pid))).toEqual([])
  expect(outputOf(await court.replay(good, live))).toBe('good')
})

test('no process is left when the pool is closed', async () => {
  const before = children().length
  const other = openCourt()
  const run = await other.record(other.agent('export const run = () => 1'))
  await other.replay(good, run)
  other.close()
  await expect.poll(() => children().length).toBe(before)
})

test('the calls before it are in the recording given an agent that ends its process, or never ends', async () => {
  const source = (end: string): string => `
    import { tool } from '${join(import.meta.dirname, '../../src/index.ts')}'
    const look = tool('look', async () => 'seen')
    export async function run(end: string) { await look(); if (end === 'return') return 1; ${end}; for (;;); }`
  const recorded = await court.record(court.agent(source('')), 'return')
  for (const end of ['process.exit(1)', '']) {
    const replay = await court.replay(court.agent(source(end)), recorded, {
      input: 'end',
      max_real_ms: end === '' ? 15_000 : 60_000,
    })
    expect(replay.outcome).toBe(end === '' ? 'hung' : 'crashed')
    expect(replay.replayed?.interactions).toMatchObject([{ name: 'look', value: 'seen', evidence: { grade: 'exact' } }])
  }
})
