import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordingOf } from '../world/time/build-recording.ts'
import { type Court, openCourt, outputOf, type Replay } from './court.ts'

let court: Court
beforeAll(() => {
  court = openCourt()
})
afterAll(() => court.close())

const TWICE = recordingOf([
  { path: '/pay', started: 0, head: 10, pieces: [[10, 'first']] },
  { path: '/pay', started: 200, head: 10, pieces: [[10, 'second']] },
])

/** Replays an agent that pays, gives its output, and goes on with `late`. */
async function replay(late: string, settings: Parameters<Court['replay']>[2] = {}): Promise<Replay> {
  const source = `export async function run() {
  const pay = async () => (await fetch('http://world.test/pay')).text()
  await pay()
  ${late}
  return 'paid'
}`
  return court.replay(court.agent(source), court.save(TWICE), settings)
}

const LATE: [title: string, late: string][] = [
  ['a timer', 'setTimeout(pay, 200)'],
  ['a timer that keeps no process alive', 'setTimeout(pay, 200).unref()'],
  ['a loop in the background', 'void (async () => { await new Promise((r) => setTimeout(r, 50)); await pay() })()'],
  ['an interval that ends', 'const id = setInterval(() => { clearInterval(id); pay() }, 10_000)'],
  ['beforeExit', `process.once('beforeExit', pay)`],
  ['a timer of beforeExit', `process.once('beforeExit', () => setTimeout(pay, 1))`],
  ['an immediate', 'setImmediate(pay)'],
  ['a call that it leaves open', 'void pay()'],
]

test.each(LATE)(
  'what is asked after the output is answered and written down behind it, given %s',
  async (_title, late) => {
    const { end, replayed, virtual_ms, left, grades } = await replay(late)
    expect(end).toEqual({ outcome: 'finished', agent_error: null })
    expect(grades).toEqual(['exact', 'exact'])
    expect(replayed?.interactions[1]?.end).toMatchObject({ kind: 'complete' })
    expect(replayed?.finish).toMatchObject({ at_ms: 10, output: 'paid' })
    expect(replayed?.integrity).toBe('sealed')
    expect([virtual_ms, left]).toEqual([10, []])
  },
)

test('a question that the recording does not hold is a divergence, told as late, and does not end what goes on', async () => {
  const { end, divergences, replayed, output } = await replay(
    `setTimeout(() => { pay(); pay(); setTimeout(() => console.log('went on'), 10) }, 10)`,
  )
  expect(end).toEqual({ outcome: 'diverged' })
  expect(divergences).toMatchObject([{ grade: 'none', late: true, kind: 'exhausted', interaction: 'c3' }])
  expect(replayed?.finish).toMatchObject({ at_ms: 10, output: 'paid' })
  expect(output).toContain('went on')
})

test('an error that nobody handles ends the process, given a timer after the output', async () => {
  const { end, replayed } = await replay(`setTimeout(() => { throw new RangeError('late') }, 60_000)`)
  expect(end).toMatchObject({ outcome: 'crashed', agent_error: { name: 'RangeError', message: 'late' } })
  expect(replayed?.finish).toMatchObject({ at_ms: 10, output: 'paid' })
})

test('an attempt to get out is told, given one after the output', async () => {
  const { egress } = await replay(
    `setTimeout(() => import('node:net').then(({ connect }) => connect(9, '192.0.2.1').on('error', () => {})), 10)`,
  )
  expect(egress).toMatchObject([{ layer: 'tcp' }])
})

test.each([
  ['an interval', 'setInterval(() => {}, 500)', 'setInterval of 500 ms'],
  ['one of a service', 'setInterval(() => {}, 60_000).unref()', 'unref’d setInterval of 60000 ms'],
  ['one that is hectic', 'setInterval(() => {}, 1)', 'setInterval of 1 ms'],
  ['a timer for later', 'setTimeout(pay, 90_000_000)', 'setTimeout of 90000000 ms'],
  [
    'immediates without end',
    'const again = () => setImmediate(again); again()',
    'immediates that follow each other without end, one set',
  ],
])('what has no end is named with its place, and the replay is over, given %s', async (_title, late, what) => {
  const { end, left } = await replay(late)
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  const unref = what.startsWith('unref’d') ? { unref: true } : {}
  expect(left).toEqual([{ what, at: expect.stringMatching(/agent-\d+\.ts:4:\d+$/), ...unref }])
})

