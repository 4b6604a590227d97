import { join } from 'node:path'
import { messagesWire } from './anthropic-wire.ts'
import { chatWire, responsesWire } from './openai-wires.ts'
import { startProvider } from './start-provider.ts'
import { type AgentCase, tryAgents } from './try-agents.ts'

const agent = (file: string, name: string) => {
  return { module: join(import.meta.dirname, 'fixtures', `${file}.ts`), export: name }
}

const loop = (path: string) => [path, 'docs', '17', path]
/** The table of tokens that LangChain counts with: fetched anew each time, as long as it cannot be read. */
const TABLE = ['gpt2.json']
const NEW_RESULT = { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }
const NEW_PROMPT = { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' }
const NEW_TOOL = { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' }

const CASES: AgentCase[] = [
  {
    name: 'ai: openai responses',
    agent: agent('vercel-ai', 'responses'),
    asks: loop('responses'),
    changed: [NEW_PROMPT, NEW_RESULT],
  },
  {
    name: 'ai: openai responses, streamed',
    agent: agent('vercel-ai', 'responsesStreamed'),
    asks: loop('responses'),
    changed: [NEW_RESULT],
  },
  {
    name: 'ai: openai chat',
    agent: agent('vercel-ai', 'chat'),
    asks: loop('completions'),
    changed: [NEW_RESULT],
  },
  {
    name: 'ai: anthropic',
    agent: agent('vercel-ai', 'messages'),
    asks: loop('messages'),
    changed: [NEW_PROMPT, NEW_RESULT],
  },
  {
    name: 'ai: anthropic, streamed, with retries',
    agent: agent('vercel-ai', 'messagesStreamed'),
    faults: [429, 529],
    asks: ['messages', 'messages', ...loop('messages')],
    changed: [{ ...NEW_RESULT, step: 6 }],
  },
  {
    name: '@openai/agents: responses',
    agent: agent('openai-agents', 'responses'),
    telemetry: ['ingest'],
    asks: loop('responses'),
    changed: [NEW_PROMPT, NEW_TOOL, NEW_RESULT],
  },
  {
    name: '@openai/agents: responses, streamed',
    agent: agent('openai-agents', 'responsesStreamed'),
    telemetry: ['ingest'],
    asks: loop('responses'),
    changed: [NEW_RESULT],
  },
  {
    name: '@openai/agents: chat',
    agent: agent('openai-agents', 'chat'),
    telemetry: ['ingest'],
    asks: loop('completions'),
    changed: [NEW_RESULT],
  },
  {
    name: '@langchain/langgraph: chat',
    agent: agent('langgraph', 'chat'),
    asks: loop('completions'),
    changed: [NEW_PROMPT, NEW_TOOL, NEW_RESULT],
  },
  {
    name: '@langchain/langgraph: chat, streamed, which counts tokens',
    agent: agent('langgraph', 'chatStreamed'),
    asks: ['completions', ...TABLE, ...TABLE, 'docs', '17', 'completions', ...TABLE, ...TABLE, ...TABLE],
    changed: [{ ...NEW_RESULT, step: 6 }],
  },
  {
    name: '@langchain/langgraph: chat, traced',
    agent: agent('langgraph', 'traced'),
    asks: loop('completions'),
    telemetry: ['multipart'],
    changed: [NEW_RESULT],
  },
  {
    name: '@langchain/langgraph: responses',
    agent: agent('langgraph', 'responses'),
    asks: loop('responses'),
    changed: [NEW_RESULT],
  },
]

tryAgents(CASES, { start: () => startProvider([chatWire, responsesWire, messagesWire]) })
