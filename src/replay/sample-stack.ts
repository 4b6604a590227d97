import type { ChildProcess } from 'node:child_process'
import { findAgentFrame } from '../boundary/world/call-site.ts'

/** How long the process may take to show its stack, ms. */
const PATIENCE_MS = 10_000

/** How long it may run on before it is asked again, ms: longer each time, as a process that starts has much to do. */
const AGAIN_MS = 3
const MOST_AGAIN_MS = 500

/** How many functions are looked at each time. */
const STEPS = 8

/** Older Node lines have no inspector under their permission model: they show a stack once, on a signal, and end. */
const KNOWS_PERMISSION = process.allowedNodeEnvironmentFlags.has('--allow-inspector')

/** Whether a process of this Node can be asked by its inspector. @param permission Whether it runs under Node's permission model. */
export function hasInspector(permission: boolean): boolean {
  return !permission || KNOWS_PERMISSION
}

/**
 * What has to be among the arguments of a process whose stack is to be sampled.
 *
 * @param permission Whether it runs under Node's permission model.
 */
export function samplingFlags(permission: boolean): string[] {
  if (!hasInspector(permission)) return ['--trace-sigint']
  const allowed = permission ? ['--allow-inspector', '--disable-warning=PERM0004'] : []
  return ['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=stderr', ...allowed]
}

/** The global function of a replay's process that writes down what it keeps in memory. */
export const FLUSH = 'retrial.flush'

/** The request that calls it. */
const FLUSH_ID = 5

interface InspectorMessage {
  id?: number
  method?: string
  params?: {
    scriptId?: string
    url?: string
    callFrames?: { functionName: string; location: { scriptId: string; lineNumber: number; columnNumber: number } }[]
  }
}

/**
 * Says where a process is that does not come to an end: `spin (file:///agent.ts:3:9)`, the innermost function of the agent's
 * own; null when none is running or the process does not tell. What the process kept in memory of its recording is written.
 * The process has to be killed afterwards: its inspector is open, on the loopback and under a secret address, and its code
 * stands still. Or it has ended already.
 *
 * @param pid Its own number, which is not that of `child` where a sandbox stands between.
 * @param permission Whether it runs under Node's permission model.
 */
export function sampleStack(child: ChildProcess, pid: number | undefined, permission: boolean): Promise<string | null> {
  const isInspected = hasInspector(permission)
  // Only POSIX systems open the inspector of a process whose loop is blocked by a signal.
  const canAsk = process.platform !== 'win32' && pid !== undefined
  if (!canAsk || !signal(pid, isInspected ? 'SIGUSR1' : 'SIGINT')) return Promise.resolve(null)
  return new Promise((resolve) => {
    let said = ''
    let socket: WebSocket | null = null
    const finish = (place: string | null): void => {
      clearTimeout(patience)
      child.stderr?.off('data', listen)
      socket?.close()
      resolve(place)
    }
    const patience = setTimeout(() => finish(null), PATIENCE_MS)
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8')
      const address = /Debugger listening on (ws:\/\/127\.0\.0\.1:\S+)\s/.exec(said)?.[1]
      if (address === undefined || socket !== null) return
      socket = pauseOver(address, finish)
    }
    child.stderr?.on('data', listen)
    child.once('close', () => finish(isInspected ? null : readTrace(said)))
  })
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** The frame of the agent's among those that were printed: `    at spin (file:///agent.ts:3:9)`. */
function readTrace(printed: string): string | null {
  const trace = printed.slice(printed.lastIndexOf('KEYBOARD_INTERRUPT'))
  const frames = [...trace.matchAll(/^ {4}at (?:(.+) \()?([^()\n]+:\d+:\d+)\)?$/gm)]
  return nameFrame(frames.map(([, name = '(anonymous)', place = '']) => ({ name, place })))
}

function nameFrame(frames: { name: string; place: string }[]): string | null {
  // Code without a file is Node's own, as its stripping of types is.
  const place = findAgentFrame(frames.map((frame) => frame.place).filter((one) => !/^(:|wasm:)/.test(one)))
  const frame = frames.find((one) => one.place === place)
  return frame === undefined ? null : `${frame.name} (${frame.place})`
}

function pauseOver(address: string, finish: (place: string | null) => void): WebSocket {
  const urls = new Map<string, string>()
  const socket = new WebSocket(address)
  let frames: { name: string; place: string }[] = []
  let isFlushed = false
  let again = AGAIN_MS
  let steps = 0
  const look = (): void => {
    const frame = nameFrame(frames)
    if (frame !== null) {
      finish(frame)
      return
    }
    // Caught between two pieces of the agent's code: the next function may be it. If it is not, try again a little later.
    if (++steps % STEPS !== 0) {
      socket.send(JSON.stringify({ id: 3, method: 'Debugger.stepInto' }))
      return
    }
    socket.send(JSON.stringify({ id: 3, method: 'Debugger.resume' }))
    setTimeout(() => socket.send(JSON.stringify({ id: 4, method: 'Debugger.pause' })), again)
    again = Math.min(again * 2, MOST_AGAIN_MS)
  }
  socket.addEventListener('error', () => finish(null))
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }))
    socket.send(JSON.stringify({ id: 2, method: 'Debugger.pause' }))
  })
  socket.addEventListener('message', ({ data }) => {
    const { id, method, params = {} } = JSON.parse(String(data)) as InspectorMessage
    if (id === FLUSH_ID) look()
    if (method === 'Debugger.scriptParsed' && params.scriptId !== undefined) urls.set(params.scriptId, params.url ?? '')
    if (method !== 'Debugger.paused') return
    frames = (params.callFrames ?? []).map(({ functionName, location: { scriptId, lineNumber, columnNumber } }) => ({
      name: functionName === '' ? '(anonymous)' : functionName,
      place: `${urls.get(scriptId) ?? ''}:${lineNumber + 1}:${columnNumber + 1}`,
    }))
    if (isFlushed) {
      look()
      return
    }
    isFlushed = true
    const expression = `globalThis[Symbol.for('${FLUSH}')]?.()`
    socket.send(JSON.stringify({ id: FLUSH_ID, method: 'Runtime.evaluate', params: { expression } }))
  })
  return socket
}
