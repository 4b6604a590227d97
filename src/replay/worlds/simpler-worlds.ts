import type { Recording } from '../../model/recording.ts'
import type { World } from '../../model/world.ts'
import { listSimplerOrders } from './list-orders-of-run.ts'

/**
 * Worlds that change less than this one, those that change least first: one thing fewer, an order in which fewer calls move,
 * a fault at one place only.
 *
 * @param limit Most orders.
 */
export function listSimplerWorlds(recording: Recording, world: World, limit: number): World[] {
  const { order, fault } = world
  const kinds = Object.keys(world) as (keyof World)[]
  const fewer = kinds.length < 2 ? [] : kinds.map((kind) => ({ [kind]: world[kind] }) as World)
  const places = fault === undefined || fault.at.length < 2 ? [] : fault.at
  const orders = order === undefined || order.length < 3 ? [] : listSimplerOrders(recording, order, limit)
  return [
    ...fewer,
    ...places.map((id) => ({ ...world, fault: { ...(fault as NonNullable<World['fault']>), at: [id] } })),
    ...orders.map((one) => ({ ...world, order: one })),
  ]
}
