import type { ServedExchange } from '../boundary/tape.ts'
import { doNothing, never } from '../core/nothing.ts'

/** The answer to a question that ends the replay: none, ever. */
export const NEVER: ServedExchange = {
  head: never(),
  flow: doNothing,
  abort: doNothing,
}
