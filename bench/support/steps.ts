import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Exchange } from './workloads.ts'

/** What an agent calls its functions with; the messages of its history stay the same objects, as they do in an agent. */
export interface Step {
  isModel: boolean
  args: JsonObject
  text: string
}

/** The calls of a run as those of functions, by the key of their exchange. */
export function stepsOf(exchanges: readonly Exchange[]): Map<string, Step> {
  let history: JsonValue[] = []
  return new Map(
    exchanges.map(({ key, request, text }): [string, Step] => {
      const args = JSON.parse(request.body) as JsonObject
      const isModel = Array.isArray(args.messages)
      if (Array.isArray(args.messages)) {
        history = [...history, ...args.messages.slice(history.length)]
        args.messages = history
      }
      return [key, { isModel, args, text }]
    }),
  )
}
