import { armServing, type ReplayWorld } from '../../src/boundary/arm.ts'
import { model, tool } from '../../src/boundary/doors/function-door.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { FunctionInteraction } from '../../src/model/interaction.ts'
import { driveToEnd } from '../support/drive-to-end.ts'
import type { Peer } from '../support/protocol.ts'
import { baseOf, openTape } from '../support/replay-tape.ts'
import { type Step, stepsOf } from '../support/steps.ts'
import type { Exchange } from '../support/workloads.ts'

type Ask = (args: JsonObject) => Promise<JsonValue>

const unreachable: Ask = async () => {
  throw new Error('the benchmark ran the function itself')
}
const askModel = model('gpt-4.1-mini', unreachable)
const searchDocs = tool('search_docs', unreachable)

let world: ReplayWorld | null = null
let asked: readonly Exchange[] = []
let steps = new Map<string, Step>()
let closeTape: () => void

/** retrial as in a replay, for an agent whose model and tools are wrapped functions: no HTTP anywhere. */
export const peer: Peer = {
  persistent: false,
  async reset(exchanges, { dir }) {
    if (exchanges !== asked) steps = stepsOf(exchanges)
    asked = exchanges
    const base = await baseOf(exchanges, asFunctionInteraction, dir)
    world ??= armServing(base.recording.run.started_at, ({ target }) => {
      throw new Error(`the benchmark reached out to ${target}`)
    })
    closeTape = openTape(base, world.clock, dir)
  },
  async call({ key }): Promise<undefined> {
    const { isModel, args, text } = steps.get(key) as Step
    const value = await (isModel ? askModel(args) : searchDocs(args))
    if (JSON.stringify(value) !== text) throw new Error(`${key} got another answer than the recorded one`)
  },
  drive: (work) => driveToEnd(world, work),
  close: () => closeTape(),
}

function asFunctionInteraction({ request, text }: Exchange, index: number): FunctionInteraction {
  const args = JSON.parse(request.body) as JsonObject
  const isModel = 'messages' in args
  return {
    id: `c${index + 1}`,
    kind: isModel ? 'model' : 'tool',
    name: isModel ? 'gpt-4.1-mini' : 'search_docs',
    started_ms: index * 1_000,
    args,
    value: JSON.parse(text) as JsonValue,
    end: { kind: 'complete', offset_ms: 300 },
  }
}
