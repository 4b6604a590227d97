import { base, completed, handOver, leak, SYSTEM, sleep } from '../agent/policy.ts'
import { askTool } from '../agent/tools.ts'
import type { FinishedCall, Policy, Session } from '../agent/types.ts'
import { say } from '../world/script.ts'
import type { Kind } from './kind.ts'

const tools = [
  { name: 'stock_north', description: 'Stock of the north.', parameters: ['sku'] },
  { name: 'stock_south', description: 'Stock of the south.', parameters: ['sku'] },
]

/** The calls of a run that were still under way when they were no longer waited for. */
const left = new WeakMap<Session, Promise<unknown>[]>()

/** Whoever answers first is believed, unless the others answer in time. */
const patient = (ms: number): Policy['runTools'] => {
  return async (asked, session, policy) => {
    const late = sleep(ms).then(() => undefined)
    const running = asked.map((each) => askTool(each, session, policy))
    left.set(session, [...(left.get(session) ?? []), ...running])
    const first = await Promise.race(running)
    const all = ms > 0 ? await Promise.race([Promise.all(running), late]) : undefined
    return all ?? asked.map((each) => ({ ...first, ...each }))
  }
}
const firstWins = patient(0)

const unfixed: Policy = {
  ...base,
  tools,
  maxSteps: 4,
  toolTimeoutMs: 5_000,
  toolErrorBudget: 9,
  runTools: firstWins,
  giveUp: async (reason, session) => {
    await Promise.all(left.get(session) ?? [])
    return base.giveUp(reason, session)
  },
}

const found = ({ calls }: Session): FinishedCall | undefined => calls.find(({ ok }) => ok)
const tell = (session: Session) => {
  const good = found(session)
  return good ? completed(`A colleague keeps one for you: ${good.result}`) : handOver()
}

export const parallelRace: Kind = {
  id: 'parallel-race',
  title: 'two warehouses are asked at once, and the agent believes the one that fails faster',
  question: 'Is there a lamp left anywhere?',
  styles: ['openai', 'ai'],
  world: {
    model: ({ results }) => {
      const good = results('stock_south').find((one) => 'count' in one)
      if (good) return say(`Yes, a colleague keeps one of ${good.count} for you.`)
      return {
        kind: 'call',
        calls: [
          { name: 'stock_north', args: { sku: 'lamp' } },
          { name: 'stock_south', args: { sku: 'lamp' } },
        ],
      }
    },
    tools: {
      stock_north: () => ({ status: 503, body: { error: 'busy' }, delayMs: 5 }),
      stock_south: () => ({ body: { count: 3 }, delayMs: 200 }),
    },
  },
  incident: {
    trigger: { span: 'tool_call:stock_north', error_class: 'overloaded' },
    cause: { signal: 'repeated_tool_calls', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'max_steps' },
  },
  output: { matches: 'colleague', not_matches: 'internal error' },
  perturb: { orders: 'all', latency: [0.5, 2] },
  unfixed,
  fixes: [
    {
      id: 'wait-for-both',
      truth: 'fixed',
      because: 'Both are waited for, in whatever order they answer, and the one that knows is believed.',
      policy: { runTools: base.runTools, afterTools: tell },
    },
    {
      id: 'tell-each-its-own',
      truth: 'fixed',
      because: 'Both are waited for and the model is told what each of them said.',
      policy: { runTools: base.runTools },
      unproved: 'the recorded model was never told of the stock in the south',
    },
    {
      id: 'call-it-completed',
      truth: 'masked',
      because: 'The first to fail is still believed, four times.',
      policy: { giveUp: () => handOver() },
    },
    {
      id: 'wait-a-moment',
      truth: 'fragile',
      because: 'The south is believed when it takes 320 ms at most; at half that speed the north is, as before.',
      policy: { runTools: patient(320), afterTools: (session) => (found(session) ? tell(session) : undefined) },
    },
    {
      id: 'south-first',
      truth: 'no-op',
      because: 'Who is asked first does not change who answers first.',
      policy: {
        runTools: async (asked, session, policy) => {
          const results = await firstWins(asked.toReversed(), session, policy)
          return results.toReversed()
        },
      },
    },
    {
      id: 'wait-with-details',
      truth: 'regressing',
      because: 'Both are waited for, but the customer reads the error of the north.',
      policy: { runTools: base.runTools, afterTools: ({ calls }) => leak(calls.find(({ ok }) => !ok)) },
    },
    {
      id: 'ask-the-south-only',
      truth: 'bypass',
      because: 'The north is never asked, so nothing is known about its failing.',
      policy: {
        runTools: (asked, session, policy) =>
          base.runTools(
            asked.filter(({ name }) => name === 'stock_south'),
            session,
            policy,
          ),
        afterTools: tell,
      },
    },
    {
      id: 'wait-and-other-prompt',
      truth: 'old-answer',
      because: 'Told to ask the south first, the model asks nobody and invents a figure.',
      policy: { runTools: base.runTools, afterTools: tell, system: `${SYSTEM} Prefer the south.` },
    },
  ],
}
