import type { FunctionAsk, HttpAsk } from '../boundary/tape.ts'
import { sha256 } from '../core/hash.ts'
import type { JsonValue } from '../core/json.ts'
import { type HeaderList, type Interaction, payloadBytes } from '../model/interaction.ts'
import { isMeaningful } from './canonical-call.ts'

/**
 * The digest of a recorded call as it stands: calls of equal digest are equal byte for byte, so they ask the same. The
 * reverse does not hold: keys in another order give another digest, and the canonical form has to tell.
 */
export function digestInteraction(interaction: Interaction): string {
  if (interaction.kind !== 'http') return digestFunction(interaction.kind, interaction.name, interaction.args)
  const { method, url, headers, body } = interaction.request
  if (body === null) return digestHttp(method, url, headers, null)
  return digestHttp(method, url, headers, 'text' in body ? body.text : payloadBytes(body))
}

/** The digest of a request that an agent makes now. */
export function digestAsk({ method, url, headers, body }: HttpAsk): string {
  return digestHttp(method, url, headers, body)
}

/** The digest of a call of a wrapped function. */
export function digestFunction(kind: FunctionAsk['kind'], name: string, args: JsonValue): string {
  return `${kind} ${name}\n${sha256(JSON.stringify(args))}`
}

function digestHttp(method: string, url: string, headers: HeaderList, body: string | Uint8Array | null): string {
  // The type tells how the bytes are to be read.
  const meaning = headers.filter(([name]) => name === 'content-type' || isMeaningful(name))
  return `http ${method} ${url}\n${JSON.stringify(meaning)}\n${body === null ? '' : sha256(body)}`
}
