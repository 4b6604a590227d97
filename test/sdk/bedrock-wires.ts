import { writeEvent } from '../../src/providers/event-stream.ts'
import { messagesWire } from './anthropic-wire.ts'
import { piecesOf } from './openai-wires.ts'
import { fresh, type Turn, type Wire, type WireAnswer } from './start-provider.ts'

type Json = Record<string, unknown>

const TYPE = 'application/vnd.amazon.eventstream'
const USAGE = { inputTokens: 40, outputTokens: 12, totalTokens: 52 }

/** Bedrock's Converse and ConverseStream. */
export const converseWire: Wire = {
  path: /\/converse(?:-stream)?$/,
  countResults: ({ messages }) =>
    (messages as { content: Json[] }[])
      .flatMap(({ content }) => content)
      .filter((block) => block.toolResult !== undefined).length,
  answer(_body, turn, path) {
    const content = blocksOf(turn)
    const stopReason = 'text' in turn ? 'end_turn' : 'tool_use'
    const metrics = { latencyMs: 7 }
    if (!path.endsWith('-stream')) {
      return { json: { output: { message: { role: 'assistant', content } }, stopReason, usage: USAGE, metrics } }
    }
    return {
      type: TYPE,
      pieces: [
        writeEvent('messageStart', { role: 'assistant' }),
        ...content.flatMap(eventsOfBlock),
        writeEvent('messageStop', { stopReason }),
        writeEvent('metadata', { usage: USAGE, metrics }),
      ],
    }
  },
}

function blocksOf(turn: Turn): Json[] {
  if ('text' in turn) return [{ text: turn.text }]
  return turn.calls.map(({ name, args }) => ({ toolUse: { toolUseId: fresh('tooluse_', 22), name, input: args } }))
}

function eventsOfBlock({ text, toolUse }: Json, contentBlockIndex: number): Buffer[] {
  const { input, ...start } = (toolUse ?? {}) as Json
  const deltas =
    toolUse === undefined
      ? piecesOf(text as string).map((piece) => ({ text: piece }))
      : piecesOf(JSON.stringify(input)).map((piece) => ({ toolUse: { input: piece } }))
  return [
    ...(toolUse === undefined
      ? []
      : [writeEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: start } })]),
    ...deltas.map((delta) => writeEvent('contentBlockDelta', { contentBlockIndex, delta })),
    writeEvent('contentBlockStop', { contentBlockIndex }),
  ]
}

/** Bedrock's InvokeModel and InvokeModelWithResponseStream, of a model of Anthropic's. */
export const invokeWire: Wire = {
  path: /\/invoke(?:-with-response-stream)?$/,
  countResults: messagesWire.countResults,
  answer(body, turn, path) {
    const stream = path.endsWith('-stream')
    const answer = messagesWire.answer({ ...body, model: 'claude-3-5-sonnet', stream }, turn, path)
    return 'json' in answer ? answer : { type: TYPE, pieces: answer.pieces.flatMap(chunkOf) }
  },
}

/** The same events, each in an envelope. */
function chunkOf(piece: Extract<WireAnswer, { type: string }>['pieces'][number]): Buffer[] {
  return [...String(piece).matchAll(/^data: (.*)$/gm)].map(([, data = '']) =>
    writeEvent('chunk', { bytes: Buffer.from(data).toString('base64') }),
  )
}
