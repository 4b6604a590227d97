import type { ConcurrentGroup } from './concurrent-groups.ts'

/** Every order in which the answers of a group can come, the recorded one first. There may be very many: take as many as wanted. */
export function* listOrders(group: ConcurrentGroup): Generator<string[]> {
  yield* extend(group, [], new Set())
}

function* extend(group: ConcurrentGroup, order: string[], taken: Set<string>): Generator<string[]> {
  const next = availableOf(group, taken)
  if (next.length === 0) yield [...order]
  for (const id of next) {
    order.push(id)
    taken.add(id)
    yield* extend(group, order, taken)
    taken.delete(id)
    order.pop()
  }
}

/** How many orders a group has; `most` where there are more. */
export function countOrders(group: ConcurrentGroup, most: number): number {
  let count = 0
  for (const _ of listOrders(group)) if (++count >= most) break
  return count
}

/**
 * One order of a group at random. Each can come, though not all are equally likely where calls depend on each other.
 *
 * @param random Unsigned 32-bit numbers.
 */
export function drawOrder(group: ConcurrentGroup, random: () => number): string[] {
  const order: string[] = []
  const taken = new Set<string>()
  for (;;) {
    const next = availableOf(group, taken)
    const drawn = next[Math.floor((random() / 2 ** 32) * next.length)]
    if (drawn === undefined) return order
    order.push(drawn)
    taken.add(drawn)
  }
}

/** The calls that may be answered next, in recorded order. */
function availableOf({ calls, after }: ConcurrentGroup, taken: ReadonlySet<string>): string[] {
  return calls.filter((id) => !taken.has(id) && (after.get(id) ?? []).every((other) => taken.has(other)))
}
