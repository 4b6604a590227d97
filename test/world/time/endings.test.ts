import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasInspector } from '../../../src/replay/sample-stack.ts'
import { type Court, openCourt, type Replay } from '../../replay/court.ts'
import { recordingOf } from './build-recording.ts'

let court: Court
beforeAll(() => {
  court = openCourt()
})
afterAll(() => court.close())

const SILENT = recordingOf([{ path: '/never', started: 0, head: null, aborted: 500 }])

async function replay(source: string, settings: Parameters<Court['replay']>[2] = {}): Promise<Replay> {
  return court.replay(court.agent(source), court.save(SILENT), settings)
}

const failureOf = ({ end }: Replay): string => ('failure' in end ? end.failure : '')

test('a deadlock is found at once given a run that waits for nothing', async () => {
  const { end, virtual_ms } = await replay('export const run = () => new Promise(() => {})')
  expect(end).toEqual({ outcome: 'deadlock', waiting: [] })
  expect(virtual_ms).toBe(0)
})

test('a deadlock names the call, since when, and where given a body that never goes on', async () => {
  const stalled = recordingOf([{ path: '/stall', started: 0, head: 40, pieces: [[40, 'begun']], aborted: 1e9 }])
  const source = `import { setTimeout as sleep } from 'node:timers/promises'
export async function run() {
  await sleep(1500)
  const answer = await fetch('http://world.test/stall')
  void answer.text()
  await new Promise(() => {})
}`
  const { end } = await court.replay(court.agent(source), court.save({ ...stalled, finish: null }), {
    max_virtual_ms: 5e8,
  })
  // The silence ends some time, as that of a network does; the call is over then, and nothing is left.
  expect(end.outcome).toMatch(/timeout|deadlock/)
  expect(JSON.stringify(end)).toMatch(
    /c1 GET http:\/\/world\.test\/stall since 1500 ms at file:\/\/.+\/agent-\d+\.ts:4:\d+/,
  )
})

test('a run with only unref’d timers left is over, as a process of its own would be', async () => {
  const { end, virtual_ms } = await replay(`export async function run() {
  await new Promise((resolve) => setTimeout(resolve, 250))
  await new Promise((resolve) => setTimeout(resolve, 5000).unref())
}`)
  expect(end).toMatchObject({ outcome: 'deadlock' })
  expect(JSON.stringify(end)).toMatch(
    /unref’d setTimeout of 5000 ms at file:\/\/.+\.ts:3:\d+, though such a timer keeps no process alive/,
  )
  expect(virtual_ms).toBe(250)
})

test('unref’d timers fire given anything else that keeps the run alive', async () => {
  const { end, replayed } = await replay(`export async function run() {
  const fired = []
  setTimeout(() => fired.push('unref'), 100).unref()
  const call = fetch('http://world.test/never', { signal: AbortSignal.timeout(500) }).catch(({ name }) => fired.push(name))
  await call
  const late = AbortSignal.timeout(50)
  late.onabort = () => fired.push('signal')
  await new Promise((resolve) => setTimeout(resolve, 51))
  return fired
}`)
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replayed?.finish?.output).toEqual(['unref', 'TimeoutError', 'signal'])
})

test('heartbeats that never end are stopped at the limit of virtual time, and named', async () => {
  const result = await replay(
    `export async function run() {
  setInterval(() => {}, 1000)
  await new Promise(() => {})
}`,
    { max_virtual_ms: 60_000 },
  )
  expect(result.outcome).toBe('timeout')
  expect(failureOf(result)).toMatch(
    /within 60000 ms of virtual time; still there: setInterval of 1000 ms at file:.+\.ts:2:3/,
  )
  expect(result.virtual_ms).toBe(60_000)
})

