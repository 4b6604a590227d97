import { type HeaderList, type HttpInteraction, type HttpRequest, headerValue } from '../../model/interaction.ts'
import { readMcpRequest, STDIO_SCHEME, TRANSPORT_SCHEME } from '../../providers/mcp/read-request.ts'
import { findProtocol } from '../../providers/registry.ts'

/** Which real systems may be asked. */
export const LIVE_KINDS = ['model', 'tools', 'all'] as const
export type LiveKind = (typeof LIVE_KINDS)[number]

/** Where a question goes, and how; or why it cannot be asked. */
export type LiveTarget = { url: string; headers: HeaderList; kind: 'model' | 'tools' } | { refused: string }

/** Headers that belong to a connection or are made anew for the body that is sent. */
const CARRIED =
  /^(host|connection|content-length|transfer-encoding|accept-encoding|keep-alive|te|upgrade|expect|cookie)$/

/** What the recorder puts where a secret stood. */
const TOKEN = /rdx-[0-9a-f]{12}/

/** Why a server of MCP cannot be asked a single question; null when it can, and for any other request. */
function whyNoServer(request: HttpRequest): string | null {
  const message = readMcpRequest(request)
  if (message === null) return null
  if (request.url.startsWith(TRANSPORT_SCHEME)) return 'it goes over a transport of the agent, which is not opened'
  if (request.url.startsWith(STDIO_SCHEME)) return 'it goes to a child process, which is not started'
  if (message.kind !== 'request') return 'it is no question'
  const session = headerValue(request.headers, 'mcp-session-id')
  return session === undefined ? null : 'it belongs to a session with a server of MCP, which is over'
}

/**
 * Where the real system is that a question was meant for. A model is asked at the base URL of the environment with the key of the
 * environment; a key never goes to an address that only a recording names, unless it is the provider's own. A tool is asked where
 * the agent asked it, and not at all when that takes a secret that the recorder replaced.
 */
export function findLiveTarget(
  { request }: HttpInteraction,
  env: Readonly<Record<string, string | undefined>>,
): LiveTarget {
  const kept = request.headers.filter(([name]) => !CARRIED.test(name))
  const protocol = findProtocol(request)
  if (protocol === null) {
    const why = whyNoServer(request)
    if (why !== null) return { refused: why }
    const secret = [...kept.map(([, value]) => value), request.url].some((text) => TOKEN.test(text))
    if (secret) return { refused: 'it takes a secret that the recording does not hold' }
    return { url: request.url, headers: kept, kind: 'tools' }
  }
  const { base_url, key, path, origin, authorise } = protocol.live
  const base = env[base_url]
  const { origin: asked } = new URL(request.url)
  if (!base && !(typeof origin === 'string' ? asked === origin : origin.test(asked))) {
    return {
      refused: `set ${base_url}: it was asked at ${asked}, which is no address of the provider`,
    }
  }
  const secret = env[key]
  if (!secret) return { refused: `set ${key}` }
  const url = base ? `${base.replace(/\/+$/, '')}${typeof path === 'string' ? path : path(request.url)}` : request.url
  const [name, value] = authorise(secret)
  const plain = kept.filter(([header, text]) => header !== name && header !== 'authorization' && !TOKEN.test(text))
  return { url, headers: [...plain, [name, value]], kind: 'model' }
}
