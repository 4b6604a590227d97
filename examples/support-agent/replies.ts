import { lastResult } from './tools.ts'
import type { Order, Session, SupportOutput } from './types.ts'

/** What a customer reads when the agent failed. */
export function apologise(): string {
  return 'Sorry, something went wrong on our side. Please write to us again in a few minutes.'
}

/** Gives the conversation to a person, with all that is known so far. */
export function handOver(session: Session, stopReason: SupportOutput['stop_reason']): SupportOutput {
  const ticket = ticketOf(session)
  const known = orderFacts(session)
  const answer = `${known ? `${known} ` : ''}I could not find the rest myself, so a colleague takes over and will write to you soon. Your ticket is ${ticket}.`
  return { stop_reason: stopReason, answer, ticket }
}

/** One sentence about the order that was looked up; undefined when none was. */
export function orderFacts(session: Session): string | undefined {
  const order = lastResult<Order>(session.calls, 'lookup_order')
  if (!order) return undefined
  const { order_id, item, carrier, delivery_date } = order
  return order.status === 'delivered'
    ? `Your order ${order_id} (${item}) was delivered by ${carrier} on ${delivery_date}.`
    : `Your order ${order_id} (${item}) is on its way with ${carrier} and should arrive on ${delivery_date}.`
}

function ticketOf(session: Session): string {
  return session.input.conversation_id.replace(/^conv_/, 'HD-').toUpperCase()
}
