import { subscribe } from 'node:diagnostics_channel'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import { type Duplex, duplexPair } from 'node:stream'
import { promisify } from 'node:util'
import { currentContext } from '../tape.ts'
import { type Exports, standIn } from '../world/exports.ts'
import { ServedSession } from './served-session.ts'

const INSTALLED = Symbol.for('retrial.http2-door')

type Connect = (
  authority: string | URL,
  options?: http2.ClientSessionOptions | (() => void),
  listener?: () => void,
) => ClientHttp2Session

const served = new WeakMap<object, ServedSession>()

/**
 * Answers clients of `node:http2` from the tape. Only the connection is replaced, by one within the process, to a server that
 * asks the tape: sessions, streams, flow control and events are Node's own. A connection to a host that the tape knows nothing
 * of goes on to the guard, which refuses it.
 *
 * @param onPrototype Told of what sessions and streams share, once each, before an agent has hold of one.
 */
export function installHttp2Door(onPrototype: (prototype: object) => void): void {
  if (Object.hasOwn(http2, INSTALLED)) return
  Object.defineProperty(http2, INSTALLED, { value: true })
  const tell = once(onPrototype)
  const base = http2.connect as Connect
  const connect: Connect = (authority, options, listener) => {
    const context = currentContext()
    const tape = context?.tape
    if (tape?.mode !== 'serve' || tape.holds?.(originOf(authority)) !== true) return base(authority, options, listener)
    const settings = typeof options === 'function' ? {} : options
    const [near, far] = duplexPair()
    const socket = new (streamSocket())(near)
    Object.assign(socket, { connecting: true })
    const session = base(
      authority,
      { ...settings, createConnection: () => socket },
      typeof options === 'function' ? options : listener,
    )
    tell(session)
    const other = new ServedSession(session)
    served.set(session, other)
    setImmediate(() => {
      if (socket.destroyed) return
      Object.assign(socket, { connecting: false })
      other.open(far)
      for (const event of ['connect', 'ready']) socket.emit(event)
    })
    if (new URL(originOf(authority)).protocol === 'https:') lookEncrypted(session)
    return session
  }
  standIn(http2 as unknown as Exports, 'connect', connect)
  Object.defineProperty(http2.connect, promisify.custom, { value: promisifiedConnect(connect) })
  subscribe('http2.client.stream.created', (message) => {
    const { stream } = message as { stream: ClientHttp2Stream }
    const session = stream.session && served.get(stream.session)
    if (session === undefined) return
    tell(stream)
    session.expect(stream, currentContext())
  })
  syncBuiltinESMExports()
}

type StreamSocket = new (stream: Duplex) => Duplex

let found: StreamSocket | null = null

/** What Node makes a socket of a stream with. Given the stream itself, it takes the connection for one that has long been there. */
function streamSocket(): StreamSocket {
  if (found !== null) return found
  const session = http2.performServerHandshake(duplexPair()[0])
  found = (Object.getPrototypeOf(session.socket) as { constructor: StreamSocket }).constructor
  session.destroy()
  return found
}

/** Node's own rules for what it is given. */
function originOf(authority: string | URL): string {
  const { protocol = 'https:', host, hostname, port } = typeof authority === 'string' ? new URL(authority) : authority
  const name = hostname || host || 'localhost'
  const url = URL.parse(
    `${protocol}//${name.includes(':') && !name.startsWith('[') && !/:\d+$/.test(name) ? `[${name}]` : name}`,
  )
  if (url === null) return 'null'
  if (port) url.port = port
  return url.origin
}

/** There is no TLS within the process, but clients look. */
function lookEncrypted(session: ClientHttp2Session): void {
  Object.defineProperty(session, 'encrypted', { value: true, configurable: true })
  Object.defineProperty(session, 'alpnProtocol', { value: 'h2', configurable: true })
}

/** Tells of the prototype that owns `setTimeout`, once each. */
function once(onPrototype: (prototype: object) => void): (value: object) => void {
  const told = new WeakSet<object>()
  return (value) => {
    let owner: object | null = value
    while (owner !== null && !Object.hasOwn(owner, 'setTimeout')) owner = Object.getPrototypeOf(owner) as object | null
    if (owner === null || told.has(owner)) return
    told.add(owner)
    onPrototype(owner)
  }
}

/** As Node's: its listener is given no error first. */
function promisifiedConnect(connect: Connect): Connect {
  const promised = (authority: string | URL, options?: http2.ClientSessionOptions): Promise<ClientHttp2Session> =>
    new Promise((resolve, reject) => {
      const session = connect(authority, options, () => {
        session.removeListener('error', reject)
        resolve(session)
      })
      session.once('error', reject)
    })
  return promised as unknown as Connect
}
