import type { Interaction } from '../../../src/model/interaction.ts'
import type { RecordingHeader } from '../../../src/recording/entries.ts'

export const HEADER: RecordingHeader = {
  run: { run_id: 'run_1', trace_id: '0af7651916cd43dd8448eb211c80319c', release: 'v1', started_at: 1_764_000_000_000 },
  input: { question: 'What is the refund policy?' },
  runtime: { node: '24.0.0', platform: 'linux-x64' },
}

/** A model call with these messages and this answer. */
export function modelCall(id: string, messages: unknown[], answer: unknown = { ok: true }): Interaction {
  return {
    id,
    kind: 'http',
    door: 'fetch',
    started_ms: 10,
    request: {
      method: 'POST',
      url: 'https://api.example.test/v1/chat/completions',
      headers: [['content-type', 'application/json']],
      body: { text: JSON.stringify({ model: 'm-1', messages, temperature: 0 }) },
    },
    answer: {
      status: 200,
      status_text: 'OK',
      headers: [['content-type', 'application/json']],
      headers_ms: 20,
      chunks: [[25.5, { text: JSON.stringify(answer) }]],
    },
    end: { kind: 'complete', offset_ms: 26 },
  }
}