test.each([
  ['a loop', 'for (;;) i++'],
  ['promises without end', 'for (;;) await i++'],
  ['a loop in a timer', 'await new Promise(() => setTimeout(function late() { for (;;) i++ }, 1000))'],
])(
  'an agent that never ends is stopped and its place is named given %s',
  async (_what, loop) => {
    const result = await replay(
      `async function spin(i) {
  ${loop}
}
export const run = () => spin(0)`,
      // Node 22 has no inspector under its permission model.
      { max_real_ms: 1_000, isolation: { permission: hasInspector(true) } },
    )
    expect(result.outcome).toBe('hung')
    expect(failureOf(result)).toMatch(
      /within 1000 ms of real time: it was running \S+ \(file:\/\/.+\/agent-\d+\.ts:2:\d+\)/,
    )
    expect(result.output).not.toContain('Debugger')
  },
  60_000,
)

test('the place of an endless loop is named under the permission model, on every line of Node', async () => {
  const result = await replay('export function run() {\n  for (let i = 0; ; ) i++\n}', { max_real_ms: 6_000 })
  expect(result.isolation).toContain('permission')
  expect(failureOf(result)).toMatch(/it was running run \(file:\/\/.+\/agent-\d+\.ts:2:\d+\)/)
}, 60_000)

test('an agent that polls without end reaches the limit of virtual time, and its place is named', async () => {
  const result = await replay(
    `export async function run() {
  for (;;) await new Promise((resolve) => setImmediate(resolve))
}`,
    { max_virtual_ms: 10_000 },
  )
  expect(result.outcome).toBe('timeout')
  expect(failureOf(result)).toMatch(
    /within 10000 ms of virtual time; still there: immediates that follow .+ at file:.+:2:\d+/,
  )
})

test('an exception of a timer ends the run as it would end a process', async () => {
  const { end } = await replay(`export async function run() {
  setTimeout(() => { throw new RangeError('of a timer') }, 100)
  await new Promise((resolve) => setTimeout(resolve, 1000))
}`)
  expect(end).toMatchObject({ outcome: 'crashed', agent_error: { name: 'RangeError', message: 'of a timer' } })
})

test('on the machine’s clock answers come as late as they were recorded, and a deadlock is still found', async () => {
  const run = court.save(recordingOf([{ path: '/late', started: 0, head: 150, pieces: [[150, 'late']] }]))
  const waits = court.agent(`export async function run() {
  const began = performance.now()
  const text = await (await fetch('http://world.test/late')).text()
  return [text, performance.now() - began >= 150, Date.now() > 1_750_000_000_000]
}`)
  const { end, replayed } = await court.replay(waits, run, { clock: 'real' })
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replayed?.finish?.output).toEqual(['late', true, true])
  const stuck = await replay('export const run = () => new Promise(() => {})', { clock: 'real' })
  expect(stuck.end).toEqual({ outcome: 'deadlock', waiting: [] })
})

test('a deadlock names the call that ended last given a run that waits for nothing of the world', async () => {
  const run = court.save(recordingOf([{ path: '/quick', started: 0, head: 40, pieces: [[60, 'quick']] }]))
  const agent = court.agent(`export async function run() {
  await (await fetch('http://world.test/quick')).text()
  await new Promise(() => {})
}`)
  expect((await court.replay(agent, run)).end).toEqual({
    outcome: 'deadlock',
    waiting: [],
    last: expect.stringMatching(/^c1 GET http:\/\/world\.test\/quick which ended at 60 ms at file:.+:2:\d+$/),
  })
})

test('the error of a run that dies shows its own code and none of the harness', async () => {
  const { end } = await replay(`function parse(text) { return JSON.parse(text) }
export async function run() {
  setTimeout(() => parse('{'), 10)
  await new Promise((resolve) => setTimeout(resolve, 1000))
}`)
  const { failure } = end as { failure: string }
  expect(failure).toMatch(/^SyntaxError: .+\n.+JSON\.parse.+\n +at parse \(file:.+:1:\d+\)\n.+:3:\d+\)?$/)
})
