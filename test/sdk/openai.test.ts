import { join } from 'node:path'
import { chatWire, embeddingsWire, responsesWire } from './openai-wires.ts'
import { startProvider } from './start-provider.ts'
import { type AgentCase, tryAgents } from './try-agents.ts'

const agent = (name: string) => ({ module: join(import.meta.dirname, 'fixtures/openai.ts'), export: name })

const CHAT = ['completions', 'docs', '17', 'completions']
const RESPONSES = ['responses', 'docs', '17', 'responses']

const CASES: AgentCase[] = [
  {
    name: 'openai: chat',
    agent: agent('chat'),
    asks: CHAT,
    changed: [
      { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' },
      { changes: { model: 'gpt-5' }, step: 1, kind: 'model_changed' },
      { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' },
      { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' },
    ],
  },
  {
    name: 'openai: chat, streamed',
    agent: agent('chatStreamed'),
    asks: CHAT,
    changed: [{ changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }],
  },
  {
    name: 'openai: chat, its own loop of tools',
    agent: agent('runTools'),
    asks: CHAT,
    changed: [{ changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }],
  },
  {
    name: 'openai: chat, its retries and time-outs',
    agent: agent('chatInHaste'),
    faults: [429, 'hang'],
    asks: ['completions', 'completions', ...CHAT],
    changed: [{ changes: { result: 'No refunds.' }, step: 6, kind: 'tool_result_changed' }],
  },
  {
    name: 'openai: responses',
    agent: agent('responses'),
    asks: RESPONSES,
    changed: [
      { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' },
      { changes: { model: 'gpt-5' }, step: 1, kind: 'model_changed' },
      { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' },
      { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' },
    ],
  },
  {
    name: 'openai: responses, streamed, with a retry',
    agent: agent('responsesStreamed'),
    faults: [500],
    asks: ['responses', ...RESPONSES],
    changed: [{ changes: { result: 'No refunds.' }, step: 5, kind: 'tool_result_changed' }],
  },
  {
    name: 'openai: responses, each naming the one before',
    agent: agent('chained'),
    asks: RESPONSES,
    changed: [{ changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }],
  },
  {
    name: 'openai: embeddings and chat',
    agent: agent('embedded'),
    asks: ['embeddings', ...CHAT],
    changed: [{ changes: { system: 'Be brief.' }, step: 2, kind: 'prompt_changed' }],
  },
]

tryAgents(CASES, { start: () => startProvider([chatWire, responsesWire, embeddingsWire]) })
