import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { gemini } from '../../src/providers/gemini.ts'
import { canonicaliseInteraction, canonicalText } from '../../src/replay/canonical-call.ts'
import { createIgnoreVolatile } from '../../src/replay/ignore-volatile.ts'
import { shapeOf } from '../../src/replay/renaming.ts'
import { type Court, openCourt } from '../replay/court.ts'
import { geminiWire } from './gemini-wire.ts'
import { type Provider, startProvider } from './start-provider.ts'
import { type AgentCase, tryAgents } from './try-agents.ts'

const agent = (name: string) => ({ module: join(import.meta.dirname, 'fixtures/gemini.ts'), export: name })

const asks = (method: string) => [`gemini-2.5-flash:${method}`, 'docs', '17', `gemini-2.5-flash:${method}`]
const RESULT = { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }

const CASES: AgentCase[] = [
  {
    name: 'google genai: generate',
    agent: agent('generate'),
    asks: asks('generateContent'),
    changed: [
      { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' },
      { changes: { model: 'gemini-2.5-pro' }, step: 1, kind: 'model_changed' },
      { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' },
      RESULT,
    ],
  },
  { name: 'google genai: stream', agent: agent('stream'), asks: asks('streamGenerateContent'), changed: [RESULT] },
  {
    name: 'google genai: a chat, and its retries',
    agent: agent('chat'),
    faults: [429],
    asks: ['gemini-2.5-flash:generateContent', 'gemini-2.5-flash:generateContent', 'gemini-2.5-flash:generateContent'],
    changed: [{ changes: { result: 'Which order?' }, step: 3, kind: 'message_changed' }],
  },
]

tryAgents(CASES, { start: () => startProvider([geminiWire]) })

let court: Court
let provider: Provider
beforeAll(async () => {
  provider = await startProvider([geminiWire])
  court = openCourt()
})
afterAll(async () => {
  court.close()
  await provider.close()
})

test('is replayed in full and asks the same in another live run, but for sealed thoughts, given a model that thinks', async () => {
  const [first, second] = [
    await court.record(agent('think'), { origin: provider.origin }),
    await court.record(agent('think'), { origin: provider.origin }),
  ]
  const ignore = createIgnoreVolatile(gemini.volatileFields) as (content: JsonObject) => JsonObject
  const shapes = (run: typeof first, sealed: (content: JsonObject) => JsonObject) =>
    run.recording.interactions.map((one) => {
      const { target, content } = canonicaliseInteraction(one)
      return shapeOf(canonicalText(target, sealed(content))).text
    })
  expect(shapes(second, ignore)).toEqual(shapes(first, ignore))
  expect(shapes(second, (content) => content)).not.toEqual(shapes(first, (content) => content))
  const replay = await court.replay(agent('think'), first)
  expect(replay).toMatchObject({ end: { outcome: 'finished' }, divergences: [], egress: [] })
  expect(new Set(replay.grades)).toEqual(new Set(['exact']))
})
