import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Interaction } from '../../../src/model/interaction.ts'
import type { Recording } from '../../../src/model/recording.ts'
import type { RecordingHeader } from '../../../src/recording/entries.ts'

/** A folder that is gone when the test is over. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-recording-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

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

/** A small run with every kind of record: a model call with long messages, a stream, a tool call, a note and an end. */
export function sampleRecording(): Recording {
  const system = { role: 'system', content: `You are a support agent. ${'Be brief. '.repeat(30)}` }
  const user = { role: 'user', content: 'Grüße — what is the refund policy?' }
  const stream = modelCall('c2', [system, user, { role: 'tool', content: 'policy '.repeat(50) }])
  if (stream.kind === 'http' && stream.answer !== null) {
    stream.answer.chunks = [
      [20, { text: 'data: {"delta":"30 ' }],
      [21, { base64: Buffer.from([0xe2, 0x82]).toString('base64') }],
      [22.125, { text: 'days"}\n\n' }],
    ]
  }
  return {
    format: 'retrial/1',
    run: HEADER.run,
    input: { question: 'What is the refund policy?' },
    runtime: HEADER.runtime,
    redaction: null,
    interactions: [
      modelCall('c1', [system, user]),
      stream,
      {
        id: 'c3',
        kind: 'tool',
        name: 'search_docs',
        started_ms: 40,
        args: { query: 'refund' },
        value: ['a', 'b'],
        end: { kind: 'complete', offset_ms: 3 },
      },
    ],
    notes: [{ at_ms: 50, code: 'lossy', message: 'A note.', data: { what: 'output' } }],
    finish: { at_ms: 60, stop_reason: 'completed', output: '30 days', error: null },
    integrity: 'sealed',
  }
}
