import { converse, released, type SupportInput } from '../../agent.ts'

/** Spreads the four attempts by 40, 80 and 120 ms. An overload lasts longer than that. */
export function run(input: SupportInput) {
  return converse(input, { ...released, modelBackOffMs: (attempt) => attempt * 40 })
}
