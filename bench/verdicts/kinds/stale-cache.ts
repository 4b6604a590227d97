import { base, handOver, lastCall, leak } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { FinishedCall, Policy, Session } from '../agent/types.ts'
import { call, say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const stock = { name: 'get_stock', description: 'How many are there.', parameters: ['sku'] }
const reserve = {
  name: 'reserve',
  description: 'Keeps some for the customer.',
  parameters: ['sku', 'quantity'],
  effect: true,
}

/** What was read is kept for the whole run, or for as many readings. */
const cached = (readings: number): Policy['runTool'] => {
  return async (asked, session, policy) => {
    const kept: FinishedCall[] = session.calls.filter(({ name, text }) => name === 'get_stock' && text === asked.text)
    const last = kept.at(-1)
    return last && kept.length < readings ? { ...last, id: asked.id } : askTool(asked, session, policy)
  }
}

const unfixed: Policy = { ...base, tools: [stock, reserve], maxSteps: 6, runTool: cached(9) }

const refused = (session: Session): boolean => lastCall(session, 'reserve')?.ok === false
const yieldToStock: Partial<Policy> = {
  afterTools: (session) => (refused(session) ? handOver('cannot keep five') : undefined),
}

export const staleCache: Kind = {
  id: 'stale-cache',
  title: 'the stock changes, and the agent reserves again and again by the figure it has kept',
  question: 'Please keep as many lamps for me as there are.',
  styles: ['ai', 'anthropic'],
  world: {
    model: ({ results }) => {
      const [read, tried] = [results('get_stock'), results('reserve')]
      const last = tried.at(-1)
      if (last && !('error' in last)) return say('Done: a colleague keeps them for you.')
      if (read.length === tried.length) return call('get_stock', { sku: 'lamp' })
      return call('reserve', { sku: 'lamp', quantity: String(read.at(-1)?.count) })
    },
    tools: {
      get_stock: (_, nth) => ({ body: { count: nth === 1 ? 5 : 2 } }),
      reserve: ({ quantity }) =>
        Number(quantity) > 2 ? { status: 409, body: { error: 'fewer left' } } : { body: { ok: true } },
    },
  },
  incident: {
    trigger: { span: 'tool_call:reserve', error_class: 'bad_request' },
    cause: { signal: 'repeated_same_result', tool: 'get_stock', at_least: 1 },
    symptom: { signal: 'stop_reason', is: 'max_steps' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  unfixed,
  fixes: [
    {
      id: 'yield-to-the-stock',
      truth: 'fixed',
      because: 'A refused reservation ends the run with a person, and no old figure is used after it.',
      policy: yieldToStock,
    },
    {
      id: 'read-anew',
      truth: 'fixed',
      because: 'The stock is read each time, so that the second reservation is for two and works.',
      policy: { runTool: askTool },
      unproved: 'the recorded run read the stock only once',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The old figure is still used three times.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'keep-it-shorter',
      truth: 'no-op',
      because: 'Eight readings instead of nine are more than the run ever makes.',
      policy: { runTool: cached(8) },
    },
    {
      id: 'yield-with-details',
      truth: 'regressing',
      because: 'No old figure is used, but the customer reads the error of the warehouse.',
      policy: { afterTools: (session) => (refused(session) ? leak(lastCall(session, 'reserve')) : undefined) },
    },
    {
      id: 'never-reserve',
      truth: 'bypass',
      because: 'Nothing is ever reserved, so nothing can be refused.',
      policy: { afterTools: () => handOver('reserve nothing') },
    },
    {
      id: 'yield-and-other-parameters',
      truth: 'old-answer',
      because: 'With another description of the tool, the model reserves nothing but says it has.',
      policy: { ...yieldToStock, tools: [stock, { ...reserve, description: 'Keeps at most two for the customer.' }] },
    },
  ],
}
