import { RetrialError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { createRandom } from '../../core/random.ts'
import type { Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { type ConcurrentGroup, findConcurrentGroups } from './concurrent-groups.ts'
import { drawOrder } from './list-orders.ts'

/**
 * In which order the answers of calls come that are in flight together: as recorded, drawn from a seed, or by the ids of
 * recorded calls; those that are not named keep their places.
 */
export type ReplayOrder = 'recorded' | { seed: string } | readonly string[]

/**
 * The orders that an option stands for, one for each group of concurrent calls that it changes.
 *
 * @throws RetrialError `ERR_REPLAY_ORDER` for calls that are not there, were not in flight together, or follow from each other.
 */
export function resolveOrder(recording: Recording, order: ReplayOrder): string[][] {
  if (order === 'recorded') return []
  const groups = findConcurrentGroups(recording)
  const orders = isSeeded(order) ? drawAll(groups, order.seed) : nameAll(recording, groups, order)
  return orders.filter((one, i) => one.some((id, at) => groups[i]?.calls[at] !== id))
}

function isSeeded(order: ReplayOrder): order is { seed: string } {
  return typeof order === 'object' && 'seed' in order
}

function drawAll(groups: ConcurrentGroup[], seed: string): string[][] {
  const random = createRandom(sha256(`order ${seed}`))
  return groups.map((group) => drawOrder(group, random))
}

function nameAll({ interactions }: Recording, groups: ConcurrentGroup[], named: readonly string[]): string[][] {
  for (const [at, id] of named.entries()) {
    if (!interactions.some((one) => one.id === id)) throw refuse(`the recording has no call ${id}`)
    if (named.indexOf(id) !== at) throw refuse(`${id} is named twice`)
    if (!groups.some(({ calls }) => calls.includes(id)))
      throw refuse(`no other call could have been answered around ${id}`)
  }
  const orders = groups.map(({ calls }) => {
    const wanted = named.filter((id) => calls.includes(id))
    return calls.map((id) => (wanted.includes(id) ? (wanted[rankOf(calls, wanted, id)] as string) : id))
  })
  for (const [i, order] of orders.entries()) refuseImpossible(groups[i] as ConcurrentGroup, order)
  return orders
}

/** Which of the places of the named calls a call stands at. */
function rankOf(calls: readonly string[], named: readonly string[], id: string): number {
  return calls.filter((one) => named.includes(one)).indexOf(id)
}

function refuseImpossible({ after }: ConcurrentGroup, order: readonly string[]): void {
  for (const [at, id] of order.entries()) {
    const missing = after.get(id)?.find((other) => order.indexOf(other) > at)
    if (missing !== undefined)
      throw refuse(`${id} was made after the answer to ${missing}, so it cannot be answered before`)
  }
}

function refuse(reason: string): RetrialError {
  return new RetrialError('ERR_REPLAY_ORDER', `The answers cannot come in this order: ${reason}.`, {
    hint: 'Name calls of the recording that were in flight together, as `retrial replay --json` lists them.',
  })
}

/** For people. */
export function describeOrders(orders: readonly (readonly string[])[]): string {
  return `answers came in another order than the recorded one: ${orders.map((order) => order.join(', ')).join('; ')}`
}

/** Whether a replay gave the answers in these orders: an agent that asks otherwise, or gives up sooner, meets another. */
export function isOrderMet(orders: readonly (readonly string[])[], replayed: readonly Interaction[]): boolean {
  const ends = new Map(
    replayed.map(({ evidence, started_ms, end }) => [
      evidence?.source,
      end && { kind: end.kind, at: started_ms + end.offset_ms },
    ]),
  )
  return orders.every((order) =>
    order.every((id, i) => {
      const [before, now] = [ends.get(order[i - 1] ?? id), ends.get(id)]
      return (
        before?.kind !== 'aborted' && now?.kind !== 'aborted' && before != null && now != null && before.at <= now.at
      )
    }),
  )
}
