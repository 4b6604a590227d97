import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Recording } from '../../../src/model/recording.ts'
import { HEADER, modelCall } from './messages.ts'

/** A folder that is gone when the test is over. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-recording-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
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

/** The same run with all that an answer can have besides its head and body. */
export function answeredOddly(): Recording {
  const recording = sampleRecording()
  const [first, second] = recording.interactions
  if (first?.kind === 'http' && first.answer !== null) {
    const names = first.answer.headers.map(([name]) => name.toUpperCase())
    first.answer = {
      ...first.answer,
      names,
      information: [
        { status: 103, status_text: 'Early Hints', headers: [['link', '</a>; rel=preload']], offset_ms: 1.5 },
        { status: 102, status_text: 'Processing', headers: [], offset_ms: 2 },
      ],
      trailers: [['x-sum', '42']],
    }
    first.end = { kind: 'complete', offset_ms: 20, error: { name: 'Error', message: 'Parse Error', code: 'HPE_X' } }
  }
  if (second?.kind === 'http' && second.answer !== null) {
    const headers = Array.from({ length: 30 }, (_, i): [string, string] => [`x-header-${i}`, String(i)])
    second.answer = { ...second.answer, headers, names: headers.map(([name]) => name.toUpperCase()) }
  }
  return recording
}
