import type { EgressAttempt } from '../../model/verdict.ts'

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
export type Exports = Record<string, unknown>

/** What a refused call on a handle gives: `-EACCES`, as a socket that may not connect. */
export const EACCES = -13

/**
 * Takes down an attempt to get out.
 *
 * @param layer `tcp`, `pipe`, `udp`, `dns`, `listen`, `child_process`, `worker`, `addon`, `file`, …
 * @param at Where it was made, if its caller may be off the stack by now.
 */
export type Refuse = (layer: string, target: string, at?: string | null) => void

/** More attempts than this are one loop, and telling of each would choke the line to the parent. */
const MOST_REPORTS = 1_000

export function createRefuse(report: (attempt: EgressAttempt) => void): Refuse {
  let reports = 0
  return (layer, target, at) => {
    if (++reports > MOST_REPORTS) return
    report({ layer, target: target.slice(0, 200), at: agentFrame() ?? at ?? null })
  }
}

/** The error of an API that is closed: `EACCES`, as the system gives it. */
export function forbidden(what: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${what} is refused in a replay`), { code: 'EACCES', errno: EACCES })
}

/**
 * Puts a stand-in in the place of a function, with all that hangs on it. What was there is in the stand-in's hands only.
 * A name that this Node does not have is left alone.
 */
export function replace(owner: Exports, name: string, make: (base: AnyFunction) => AnyFunction): void {
  const base = owner[name]
  if (typeof base !== 'function') return
  const standIn = make(base as AnyFunction)
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(base))) {
    if (key !== 'prototype') Object.defineProperty(standIn, key, property)
  }
  for (const symbol of Object.getOwnPropertySymbols(base)) {
    // `util.promisify` would hand out the original.
    if (symbol.description === 'nodejs.util.promisify.custom') continue
    Object.defineProperty(standIn, symbol, Object.getOwnPropertyDescriptor(base, symbol) as PropertyDescriptor)
  }
  // Libraries wrap these in their turn (graceful-fs, tracers), which takes nothing away: below theirs is ours.
  Object.defineProperty(owner, name, { value: standIn, configurable: true, writable: true, enumerable: true })
}

const HARNESS = import.meta.url.slice(0, import.meta.url.lastIndexOf('/boundary/'))
/** What stands in for an agent, to try the guard. */
const STAND_IN = '/replay/probes/'
const GUARD = import.meta.url.slice(0, import.meta.url.lastIndexOf('/') + 1)

/** The innermost frame on the stack that is neither Node's nor the harness's nor a package's, else the innermost package's. */
export function agentFrame(): string | null {
  const frames = stackFrames().filter((frame) => !frame.startsWith('node:') && !isHarness(frame))
  return frames.find((frame) => !frame.includes('/node_modules/')) ?? frames[0] ?? null
}

/** Whether the harness itself calls, and no code of the agent's on its way. */
export function isHarnessCall(): boolean {
  const caller = stackFrames().find((frame) => !frame.startsWith('node:') && !frame.includes(GUARD))
  return caller !== undefined && isHarness(caller)
}

function isHarness(frame: string): boolean {
  return frame.includes(HARNESS) && !frame.includes(STAND_IN)
}

function stackFrames(): string[] {
  const { stackTraceLimit, prepareStackTrace } = Error
  try {
    Error.stackTraceLimit = 50
    Error.prepareStackTrace = undefined as unknown as typeof prepareStackTrace
    const stack = String(new Error('where').stack)
    return stack
      .split('\n')
      .slice(1)
      .map((line) => /\(?((?:file:\/\/)?\/?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? '')
      .filter((frame) => frame !== '')
  } catch {
    // An agent may have frozen these; the attempt counts all the same.
    return []
  } finally {
    restore(() => Object.assign(Error, { stackTraceLimit, prepareStackTrace }))
  }
}

function restore(set: () => void): void {
  try {
    set()
  } catch {
    // As above.
  }
}
