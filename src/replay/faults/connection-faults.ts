import { type HttpAnswer, type HttpInteraction, payloadBytes, toPayload } from '../../model/interaction.ts'
import type { ErrorShape } from '../../model/run.ts'

/** A fault: the interaction as it would have been; null where it cannot happen. */
export type Fault = (interaction: HttpInteraction) => HttpInteraction | null

/** How soon a connection is refused, a name not found, or a request reset, ms. */
const AT_ONCE_MS = 5

/** After so long without a byte the network gives up by itself, where the client has not: undici's default. */
const NETWORK_PATIENCE_MS = 300_000

/** How long undici waits for a connection, and how long the kernel does for those that leave it to it, ms. */
const UNDICI_CONNECT_MS = 10_000
const KERNEL_CONNECT_MS = 127_000

const RESET: ErrorShape = {
  name: 'Error',
  message: 'read ECONNRESET',
  code: 'ECONNRESET',
  errno: -104,
  syscall: 'read',
}

export const refused: Fault = (interaction) => {
  const { hostname, port, protocol } = new URL(interaction.request.url)
  const message = `connect ECONNREFUSED ${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  return fail(interaction, { name: 'Error', message, code: 'ECONNREFUSED', errno: -111, syscall: 'connect' })
}

export const dnsFailure: Fault = (interaction) => {
  const message = `getaddrinfo ENOTFOUND ${new URL(interaction.request.url).hostname}`
  return fail(interaction, { name: 'Error', message, code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo' })
}

/** Only of a connection that is made with TLS. */
export const tlsFailure: Fault = (interaction) => {
  if (!interaction.request.url.startsWith('https:')) return null
  return fail(interaction, { name: 'Error', message: 'certificate has expired', code: 'CERT_HAS_EXPIRED' })
}

/** Before the head, or within it: a client cannot tell. */
export const resetBeforeHead: Fault = (interaction) => fail(interaction, RESET)

/** Nobody answers when a connection is asked for. */
export const timeoutConnect: Fault = (interaction) => {
  const { hostname, port, protocol } = new URL(interaction.request.url)
  const address = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  if (interaction.door === 'http') {
    const error = {
      name: 'Error',
      message: `connect ETIMEDOUT ${address}`,
      code: 'ETIMEDOUT',
      errno: -110,
      syscall: 'connect',
    }
    return fail(interaction, error, KERNEL_CONNECT_MS)
  }
  const message = `Connect Timeout Error (attempted address: ${address}, timeout: ${UNDICI_CONNECT_MS}ms)`
  return fail(interaction, { name: 'ConnectTimeoutError', message, code: 'UND_ERR_CONNECT_TIMEOUT' }, UNDICI_CONNECT_MS)
}

/** The connection breaks once the head is there, before any of the body. */
export const resetAfterHead: Fault = (interaction) => {
  const { answer } = interaction
  if (answer === null) return null
  const offset_ms = answer.headers_ms + AT_ONCE_MS
  return { ...interaction, answer: { ...answer, chunks: [] }, end: { kind: 'cut', offset_ms, error: RESET } }
}

/** The first piece of the body comes, then the connection breaks. */
export const resetInBody: Fault = (interaction) => breakOff(interaction, RESET)

/** The first piece of the body comes, then the other side ends the connection, as a server does that is stopped. */
export const cutInBody: Fault = (interaction) =>
  breakOff(
    interaction,
    interaction.door === 'http'
      ? { name: 'Error', message: 'aborted', code: 'ECONNRESET' }
      : { name: 'SocketError', message: 'other side closed', code: 'UND_ERR_SOCKET' },
  )

function breakOff(interaction: HttpInteraction, error: ErrorShape): HttpInteraction | null {
  const { answer } = interaction
  if (answer === null) return null
  const chunks = firstOf(answer)
  const offset_ms = (chunks.at(-1)?.[0] ?? answer.headers_ms) + AT_ONCE_MS
  return { ...interaction, answer: { ...answer, chunks }, end: { kind: 'cut', offset_ms, error } }
}

/** The connection stands and nothing ever comes: the client's own limits decide, and far behind them the network's. */
export const timeoutHead: Fault = (interaction) => ({
  ...interaction,
  answer: null,
  end: { kind: 'failed', offset_ms: NETWORK_PATIENCE_MS, error: silence(interaction, 'Headers') },
})

/** Head and first piece come, then nothing more. */
export const timeoutBody: Fault = (interaction) => {
  const { answer } = interaction
  if (answer === null) return null
  const chunks = firstOf(answer)
  const offset_ms = (chunks[0]?.[0] ?? answer.headers_ms) + NETWORK_PATIENCE_MS
  const end = { kind: 'cut' as const, offset_ms, error: silence(interaction, 'Body') }
  return { ...interaction, answer: { ...answer, chunks }, end }
}

/** The first piece of several, or the first half of the only one. */
function firstOf({ chunks }: HttpAnswer): HttpAnswer['chunks'] {
  const [first, second] = chunks
  if (first === undefined || second !== undefined) return chunks.slice(0, 1)
  const bytes = payloadBytes(first[1])
  return [[first[0], toPayload(bytes.subarray(0, Math.floor(bytes.length / 2)))]]
}

function fail(interaction: HttpInteraction, error: ErrorShape, offset_ms = AT_ONCE_MS): HttpInteraction {
  return { ...interaction, answer: null, end: { kind: 'failed', offset_ms, error } }
}

/** What ends a silence that no client ends: undici has a limit of its own, a socket of `node:http` that of the kernel. */
function silence({ door }: HttpInteraction, part: 'Headers' | 'Body'): ErrorShape {
  if (door === 'http') {
    return { name: 'Error', message: 'read ETIMEDOUT', code: 'ETIMEDOUT', errno: -110, syscall: 'read' }
  }
  const code = `UND_ERR_${part.toUpperCase()}_TIMEOUT`
  return { name: `${part}TimeoutError`, message: `${part} Timeout Error`, code }
}
