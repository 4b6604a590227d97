import dgram from 'node:dgram'
import net from 'node:net'
import { type Exports, type Refuse, replace } from './refusal.ts'

/** Node lines whose permission model forbids the network refuse some calls by an error that nobody can hear. */
const FORBIDS_NETWORK = 'permission' in process && process.allowedNodeEnvironmentFlags.has('--allow-net')

/** Refuses datagrams and servers as their handles would, on lines that would not let it come to that. */
export function guardDeniedSockets(refuse: Refuse): void {
  if (!FORBIDS_NETWORK) return
  replace(dgram.Socket.prototype as unknown as Exports, 'send', () => {
    return function (...args) {
      const port = args.findLast((arg) => typeof arg === 'number')
      const address = args.slice(1).find((arg) => typeof arg === 'string') ?? 'localhost'
      refuse('udp', `${String(address)}:${String(port)}`)
      const error = createError('send', String(address))
      const callback = args.at(-1)
      if (typeof callback === 'function') process.nextTick(callback as () => void, error)
      else emitLater(this as NodeJS.EventEmitter, error)
    }
  })
  for (const [owner, call] of [
    [net.Server.prototype, 'listen'],
    [dgram.Socket.prototype, 'bind'],
  ] as const) {
    replace(owner as unknown as Exports, call, () => {
      return function () {
        refuse('listen', call === 'bind' ? 'a socket for datagrams' : 'a listening socket')
        emitLater(this as NodeJS.EventEmitter, createError(call, ''))
        return this
      }
    })
  }
  replace(dgram.Socket.prototype as unknown as Exports, 'connect', () => {
    return function (...args) {
      refuse('udp', `${String(args[1] ?? 'localhost')}:${String(args[0])}`)
      emitLater(this as NodeJS.EventEmitter, createError('connect', ''))
    }
  })
}

function createError(syscall: string, address: string): Error {
  return Object.assign(new Error(`${syscall} EACCES ${address}`.trim()), { code: 'EACCES', errno: -13, syscall })
}

function emitLater(emitter: NodeJS.EventEmitter, error: Error): void {
  process.nextTick(() => emitter.emit('error', error))
}
