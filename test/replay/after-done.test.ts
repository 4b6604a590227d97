import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRun } from '../../src/trace/project-run.ts'
import { type Court, openCourt, outputOf } from './court.ts'

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'text/event-stream')
    const event = { choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'stop' }] }
    // The connection stays open: it is the client that ends the answer.
    response.write(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`)
  })
})
let court: Court

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  court = openCourt()
})

afterAll(() => {
  court.close()
  server.closeAllConnections()
  server.close()
})

test('a stream that the client leaves after its last event ends normally in the replay as it did, given a connection that stays open', async () => {
  const agent = court.agent(`
    import OpenAI from 'openai'
    export async function run({ baseURL }) {
      const client = new OpenAI({ baseURL, apiKey: 'none' })
      let text = ''
      for (let turn = 1; turn <= 2; turn++) {
        const messages = [{ role: 'user', content: 'turn ' + turn }]
        const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
        for await (const event of stream) text += event.choices[0]?.delta.content ?? ''
      }
      return text
    }
  `)
  const input = { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const live = await court.record(agent, input)
  expect(live.recording.interactions.map(({ end }) => end?.kind)).toEqual(['aborted', 'aborted'])
  const replay = await court.replay(agent, live)
  expect([replay.outcome, replay.divergences, replay.grades]).toEqual(['finished', [], ['exact', 'exact']])
  expect(outputOf(replay)).toBe('HelloHello')
  for (const recording of [live.recording, replay.replayed]) {
    const spans = recording === null ? [] : projectRun(recording).spans
    expect(spans.map(({ step_type, error_class }) => [step_type, error_class])).toEqual([
      ['llm_generate', null],
      ['llm_generate', null],
    ])
  }
})
