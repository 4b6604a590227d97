import type { Recording } from '../../model/recording.ts'
import { reorder } from '../order/reorder.ts'
import { type ReplayOrder, resolveOrder } from '../order/resolve-order.ts'
import { scaleLatency } from './scale-latency.ts'

/** How the times of answers differ from the recorded ones. */
export interface GivenTimes {
  order?: ReplayOrder | undefined
  /** Every answer takes so many times as long. */
  latency?: number | undefined
}

/** A recording with other times of its answers. */
export interface GivenWorld {
  recording: Recording
  /** The orders of those groups of concurrent calls that are not answered in the recorded one. */
  orders: string[][]
}

/**
 * The recording with the times that answers have in a world. They are slowed down first: the order is that of the slower world.
 *
 * @throws RetrialError `ERR_REPLAY_ORDER` for an order that cannot be.
 */
export function giveWorld(recording: Recording, { order = 'recorded', latency = 1 }: GivenTimes): GivenWorld {
  const scaled = scaleLatency(recording, latency)
  const orders = resolveOrder(scaled, order)
  return { recording: reorder(scaled, orders), orders }
}
