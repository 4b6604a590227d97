import dgram from 'node:dgram'
import net from 'node:net'
import path from 'node:path'
import { countingDenials } from './denials.ts'
import { guardDeniedSockets } from './denied-sockets.ts'
import { agentFrame, EACCES, type Exports, type Refuse, replace } from './refusal.ts'

/**
 * Closes sockets where they are nearest to the system: on the prototypes of Node's handles, below every client, below
 * saved functions and below TLS, HTTP/2 and the doors. Nothing is opened to get at them.
 */
export function guardSockets(refuse: Refuse): void {
  const tcp = prototypeOf(handleOfSocket({ host: '127.0.0.1', port: 1 }))
  const pipe = prototypeOf(handleOfSocket({ path: NOBODY }) ?? (process.stdout as unknown as HasHandle)._handle)
  const udp = prototypeOf(handleOfDatagrams())
  const placeOf = rememberCalls(refuse)
  close(tcp, ['connect', 'connect6'], (handle, [, address, port]) =>
    refuse('tcp', `${String(address)}:${String(port)}`, placeOf(handle)),
  )
  close(pipe, ['connect', 'connect2'], (handle, [, name]) => refuse('pipe', String(name), placeOf(handle)))
  for (const prototype of [tcp, pipe]) {
    close(prototype, ['listen'], (handle) => refuse('listen', 'a listening socket', placeOf(handle)))
  }
  close(udp, ['send', 'send6'], (handle, args) => refuse('udp', datagramTarget(args), placeOf(handle)))
  close(udp, ['connect', 'connect6'], (handle, [address, port]) =>
    refuse('udp', `${String(address)}:${String(port)}`, placeOf(handle)),
  )
  guardBinding(udp, refuse, placeOf)
  guardDeniedSockets(refuse)
  guardDescriptors([tcp, pipe, udp], refuse)
}

interface HasHandle {
  _handle?: object | null
}

/** Nobody listens there. */
const NOBODY = process.platform === 'win32' ? '\\\\.\\pipe\\retrial-nobody' : path.join(path.sep, 'retrial', 'nobody')

/** A socket makes its handle before it connects, and TCP connects on the next tick only. */
function handleOfSocket(target: net.SocketConnectOpts): object | null {
  const socket = new net.Socket()
  socket.on('error', () => undefined)
  try {
    socket.connect(target)
  } catch {
    // A permission model may have been faster.
  }
  const handle = (socket as unknown as HasHandle)._handle ?? null
  socket.destroy()
  return handle
}

function handleOfDatagrams(): object | null {
  const socket = dgram.createSocket('udp4')
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol')
  const handle = key && (socket as unknown as Record<symbol, { handle: object }>)[key]?.handle
  socket.close()
  return handle ?? null
}

function prototypeOf(handle: object | null | undefined): Exports {
  if (!handle) throw new Error('this Node hides its socket handles, so nothing can be replayed safely')
  return Object.getPrototypeOf(handle) as Exports
}

/** Locks methods of a handle: nobody has a reason to replace them again. */
function close(prototype: Exports, names: string[], report: (handle: object, args: unknown[]) => void): void {
  for (const name of names) {
    if (typeof prototype[name] !== 'function') continue
    const value = function (this: object, ...args: unknown[]): number {
      report(this, args)
      return EACCES
    }
    Object.defineProperty(prototype, name, { value, configurable: false, writable: false })
  }
}

/** `send(request, list, length, port, address, …)`, or without the two of a connected socket. */
function datagramTarget([, , , port, address]: unknown[]): string {
  return typeof address === 'string' ? `${address}:${String(port)}` : 'a datagram'
}

/** A datagram socket that is bound hears whoever calls. One that only sends is bound on the way, and refused at that. */
function guardBinding(udp: Exports, refuse: Refuse, placeOf: (handle: object) => string | null): void {
  const sending = new WeakSet<object>()
  const prototype = dgram.Socket.prototype as unknown as Exports
  for (const name of ['send', 'connect']) {
    replace(prototype, name, (base) => {
      return function (...args) {
        sending.add(this as object)
        return base.apply(this, args)
      }
    })
  }
  for (const name of ['bind', 'bind6']) {
    replace(udp, name, (base) => {
      return function (...args) {
        const owner = ownerOf(this as object)
        if (owner !== null && sending.has(owner)) return base.apply(this, args)
        refuse('listen', `${String(args[0])}:${String(args[1])} for datagrams`, placeOf(this as object))
        return EACCES
      }
    })
  }
}

/** A descriptor that is there already leads to the parent, or to a file of the harness. */
function guardDescriptors(prototypes: Exports[], refuse: Refuse): void {
  for (const prototype of prototypes) {
    replace(prototype, 'open', (base) => {
      return function (...args) {
        const fd = args[0]
        if (typeof fd === 'number' && fd >= 0 && fd <= 2) return base.apply(this, args)
        refuse('pipe', `file descriptor ${String(fd)}`)
        return EACCES
      }
    })
  }
}

/** Sockets connect, bind and send on a later tick, when their caller is off the stack: the place is taken down before. */
function rememberCalls(refuse: Refuse): (handle: object) => string | null {
  const places = new WeakMap<object, string | null>()
  const owners: [Exports, string[]][] = [
    [net.Socket.prototype as unknown as Exports, ['connect']],
    [net.Server.prototype as unknown as Exports, ['listen']],
    [dgram.Socket.prototype as unknown as Exports, ['bind', 'send', 'connect']],
  ]
  for (const [prototype, names] of owners) {
    for (const name of names) {
      replace(prototype, name, (base) => {
        return function (...args) {
          // A call that Node repeats later comes from nobody.
          const place = agentFrame()
          if (place !== null) places.set(this as object, place)
          return countingDenials(refuse, 'net', '', args, (same) => base.apply(this, same))
        }
      })
    }
  }
  return (handle) => {
    const owner = ownerOf(handle)
    return (owner && places.get(owner)) ?? null
  }
}

function ownerOf(handle: object): object | null {
  const key = Object.getOwnPropertySymbols(handle).find((symbol) => symbol.description === 'owner_symbol')
  return key === undefined ? null : ((handle as Record<symbol, object>)[key] ?? null)
}