test('a time-out that only ends what is going on is nothing that is left', async () => {
  const { end, left, replayed } = await replay(
    `await fetch('http://world.test/pay', { signal: AbortSignal.timeout(90_000_000) })`,
  )
  expect([end.outcome, left]).toEqual(['finished', []])
  expect(replayed?.finish?.at_ms).toBe(20)
})

test('a process that ends itself after the output has ended well, and one that fails has not', async () => {
  const good = await replay('setTimeout(() => process.exit(0), 1000); setTimeout(pay, 2000)')
  expect(good.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(good.replayed).toMatchObject({ integrity: 'sealed', interactions: [{}] })
  expect((await replay('setTimeout(() => process.exit(3), 1000)')).end).toMatchObject({ outcome: 'crashed' })
})

test('the output is that of the moment, given an agent that changes it later', async () => {
  const { replayed } = await court.replay(
    court.agent('export function run() { const out = ["paid"]; setTimeout(() => out.push("twice"), 5); return out }'),
    court.save(TWICE),
  )
  expect(replayed?.finish?.output).toEqual(['paid'])
})

test('calls that the recorded run left open stay as they were left, given a client that gives up later', async () => {
  const hung = recordingOf([{ path: '/hang', started: 0, head: null }])
  const [call] = hung.interactions
  const open = {
    ...hung,
    interactions: [{ ...call, end: null } as typeof call & {}],
    finish: hung.finish && { ...hung.finish, at_ms: 20 },
  }
  const { end, replayed, divergences } = await court.replay(
    court.agent(`export async function run() {
  fetch('http://world.test/hang', { signal: AbortSignal.timeout(500) }).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 20))
}`),
    court.save(open),
  )
  expect([end.outcome, divergences]).toEqual(['finished', []])
  expect(replayed?.interactions).toMatchObject([{ end: null, evidence: { grade: 'exact' } }])
})

test('a call that is given up after the output ends as the recorded one did', async () => {
  const given = recordingOf([{ path: '/hang', started: 0, head: null, aborted: 500 }])
  const agent = (signal: string): string => `export async function run() {
  fetch('http://world.test/hang', { ${signal} }).catch(({ name }) => console.log(name))
}`
  const same = await court.replay(court.agent(agent('signal: AbortSignal.timeout(500)')), court.save(given))
  expect(same.replayed?.interactions).toMatchObject([{ end: { kind: 'aborted', offset_ms: 500 } }])
  // Nobody waits for an answer that was left.
  const left = await court.replay(court.agent(agent('')), court.save(given))
  expect([left.end.outcome, left.grades]).toEqual(['finished', ['exact']])
  expect(left.replayed?.interactions).toMatchObject([{ end: null }])
})

test('on the machine’s clock what comes soon is seen, and what keeps the process alive is told', async () => {
  const soon = await replay('setTimeout(pay, 20)', { clock: 'real' })
  expect([soon.end.outcome, soon.grades, soon.left]).toEqual(['finished', ['exact', 'exact'], []])
  const { left } = await replay('setInterval(() => {}, 100)', { clock: 'real' })
  expect(left).toEqual([{ what: 'something that keeps its process alive', at: null }])
  const exit = await replay(`process.once('beforeExit', pay)`, { clock: 'real' })
  expect([exit.end.outcome, exit.grades]).toEqual(['finished', ['exact', 'exact']])
})

test('two replays of late work are the same, byte for byte', async () => {
  const late = 'setTimeout(pay, 3); setTimeout(pay, 2); setInterval(() => {}, 7000)'
  const [a, b] = [await replay(late), await replay(late)]
  expect(b.replayed?.interactions).toEqual(a.replayed?.interactions)
  expect(outputOf(b)).toEqual(outputOf(a))
  expect(b.divergences).toEqual(a.divergences)
})
