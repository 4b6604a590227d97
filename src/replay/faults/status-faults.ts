import { STATUS_CODES } from 'node:http'
import type { JsonObject } from '../../core/json.ts'
import type { HeaderList, HttpInteraction } from '../../model/interaction.ts'
import { anthropicMessages } from '../../providers/anthropic-messages.ts'
import { findProtocol } from '../../providers/registry.ts'
import type { Fault } from './connection-faults.ts'

/** How soon a provider refuses, ms. */
const REFUSAL_MS = 50

interface Refusal {
  openai: { type: string; code: string | null }
  /** Type of Anthropic. */
  anthropic: string
  message: string
}

const SERVER_ERROR = { type: 'server_error', code: null }

const REFUSALS: Record<number, Refusal> = {
  429: {
    openai: { type: 'requests', code: 'rate_limit_exceeded' },
    anthropic: 'rate_limit_error',
    message: 'Rate limit reached.',
  },
  500: { openai: SERVER_ERROR, anthropic: 'api_error', message: 'Internal server error' },
  502: { openai: SERVER_ERROR, anthropic: 'api_error', message: 'Bad gateway' },
  503: { openai: SERVER_ERROR, anthropic: 'overloaded_error', message: 'The server is overloaded or not ready yet.' },
  529: { openai: SERVER_ERROR, anthropic: 'overloaded_error', message: 'Overloaded' },
}

/** A refusal by status, with the body that the provider of the request would send, and more headers. */
export function refuseBy(status: keyof typeof REFUSALS & number, headers: HeaderList = []): Fault {
  return (interaction) => {
    const text = JSON.stringify(bodyOf(interaction, REFUSALS[status] as Refusal))
    return {
      ...interaction,
      answer: {
        status,
        status_text: STATUS_CODES[status] ?? 'Site is overloaded',
        headers: [
          ['content-type', 'application/json'],
          ['content-length', String(Buffer.byteLength(text))],
          ...headers,
        ],
        headers_ms: REFUSAL_MS,
        chunks: [[REFUSAL_MS, { text }]],
      },
      end: { kind: 'complete', offset_ms: REFUSAL_MS },
    }
  }
}

function bodyOf({ request }: HttpInteraction, { openai, anthropic, message }: Refusal): JsonObject {
  const protocol = findProtocol(request)
  if (protocol === null) return { error: message }
  if (protocol === anthropicMessages) return { type: 'error', error: { type: anthropic, message } }
  return { error: { message, type: openai.type, param: null, code: openai.code } }
}
