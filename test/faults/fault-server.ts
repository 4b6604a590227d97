import { readFileSync } from 'node:fs'
import net, { type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { FAULTS } from './catalogue.ts'
import type { Line, Step } from './fault.ts'

export interface FaultServer {
  /** The start of the URLs of a line. */
  origin(line: Line): string
  /** Requests that came for `/<fault>/<client>`. */
  attempts(key: string): number
  /** To be called when the client says that it has got a piece. */
  saw(key: string): void
  /** Forgets what came so far: the next run begins anew. */
  reset(): void
  close(): Promise<void>
}

interface Asked {
  key: string
  attempt: number
}

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'certificates', `${name}.pem`))

/** Starts a server on the loopback that writes each answer byte by byte: every fault is a real one. */
export async function startFaultServer(): Promise<FaultServer> {
  const script = new ScriptRunner()
  const listeners: net.Server[] = []
  const ports = new Map<Line, number>()
  const listen = async (line: Line, server: net.Server): Promise<void> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    listeners.push(server)
    ports.set(line, (server.address() as AddressInfo).port)
  }
  const serve = (socket: Socket): void => script.serve(socket)
  await listen('http', net.createServer(serve))
  for (const line of ['https', 'self-signed', 'wrong host', 'expired'] as const) {
    const cert = pem(line === 'https' ? 'good' : line.replace(' ', '-'))
    await listen(line, tls.createServer({ key: pem('key'), cert }, serve))
  }
  await listen(
    'mute tls',
    net.createServer((socket) => socket.on('error', () => socket.destroy()).resume()),
  )
  await listen(
    'reset on connect',
    net.createServer((socket) => socket.resetAndDestroy()),
  )
  await listen('closed port', net.createServer())
  await new Promise((resolve) => listeners.pop()?.close(resolve))
  const at = (line: Line): string => `127.0.0.1:${ports.get(line)}`
  return {
    origin(line) {
      if (line === 'no such host') return 'http://no-such-host.invalid'
      if (line === 'plain as https') return `https://${at('http')}`
      if (line === 'https as plain') return `http://${at('https')}`
      const isPlain = line === 'http' || line === 'closed port' || line === 'reset on connect'
      return `${isPlain ? 'http' : 'https'}://${at(line)}`
    },
    attempts: (key) => script.counts.get(key) ?? 0,
    saw: (key) => script.saw(key),
    reset: () => script.counts.clear(),
    async close() {
      for (const socket of script.sockets) socket.destroy()
      await Promise.all(listeners.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

/** How long a client gets that does not tell what it has seen, ms; and one that leaves at what it sees, so it always does. */
const UNSEEN_MS = 200
const LEAVES_MS = 5_000

class ScriptRunner {
  readonly counts = new Map<string, number>()
  readonly sockets = new Set<Socket>()
  readonly #seen = new Map<string, () => void>()

  saw(key: string): void {
    this.#seen.get(key)?.()
  }

  /** Reads requests, also pipelined ones, and answers them in order. */
  serve(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let pending = Buffer.alloc(0)
    let working: Promise<void> = Promise.resolve()
    socket.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data])
      // A client that speaks TLS gets what servers of plain HTTP say to that.
      if (pending[0] === 0x16) return void socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
      for (;;) {
        const request = takeRequest(pending)
        if (request === null) break
        pending = pending.subarray(request.length)
        working = working.then(() => this.#answer(socket, request.path))
      }
    })
  }

  async #answer(socket: Socket, path: string): Promise<void> {
    const [fault = '', client = ''] = path.slice(1).split(/[/?]/)
    const key = `${fault}/${client}`
    const attempt = (this.counts.get(key) ?? 0) + 1
    this.counts.set(key, attempt)
    const asked: Asked = { key, attempt }
    const steps = FAULTS[fault]?.answer?.(attempt, path) ?? ['HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n']
    for (const step of steps) {
      if (socket.destroyed) return
      await this.#do(socket, step, asked)
    }
  }

  #hang(socket: Socket): Promise<void> {
    const timer = setTimeout(() => socket.resetAndDestroy(), HANG_MS)
    return new Promise((resolve) =>
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      }),
    )
  }

  async #do(socket: Socket, step: Step, { key }: Asked): Promise<void> {
    if (typeof step === 'number') return void (await pause(step))
    if (step === 'fin') return void socket.end()
    if (step === 'reset') return void socket.resetAndDestroy()
    if (step === 'hang') return this.#hang(socket)
    if (step === 'seen') {
      const seen = new Promise<void>((resolve) => this.#seen.set(key, resolve))
      const { act } = FAULTS[key.split('/')[0] ?? ''] ?? {}
      return Promise.race([seen, pause(act === 'abort' || act === 'cancel' ? LEAVES_MS : UNSEEN_MS)])
    }
    socket.write(step)
  }
}

/** How long a client is let hang that never gives up, ms: a test has to end. */
const HANG_MS = 8_000

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The first request in what has come; null while it is not all there. */
function takeRequest(data: Buffer): { path: string; length: number } | null {
  const headEnd = data.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const head = data.subarray(0, headEnd).toString('latin1')
  const path = head.split(' ')[1] ?? '/'
  const start = headEnd + 4
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const end = data.indexOf('0\r\n\r\n', start)
    return end < 0 ? null : { path, length: end + 5 }
  }
  const length = start + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  return data.length < length ? null : { path, length }
}
