import { converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Spreads the four attempts by 40, 80 and 120 ms. An overload lasts longer than that. */
export function run(input: SupportInput) {
  return converse(input, { ...released, modelBackOffMs: (attempt) => attempt * 40 })
}
