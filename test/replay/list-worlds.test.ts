import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Recording } from '../../src/model/recording.ts'
import { FAULT_VARIANTS, nameWorld } from '../../src/model/world.ts'
import { findConcurrentGroups } from '../../src/replay/order/concurrent-groups.ts'
import { resolveOrder } from '../../src/replay/order/resolve-order.ts'
import { deriveFault } from '../../src/replay/worlds/derive-fault.ts'
import { giveWorld } from '../../src/replay/worlds/give-world.ts'
import { listOrdersOfRun, listSimplerOrders } from '../../src/replay/worlds/list-orders-of-run.ts'
import { listWorlds, type WorldsRequest } from '../../src/replay/worlds/list-worlds.ts'
import { atOnce, recordingOf, recordings } from './build-calls.ts'

const request = (
  recording: Recording,
  perturb: Partial<WorldsRequest['perturb']>,
  more: Partial<WorldsRequest> = {},
) => ({
  recording,
  perturb: { pairs: false, max_worlds: 1000, ...perturb },
  base: { clock: 'virtual' as const, time_zone: 'UTC' },
  trigger: ['c1'],
  draws: true,
  ...more,
})

test.each([
  [1, 0],
  [2, 1],
  [3, 5],
  [4, 23],
  [5, 119],
])('all orders are listed and counted given %d calls at once', (count, others) => {
  const { worlds, orders, left_out } = listWorlds(request(atOnce(count), { orders: 'all' }))
  expect([worlds.length, orders, left_out]).toEqual([others, others, 0])
  expect(new Set(worlds.map(nameWorld)).size).toBe(others)
  const sizes = worlds.map(({ order }) => order?.length ?? 0)
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
})

test('so many distinct orders that can be are listed, the same ones each time, given more than are wanted', () => {
  fc.assert(
    fc.property(recordings, fc.integer({ min: 1, max: 8 }), fc.string(), (recording, limit, seed) => {
      const { orders, total } = listOrdersOfRun(recording, limit, seed)
      expect(orders.length).toBeLessThanOrEqual(Math.min(limit, total))
      if (total <= limit) expect(orders).toHaveLength(total)
      else expect(orders.length).toBeGreaterThan(0)
      expect(new Set(orders.map(String)).size).toBe(orders.length)
      for (const order of orders) expect(resolveOrder(recording, order).length).toBeGreaterThan(0)
      expect(listOrdersOfRun(recording, limit, seed).orders).toEqual(orders)
    }),
  )
  expect(listOrdersOfRun(atOnce(9), 5, 'a').total).toBe(10_000)
})

test('simpler orders move fewer of the same calls and can be, given any order', () => {
  fc.assert(
    fc.property(recordings, fc.nat(), (recording, pick) => {
      const { orders } = listOrdersOfRun(recording, 200, 'seed')
      const order = orders[pick % Math.max(1, orders.length)]
      if (order === undefined) return
      for (const simpler of listSimplerOrders(recording, order, 50)) {
        expect(simpler.length).toBeLessThan(order.length)
        expect(simpler.every((id) => order.includes(id))).toBe(true)
        expect(resolveOrder(recording, simpler).length).toBeGreaterThan(0)
      }
    }),
  )
})

test('no two worlds give the same, and none the recorded one, given any run', () => {
  const every = {
    orders: 'all',
    latency: [0.5, 1, 2, 2],
    seeds: ['7', '7'],
    clock: [{ shift_ms: 0 }, { shift_ms: 5 }, { at_ms: 1_764_000_000_005 }],
    time_zones: ['Etc/UTC', 'Asia/Calcutta', 'Asia/Kolkata'],
    faults: [...FAULT_VARIANTS],
  } as const
  fc.assert(
    fc.property(recordings, (recording) => {
      const { worlds, skipped } = listWorlds(request(recording, every as never))
      const seen = worlds.map((world) => {
        const failing = world.fault === undefined ? recording : deriveFault(recording, world.fault)
        const { interactions } = giveWorld(failing as Recording, world).recording
        return JSON.stringify([interactions, world.seed, world.started_at, world.time_zone])
      })
      seen.push(JSON.stringify([recording.interactions, undefined, undefined, undefined]))
      expect(new Set(seen).size).toBe(seen.length)
      const names = skipped.map(({ name }) => name)
      expect(names).toEqual(
        expect.arrayContaining([
          'latency ×1',
          'latency ×2',
          'seed 7',
          'time zone Etc/UTC',
          'clock 2025-11-24T16:00:00.000Z',
        ]),
      )
    }),
    { numRuns: 30 },
  )
})

test('what is no other world is skipped with its reason, given a run without latencies, draws, trigger or a clock of its own', () => {
  const still = recordingOf([
    {
      id: 'c1',
      kind: 'tool',
      name: 'add',
      args: null,
      value: 3,
      sync: true,
      started_ms: 0,
      end: { kind: 'complete', offset_ms: 0 },
    },
  ])
  const asked = { latency: [2], seeds: ['1'], faults: ['reset'], clock: [{ shift_ms: 9 }], orders: 'all' } as const
  const { worlds, skipped } = listWorlds(
    request(still, asked as never, { draws: false, trigger: [], base: { clock: 'real', time_zone: 'UTC' } }),
  )
  expect(worlds).toEqual([])
  expect(skipped.map(({ reason }) => reason)).toEqual([
    'it is the recorded one',
    'nothing is drawn at random',
    'the clock is that of the machine',
    'no call of the recording is seen to be the trigger',
  ])
})

test('each kind has its turn given fewer worlds than there are', () => {
  const perturb = { orders: 'all', latency: [0.5, 2], faults: ['reset', '429'], max_worlds: 6 } as const
  const { worlds, left_out } = listWorlds(request(atOnce(4), perturb as never))
  const kinds = worlds.map((world) => Object.keys(world)[0])
  expect(Object.groupBy(kinds, (kind) => kind ?? '')).toMatchObject({
    order: ['order', 'order'],
    latency: ['latency', 'latency'],
    fault: ['fault', 'fault'],
  })
  expect(kinds.at(-1)).toBe('fault')
  expect(left_out).toBe(23 - 2)
})

test('a scenario’s own order is its world, and the recorded order is another, given one that sets it', () => {
  const recording = atOnce(2)
  expect(findConcurrentGroups(recording)).toHaveLength(1)
  const base = { clock: 'virtual' as const, time_zone: 'UTC', order: ['c2', 'c1'] }
  const { worlds, skipped } = listWorlds(request(recording, { orders: 'all' }, { base }))
  expect(worlds.map(nameWorld)).toEqual(['order recorded'])
  expect(skipped).toMatchObject([{ name: 'order c2,c1', reason: 'it is the recorded one' }])
})
