import { isSameCall } from '../../tools.ts'
import type { Session } from '../../types.ts'

/** True when the last tool call was made before and brought the same result: asking again brings nothing new. */
export function isGoingInCircles(session: Session): boolean {
  const last = session.calls.at(-1)
  if (!last) return false
  return session.calls.slice(0, -1).some((call) => isSameCall(call, last) && call.result === last.result)
}
