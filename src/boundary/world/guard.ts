import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import workerThreads from 'node:worker_threads'
import type { EgressAttempt } from '../../model/verdict.ts'

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Exports = Record<string, unknown>

/** What a refused call gives: `-EACCES`, as a socket that may not connect. */
const EACCES = -13

const DNS_METHODS = /^(lookup|lookupService|resolve|resolve[A-Z0-9].*|reverse)$/

/**
 * Closes every way out of the process that code in it can take: sockets (below every client), name look-ups, child
 * processes, worker threads and listening. Each attempt is reported and refused. For good: there is no way back.
 *
 * A belt, no vault: native addons and code that goes to great lengths are not held. Everything that an agent does by
 * mistake is.
 */
export async function installGuard(report: (attempt: EgressAttempt) => void): Promise<void> {
  const refuse: Refuse = (layer, target, at) => report({ layer, target, at: agentFrame() ?? at ?? null })
  await guardSockets(refuse)
  guardDns(refuse)
  guardProcesses(refuse)
  syncBuiltinESMExports()
}

type Refuse = (layer: string, target: string, at?: string | null) => void

async function guardSockets(refuse: Refuse): Promise<void> {
  const tcp = await handleOf((server, ready) => server.listen(0, '127.0.0.1', ready))
  const pipePath = path.join(os.tmpdir(), `retrial-${process.pid}-${process.hrtime.bigint()}.sock`)
  const pipe = await handleOf((server, ready) =>
    server.listen(process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(pipePath)}` : pipePath, ready),
  )
  const placeOf = rememberConnectCalls()
  for (const name of ['connect', 'connect6']) {
    replace(
      tcp,
      name,
      () =>
        function (_request, address, port) {
          refuse('tcp', `${String(address)}:${String(port)}`, placeOf(this))
          return EACCES
        },
    )
  }
  replace(
    pipe,
    'connect',
    () =>
      function (_request, name) {
        refuse('pipe', String(name), placeOf(this))
        return EACCES
      },
  )
  for (const [prototype, layer] of [
    [tcp, 'listen'],
    [pipe, 'listen'],
  ] as const) {
    replace(prototype, 'listen', () => () => {
      refuse(layer, 'a listening socket')
      return EACCES
    })
  }
  const udp = await udpPrototype()
  for (const name of ['send', 'send6', 'connect', 'connect6']) {
    replace(udp, name, () => () => {
      refuse('udp', 'a datagram')
      return EACCES
    })
  }
}

/** A socket connects on a later tick, when its caller is off the stack: the place is taken down before. */
function rememberConnectCalls(): (handle: unknown) => string | null {
  const places = new WeakMap<object, string | null>()
  const connect = net.Socket.prototype.connect as AnyFunction
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    places.set(this, agentFrame())
    return connect.apply(this, args)
  } as typeof net.Socket.prototype.connect
  return (handle) => {
    const key = Object.getOwnPropertySymbols(handle).find((symbol) => symbol.description === 'owner_symbol')
    const owner = key && (handle as Record<symbol, object>)[key]
    return (owner && places.get(owner)) ?? null
  }
}

/** The prototype that all handles of one kind share, taken from a live one. */
function handleOf(listen: (server: net.Server, ready: () => void) => void): Promise<Exports> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    listen(server, () => {
      const handle = (server as unknown as { _handle: object })._handle
      server.close(() => resolve(Object.getPrototypeOf(handle) as Exports))
    })
  })
}

function udpPrototype(): Promise<Exports> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol')
      const handle = key && (socket as unknown as Record<symbol, { handle: object }>)[key]?.handle
      const prototype = handle && (Object.getPrototypeOf(handle) as Exports)
      socket.close(() => (prototype ? resolve(prototype) : reject(new Error('this Node hides its UDP handles'))))
    })
  })
}

function guardDns(refuse: Refuse): void {
  const owners = [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype] as unknown as Exports[]
  for (const [index, owner] of owners.entries()) {
    const promised = index % 2 === 1
    for (const name of Object.getOwnPropertyNames(owner).filter((key) => DNS_METHODS.test(key))) {
      replace(
        owner,
        name,
        (base) =>
          function (...args) {
            const host = String(args[0])
            // An address needs no look-up: nothing leaves.
            if (name === 'lookup' && net.isIP(host) !== 0) return base.apply(this, args)
            refuse('dns', host)
            const error = Object.assign(new Error(`getaddrinfo EACCES ${host}`), {
              code: 'EACCES',
              syscall: 'getaddrinfo',
              hostname: host,
            })
            if (promised) return Promise.reject(error)
            const callback = args.at(-1)
            if (typeof callback === 'function') process.nextTick(callback as () => void, error)
            return undefined
          },
      )
    }
  }
}

function guardProcesses(refuse: Refuse): void {
  const forbidden = (what: string): Error =>
    Object.assign(new Error(`${what} is refused in a replay`), { code: 'EACCES' })
  const prototype = (childProcess as unknown as { ChildProcess: { prototype: Exports } }).ChildProcess.prototype
  replace(prototype, 'spawn', () => (options) => {
    const { file = '?', args = [] } = (options ?? {}) as { file?: string; args?: string[] }
    refuse('child_process', [file, ...args.slice(1)].join(' ').slice(0, 200))
    throw forbidden('starting a process')
  })
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    replace(childProcess as unknown as Exports, name, () => (file) => {
      refuse('child_process', String(file).slice(0, 200))
      throw forbidden('starting a process')
    })
  }
  const threads = workerThreads as unknown as Exports
  threads.Worker = new Proxy(workerThreads.Worker, {
    construct(_target, args: unknown[]): object {
      refuse('worker', String(args[0]).slice(0, 200))
      throw forbidden('starting a worker thread')
    },
    // The original class must not be reachable through the stand-in.
    getPrototypeOf: () => Function.prototype,
  })
  for (const name of ['dlopen', 'execve']) {
    if (typeof (process as unknown as Exports)[name] !== 'function') continue
    replace(process as unknown as Exports, name, () => (...args) => {
      const target = name === 'dlopen' ? args[1] : args[0]
      refuse(name === 'dlopen' ? 'addon' : 'execve', String(target).slice(0, 200))
      throw forbidden(name === 'dlopen' ? 'loading a native addon' : 'replacing the process')
    })
  }
  const inspector = createRequire(import.meta.url)('node:inspector') as Exports
  replace(inspector, 'open', () => () => {
    refuse('listen', 'the inspector')
    throw forbidden('opening the inspector')
  })
}

function replace(owner: Exports, name: string, make: (base: AnyFunction) => AnyFunction): void {
  const base = owner[name]
  if (typeof base !== 'function') return
  Object.defineProperty(owner, name, { value: make(base as AnyFunction), configurable: false, writable: false })
}

const HARNESS = import.meta.url.slice(0, import.meta.url.lastIndexOf('/boundary/'))

/** The innermost frame on the stack that is neither Node's nor the harness's nor a package's, else the innermost package's. */
function agentFrame(): string | null {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 50
  const stack = new Error('where').stack ?? ''
  Error.stackTraceLimit = limit
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => /\(?((?:file:\/\/)?\/?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? '')
    .filter((frame) => frame !== '' && !frame.startsWith('node:') && !frame.includes(HARNESS))
  return frames.find((frame) => !frame.includes('/node_modules/')) ?? frames[0] ?? null
}
