import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { RunTrace } from '../../src/model/trace.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, tells, user } from './build-recording.ts'

/** Name, arguments, result and error of each tool call. */
function tools({ spans }: RunTrace): unknown[] {
  return spans
    .filter(({ step_type }) => step_type === 'tool_call')
    .map(({ name, attributes, error_class }) => {
      return [name, attributes[GEN_AI.toolArguments], attributes[GEN_AI.toolResult], error_class]
    })
}

const asking = { role: 'user', parts: [{ text: 'Two orders?' }] }
const called = (id: string, call_id?: string) => ({ functionCall: { name: 'get_order', args: { id }, id: call_id } })
const told = (response: unknown, id?: string) => ({ functionResponse: { name: 'get_order', response, id } })

function gemini(id: string, at: number, contents: unknown[], parts: unknown[]): HttpInteraction {
  const url = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent'
  const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] }
  return http(id, url, { at, took: 50, method: 'POST', body: { contents }, answer })
}

const A = ['get_order', '{"id":"A"}', 'sent', null]
const B = ['get_order', '{"id":"B"}', 'lost', 'tool_error']

test.each([
  ['none', undefined, undefined],
  ['ones that the agent made up', 'x1', 'x2'],
])(
  'tells the results of parallel calls of one function apart given an answer without ids, and %s sent back',
  (_, a, b) => {
    const history = [
      asking,
      { role: 'model', parts: [called('A', a), called('B', b)] },
      { role: 'user', parts: [told({ output: 'sent' }, a), told({ error: 'lost' }, b)] },
    ]
    const trace = projectRun(
      recordingOf([
        gemini('c1', 0, [asking], [called('A'), called('B')]),
        gemini('c2', 100, history, [{ text: 'One was lost.' }]),
      ]),
    )
    expect(tools(trace)).toEqual([A, B])
  },
)

test('tells the results of one call in two turns apart given no ids', () => {
  const first = [asking, { role: 'model', parts: [called('A')] }, { role: 'user', parts: [told({ error: 'busy' })] }]
  const second = [
    ...first,
    { role: 'model', parts: [called('A')] },
    { role: 'user', parts: [told({ output: 'sent' })] },
  ]
  const trace = projectRun(
    recordingOf([
      gemini('c1', 0, [asking], [called('A')]),
      gemini('c2', 100, first, [called('A')]),
      gemini('c3', 200, second, [{ text: 'Sent.' }]),
    ]),
  )
  expect(tools(trace)).toEqual([['get_order', '{"id":"A"}', 'busy', 'tool_error'], A])
})

const ollama = (id: string, at: number, messages: unknown[], message: object): HttpInteraction => {
  const answer = { model: 'llama3.2', message: { role: 'assistant', content: '', ...message }, done: true }
  const body = { model: 'llama3.2', stream: false, messages }
  return http(id, 'http://127.0.0.1:11434/api/chat', { at, took: 50, method: 'POST', body, answer })
}
const orders = (...ids: (string | undefined)[]) =>
  ['A', 'B'].map((order, i) => ({ id: ids[i], function: { name: 'get_order', arguments: { id: order } } }))

test.each([
  ['no names', [], [{}, {}]],
  ['names', [], [{ tool_name: 'get_order' }, { tool_name: 'get_order' }]],
  ['ids that the agent made up', ['u1', 'u2'], [{ tool_call_id: 'u2' }, { tool_call_id: 'u1' }]],
])('tells the results of Ollama apart given %s', (_, ids, marks) => {
  const contents = ids.length === 0 ? ['sent', 'Error: lost'] : ['Error: lost', 'sent']
  const trace = projectRun(
    recordingOf([
      ollama('c1', 0, [user], { tool_calls: orders() }),
      ollama(
        'c2',
        100,
        [
          user,
          { role: 'assistant', content: '', tool_calls: orders(...ids) },
          ...marks.map((mark, i) => ({ role: 'tool', content: contents[i], ...mark })),
        ],
        { content: 'One was lost.' },
      ),
    ]),
  )
  expect(tools(trace)).toEqual([A, ['get_order', '{"id":"B"}', 'Error: lost', 'tool_error']])
})

