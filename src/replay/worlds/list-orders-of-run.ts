import { sha256 } from '../../core/hash.ts'
import { createRandom } from '../../core/random.ts'
import type { Recording } from '../../model/recording.ts'
import { type ConcurrentGroup, findConcurrentGroups } from '../order/concurrent-groups.ts'
import { countOrders, drawOrder, listOrders } from '../order/list-orders.ts'

/** Orders are counted up to here. */
const MOST_ORDERS_COUNTED = 10_000

/** How often an order is drawn for each that is wanted: what was drawn before is drawn again. */
const DRAWS_PER_ORDER = 20

/** Orders in which the answers of a run can come, each by the calls that are moved: the others keep their places. */
export interface OrdersOfRun {
  /** None of them is the recorded order. Those that move the fewest calls come first. */
  orders: string[][]
  /** How many there are beside the recorded one; `MOST_ORDERS_COUNTED` stands for that many and more. */
  total: number
}

/**
 * All orders when there are at most `limit`; else every exchange of two neighbours and then orders drawn from a seed, `limit` in all.
 */
export function listOrdersOfRun(recording: Pick<Recording, 'interactions'>, limit: number, seed: string): OrdersOfRun {
  const groups = findConcurrentGroups(recording)
  const total = countAll(groups) - 1
  const orders = total <= limit ? listAll(groups) : drawSome(groups, limit, seed)
  return { orders: orders.filter((order) => order.length > 0).toSorted((a, b) => a.length - b.length), total }
}

function countAll(groups: readonly ConcurrentGroup[]): number {
  let product = 1
  for (const group of groups) {
    product = Math.min(MOST_ORDERS_COUNTED + 1, product * countOrders(group, MOST_ORDERS_COUNTED + 1))
  }
  return product
}

/** The calls of an order that do not stand where they were recorded, as they follow each other. */
function movedIn({ calls }: ConcurrentGroup, order: readonly string[]): string[] {
  return order.filter((id, i) => calls[i] !== id)
}

function listAll(groups: readonly ConcurrentGroup[]): string[][] {
  let combined: string[][] = [[]]
  for (const group of groups) {
    const moved = [...listOrders(group)].map((order) => movedIn(group, order))
    combined = combined.flatMap((before) => moved.map((order) => [...before, ...order]))
  }
  return combined
}

function drawSome(groups: readonly ConcurrentGroup[], limit: number, seed: string): string[][] {
  const random = createRandom(sha256(`orders ${seed}`))
  const found = new Map<string, string[]>()
  for (const order of exchangeNeighbours(groups)) if (found.size < limit) found.set(order.join(), order)
  for (let draw = 0; found.size < limit && draw < limit * DRAWS_PER_ORDER; draw++) {
    const order = groups.flatMap((group) => movedIn(group, drawOrder(group, random)))
    found.set(order.join(), order)
  }
  return [...found.values()]
}

/** A call answered just before the one that was answered before it, where it does not follow from that. */
function exchangeNeighbours(groups: readonly ConcurrentGroup[]): string[][] {
  return groups.flatMap(({ calls, after }) =>
    calls.slice(1).flatMap((id, i) => {
      const before = calls[i] as string
      return after.get(id)?.includes(before) ? [] : [[id, before]]
    }),
  )
}

/** Orders that move fewer calls than this one, and only some of those that move in it; at most `limit`. */
export function listSimplerOrders(
  recording: Pick<Recording, 'interactions'>,
  order: readonly string[],
  limit: number,
): string[][] {
  const whole = findConcurrentGroups(recording)
  const groups = whole.map((group) => restrict(group, order))
  const found = new Map<string, string[]>()
  const add = (one: string[]): unknown => found.set(one.join(), one)
  exchangeNeighbours(groups).forEach(add)
  for (const group of groups) {
    add(order.filter((id) => group.calls.includes(id)))
    for (const one of take(listOrders(group), MOST_ORDERS_COUNTED)) add(movedIn(group, one))
  }
  const simpler = [...found.values()].filter((one) => one.length > 0 && one.length < order.length)
  return simpler
    .filter((one) => whole.every((group) => isPossible(group, one)))
    .toSorted((a, b) => a.length - b.length)
    .slice(0, limit)
}

function* take<T>(values: Iterable<T>, most: number): Generator<T> {
  let taken = 0
  for (const value of values) {
    if (taken++ === most) return
    yield value
  }
}

/** A group of those calls only that an order moves. */
function restrict({ calls, after }: ConcurrentGroup, order: readonly string[]): ConcurrentGroup {
  const kept = calls.filter((id) => order.includes(id))
  return {
    calls: kept,
    after: new Map(kept.map((id) => [id, (after.get(id) ?? []).filter((one) => kept.includes(one))])),
  }
}

/** Whether no call is answered before one after whose answer it was made, when these calls share their places anew. */
function isPossible({ calls, after }: ConcurrentGroup, moved: readonly string[]): boolean {
  const wanted = moved.filter((id) => calls.includes(id))
  let next = 0
  const order = calls.map((id) => (wanted.includes(id) ? (wanted[next++] as string) : id))
  return order.every((id, at) => (after.get(id) ?? []).every((other) => order.indexOf(other) < at))
}
