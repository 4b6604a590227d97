import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { isSameJson } from '../../src/replay/identical.ts'
import type { Peer } from '../support/protocol.ts'
import { type Step, stepsOf } from '../support/steps.ts'

let steps = new Map<string, Step>()
let recorded: { args: JsonObject; text: string }[] = []
let next = 0

/** The least that answers a wrapped function and looks at all of its arguments: the next recorded call, compared and parsed. No time, no record. */
export const peer: Peer = {
  persistent: true,
  reset(exchanges) {
    steps = stepsOf(exchanges)
    recorded = exchanges.map(({ request, text }) => ({ args: JSON.parse(request.body) as JsonObject, text }))
  },
  async call({ key }): Promise<undefined> {
    const { args, text } = steps.get(key) as Step
    const value = await answer(args)
    if (JSON.stringify(value) !== text) throw new Error(`${key} got another answer than the recorded one`)
  },
}

async function answer(args: JsonObject): Promise<JsonValue> {
  const call = recorded[next++ % recorded.length] as (typeof recorded)[number]
  if (!isSameJson(args, call.args)) throw new Error('the arguments are not the recorded ones')
  return JSON.parse(call.text) as JsonValue
}
