import { converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Gives up on a slow tool after 1.5 s instead of 2 s. Each failure is cheaper; there are as many of them. */
export function run(input: SupportInput) {
  return converse(input, { ...released, toolTimeoutMs: 1500 })
}
