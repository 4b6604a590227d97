import { piecesOf } from './openai-wires.ts'
import { fresh, type Turn, type Wire } from './start-provider.ts'

type Json = Record<string, unknown>

/** Gemini's `generateContent`, whole and streamed. A conversation that has no tools is answered at once. */
export const geminiWire: Wire = {
  path: /:(?:generateContent|streamGenerateContent)$/,
  countResults: ({ contents, tools }) =>
    tools === undefined ? 1 : (contents as { parts: Json[] }[]).flatMap(({ parts }) => parts).filter(isResult).length,
  answer(_body, turn, path) {
    const model = /models\/([^:]+)/.exec(path)?.[1] ?? ''
    const head = { modelVersion: model, responseId: fresh('', 22) }
    const parts = partsOf(turn, model.startsWith('gemini-3'))
    if (!path.endsWith(':streamGenerateContent')) return { json: { ...head, ...candidate(parts, 'STOP'), ...USAGE } }
    const events = [...parts.flatMap(cut).map((part) => ({ ...head, ...candidate([part]) }))]
    const last = { ...head, ...candidate([{ text: '' }], 'STOP'), ...USAGE }
    return { type: 'text/event-stream', pieces: [...events, last].map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`) }
  },
}

const USAGE = { usageMetadata: { promptTokenCount: 40, candidatesTokenCount: 12, totalTokenCount: 52 } }

function candidate(parts: Json[], finishReason?: string): Json {
  return { candidates: [{ content: { role: 'model', parts }, ...(finishReason && { finishReason }), index: 0 }] }
}

function isResult(part: Json): boolean {
  return part.functionResponse !== undefined
}

function partsOf(turn: Turn, thinks: boolean): Json[] {
  const seal = thinks ? { thoughtSignature: Buffer.from(fresh('', 40)).toString('base64') } : {}
  if ('text' in turn) return [{ text: turn.text, ...seal }]
  return turn.calls.map(({ name, args }, index) => ({
    functionCall: { name, args, ...(thinks && { id: fresh('call_', 20) }) },
    ...(index === 0 && seal),
  }))
}

function cut(part: Json): Json[] {
  return typeof part.text === 'string' ? piecesOf(part.text).map((text) => ({ text })) : [part]
}
