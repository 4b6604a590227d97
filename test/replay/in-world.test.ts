import { afterAll, expect, test } from 'vitest'
import { deriveFault } from '../../src/replay/worlds/derive-fault.ts'
import { atOnce, interactionOf, recordingOf } from './build-calls.ts'
import { type Agent, openCourt, outputOf, type ReplaySettings } from './court.ts'

const court = openCourt()
afterAll(() => court.close())

/** Asks so many calls at once, and tells when each answer came and what it knows of its world. */
const asking = (count: number, more = ''): Agent =>
  court.agent(`
export async function run() {
  const came = []
  const began = Date.now()
  await Promise.all(Array.from({ length: ${count} }, async (_, i) => {
    const response = await fetch('http://tools.test/' + i, { method: 'POST', body: 'question ' + i })
    await response.text()
    came.push([i, Date.now() - began])
  }))
  return { came, began, zone: new Intl.DateTimeFormat().resolvedOptions().timeZone ${more} }
}
`)

async function replay(agent: Agent, recording = atOnce(1), settings: ReplaySettings = {}) {
  const replayed = await court.replay(agent, court.save(recording), settings)
  return { ...replayed, told: outputOf(replayed) as Record<string, unknown> }
}

test('answers take as long as the factor says and are as good as evidence, given a latency', async () => {
  const run = recordingOf([interactionOf({ start: 0, took: 80 }, 0)])
  for (const [latency, ms] of [
    [undefined, 80],
    [0.5, 40],
    [3, 240],
  ] as const) {
    const { told, grades, replayed } = await replay(asking(1), run, { latency })
    expect(told.came).toEqual([[0, ms]])
    expect(grades).toEqual(['exact'])
    expect(replayed?.notes.map(({ code }) => code)).toEqual(latency === undefined ? [] : ['latency_scaled'])
  }
})

test('the order is that of the slower world given an order and a latency', async () => {
  const { told, replayed } = await replay(asking(3), atOnce(3), { latency: 2, order: ['c3', 'c1'] })
  expect((told.came as number[][]).map(([i]) => i)).toEqual([2, 1, 0])
  expect(replayed?.notes.map(({ code }) => code)).toEqual(['reordered', 'latency_scaled'])
})

test('the run begins when it is told, in the zone that it is told, given a clock and a time zone', async () => {
  const started_at = Date.parse('2031-05-06T07:08:09Z')
  const { told, replayed } = await replay(asking(1), atOnce(1), { started_at, extra_env: { TZ: 'Africa/Nairobi' } })
  expect(told).toMatchObject({ began: started_at, zone: 'Africa/Nairobi' })
  expect(replayed?.run).toMatchObject({ run_id: 'run_1', started_at })
})

test('says whether anything is drawn at random, given agents that do and one that does not', async () => {
  expect((await replay(asking(1))).draws).toBe(false)
  for (const draw of ['Math.random()', 'crypto.randomUUID()', 'crypto.getRandomValues(new Uint8Array(4))[0]']) {
    expect([draw, (await replay(asking(1, `, drawn: ${draw}`))).draws]).toEqual([draw, true])
  }
})

test('a client meets the fault and nothing else is changed, given a derived recording', async () => {
  const derived = deriveFault(atOnce(1), { kind: '429', at: ['c1'] })
  const { told, grades, replayed } = await replay(asking(1, ', asked: 1'), derived ?? atOnce(1))
  expect(told).toMatchObject({ asked: 1 })
  expect(grades).toEqual(['exact'])
  expect(replayed?.interactions[0]).toMatchObject({ answer: { status: 429 } })
})