test('finds results by their place given an agent that names calls anew', () => {
  const one: Call = ['call_0', 'first', '{}']
  const two: Call = ['call_0', 'second', '{}']
  const renamed = [['resp_1:call_0', 'first', '{}'] satisfies Call, ['resp_2:call_0', 'second', '{}'] satisfies Call]
  const history = [user, asks(renamed[0] as Call), tells('resp_1:call_0', 'one')]
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [one] }, { at: 0 }),
      chat('c2', history, { calls: [two] }, { at: 200 }),
      chat('c3', [...history, asks(renamed[1] as Call), tells('resp_2:call_0', 'two')], { text: 'ok' }, { at: 400 }),
    ]),
  )
  expect(tools(trace)).toEqual([
    ['first', '{}', 'one', null],
    ['second', '{}', 'two', null],
  ])
})

test('takes no result of an example, of another conversation or of an earlier turn for that of a call that was not run', () => {
  const example = [asks(['ex_1', 'find', '{}']), tells('ex_1', 'example')]
  const call: Call = ['call_1', 'find', '{}']
  const other = { role: 'user', content: 'Something else?' }
  for (const messages of [
    [other, ...example],
    [...example, user, { role: 'assistant', content: 'No.' }, other],
    [other, asks(['call_2', 'find', '{}']), tells('call_2', 'theirs')],
  ]) {
    const trace = projectRun(
      recordingOf([
        chat('c1', [...example, user], { calls: [call] }, { at: 0 }),
        chat('c2', [other], { calls: [['call_2', 'find', '{}']] }, { at: 10, took: 50 }),
        chat('c3', messages, { text: 'ok' }, { at: 200 }),
      ]),
    )
    const spans = trace.spans.filter(({ span_id }) => span_id.startsWith('c1'))
    expect(spans.map(({ step_type }) => step_type)).toEqual(['llm_generate'])
    expect(spans[0]?.attributes[OTEL.notExecuted]).toBe(1)
  }
})

test('takes the last results given no ids and a history whose beginning was cut', () => {
  const trace = projectRun(
    recordingOf([
      gemini('c1', 0, [asking], [called('A'), called('B')]),
      gemini('c2', 100, [{ role: 'user', parts: [told({ output: 'sent' }), told({ error: 'lost' })] }], []),
    ]),
  )
  expect(tools(trace)).toEqual([A, B])
})

const turns = fc.array(
  fc.array(fc.record({ tool: fc.constantFrom('find', 'list'), page: fc.nat(1) }), { minLength: 1, maxLength: 3 }),
  { minLength: 1, maxLength: 5 },
)
/** The id of a call in the answer, and in what the agent sends back. */
const WAYS: Record<string, (turn: number, index: number) => [string | undefined, string | undefined]> = {
  kept: (turn, index) => Array(2).fill(`call_${turn}_${index}`) as [string, string],
  missing: () => [undefined, undefined],
  made: (turn, index) => [undefined, `own_${turn}_${index}`],
  renamed: (turn, index) => [`call_${index}`, `resp_${turn}:call_${index}`],
  counted: (_, index) => Array(2).fill(`call_${index}`) as [string, string],
}

test('finds the result of each call, whatever becomes of its id, given any turns of parallel calls', () => {
  fc.assert(
    fc.property(turns, fc.constantFrom(...Object.keys(WAYS)), (asked, way) => {
      const history: unknown[] = [user]
      const interactions: HttpInteraction[] = []
      const expected: string[] = []
      for (const [turn, calls] of asked.entries()) {
        const made = calls.map(({ tool, page }, index) => {
          const ids = WAYS[way]?.(turn, index) ?? []
          return ids.map((id): Call => [id as string, tool, JSON.stringify({ page })])
        })
        const [answered, sent] = [0, 1].map((side) => made.map((pair) => pair[side] as Call))
        interactions.push(chat(`c${turn}`, [...history], { calls: answered ?? [] }, { at: 1000 * turn }))
        const texts = calls.map((_, index) => `result ${turn}.${index}`)
        history.push(asks(...(sent ?? [])), ...texts.map((text, i) => tells(sent?.[i]?.[0] as string, text)))
        expected.push(...texts)
      }
      interactions.push(chat('last', history, { text: 'ok' }, { at: 1000 * asked.length }))
      const trace = projectRun(recordingOf(interactions, { at_ms: 100_000 }))
      expect(tools(trace).map((tool) => (tool as unknown[])[2])).toEqual(expected)
    }),
  )
})
