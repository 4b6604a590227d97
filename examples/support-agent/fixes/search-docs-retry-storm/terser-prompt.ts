import { converse, released } from '../../agent.ts'
import type { SupportInput } from '../../types.ts'

/** Tells the model not to insist. Only a live model can say whether it obeys: the recorded one was asked something else. */
export function run(input: SupportInput) {
  return converse(input, {
    ...released,
    systemPrompt: `${released.systemPrompt}\nWhen a tool fails, do not call it again: say what you know.`,
  })
}
