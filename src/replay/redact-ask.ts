import type { HttpAsk } from '../boundary/tape.ts'
import { asPayload, type HttpRequest } from '../model/interaction.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'

/** A request as the recorder would have written it down: with its secrets replaced, so that both are compared alike. */
export function redactAsk({ method, url, headers, body }: HttpAsk, redactor: Redactor | null): HttpRequest {
  const payload = body === null ? null : asPayload(body)
  if (redactor === null) return { method, url, headers, body: payload }
  return {
    method,
    url: redactor.url(url),
    headers: redactor.headers(headers),
    body: payload !== null && 'text' in payload ? { text: redactor.text(payload.text) } : payload,
  }
}
