import http from 'node:http'
import https from 'node:https'
import type { NetConnectOpts, Socket } from 'node:net'
import { ServedSocket } from './served-socket.ts'

const INSTALLED = Symbol.for('retrial.http-door')

interface AgentPrototype {
  createConnection(options: NetConnectOpts & { timeout?: number; servername?: string }): Socket
}

/**
 * Answers clients of `node:http` and `node:https` from the tape. Only the connection is replaced: requests, agents, pools,
 * parser, time-outs and events are Node's own, so that a client meets each answer and each fault as it does for real.
 */
export function installHttpDoor(): void {
  if (Object.hasOwn(http, INSTALLED)) return
  Object.defineProperty(http, INSTALLED, { value: true })
  for (const [{ Agent }, protocol] of [
    [http, 'http:'],
    [https, 'https:'],
  ] as const) {
    const prototype = Agent.prototype as unknown as AgentPrototype
    prototype.createConnection = (options) => {
      const socket = new ServedSocket(protocol, options)
      if (options.timeout) socket.setTimeout(options.timeout)
      return socket
    }
  }
}
