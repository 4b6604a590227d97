import { join } from 'node:path'
import { messagesWire } from './anthropic-wire.ts'
import { startProvider } from './start-provider.ts'
import { type AgentCase, tryAgents } from './try-agents.ts'

const agent = (name: string) => ({ module: join(import.meta.dirname, 'fixtures/anthropic.ts'), export: name })

const MESSAGES = ['messages', 'docs', '17', 'messages']
const RESULT = { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }

const CASES: AgentCase[] = [
  {
    name: 'anthropic: messages',
    agent: agent('messages'),
    asks: MESSAGES,
    changed: [
      { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' },
      { changes: { model: 'claude-test-2' }, step: 1, kind: 'model_changed' },
      { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' },
      RESULT,
    ],
  },
  { name: 'anthropic: messages, streamed', agent: agent('messagesStreamed'), asks: MESSAGES, changed: [RESULT] },
  { name: 'anthropic: its own loop of tools', agent: agent('runTools'), asks: MESSAGES, changed: [RESULT] },
  {
    name: 'anthropic: messages, its retries and time-outs',
    agent: agent('hurried'),
    faults: [429, 'hang'],
    asks: ['messages', 'messages', ...MESSAGES],
    changed: [{ ...RESULT, step: 6 }],
  },
]

tryAgents(CASES, { start: () => startProvider([messagesWire]) })
