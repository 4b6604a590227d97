import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { Exchange } from './workloads.ts'

/** Where the model of every recorded exchange is; nobody answers there. */
export const MODEL_ORIGIN = 'http://model.test'
export const MODEL_PATH = '/v1/chat/completions'
export const MODEL_URL = `${MODEL_ORIGIN}${MODEL_PATH}`

export const SALT = '00112233445566778899aabbccddeeff'
const STARTED_AT = 1_760_000_000_000
const FIRST_BYTE_MS = 300
const CHUNK_MS = 10

/** The interaction that a recorder would have written for an exchange, with plausible times. */
export function asInteraction({ request, answer }: Exchange, index: number): HttpInteraction {
  const chunks = answer.chunks.map((text, i): [number, { text: string }] => [FIRST_BYTE_MS + i * CHUNK_MS, { text }])
  return {
    id: `c${index + 1}`,
    kind: 'http',
    door: 'fetch',
    started_ms: index * 1_000,
    request: { method: 'POST', url: MODEL_URL, headers: request.headers, body: { text: request.body } },
    answer: { status: 200, status_text: 'OK', headers: answer.headers, headers_ms: FIRST_BYTE_MS, chunks },
    end: { kind: 'complete', offset_ms: FIRST_BYTE_MS + chunks.length * CHUNK_MS },
  }
}

/** A sealed recording of these exchanges. */
export function asRecording(exchanges: readonly Exchange[]): Recording {
  return recordingOf(exchanges.map(asInteraction))
}

/** A sealed recording of these interactions, as it is when it was read. */
export function recordingOf(interactions: Interaction[]): Recording {
  return {
    format: 'retrial/1',
    run: { run_id: 'run_bench', trace_id: '0'.repeat(31).concat('1'), agent: 'bench', started_at: STARTED_AT },
    input: null,
    runtime: { node: process.versions.node, platform: `${process.platform}-${process.arch}` },
    redaction: { rules: 'retrial/1', salt: SALT },
    interactions,
    notes: [],
    finish: null,
    integrity: 'sealed',
  }
}
