/** Where in the code something was called: cheap to take, dear to read. */
export interface CallSite {
  stack?: string
}

const HARNESS = import.meta.url.slice(0, import.meta.url.lastIndexOf('/boundary/'))
const FRAMES = 16

/** Node's own frames between a timer and who set it. */
const TIMERS = /^node:(internal\/async_hooks|internal\/timers|timers|timers\/promises):/
/** Node's own frames that load modules, between a file and who imports it. */
const LOADER = /^node:internal\/modules\//
const captureStackTrace = Error.captureStackTrace

/** Takes down the stack as it is now. */
export function takeCallSite(): CallSite {
  const { stackTraceLimit } = Error
  return capture(Math.max(stackTraceLimit, FRAMES), takeCallSite)
}

function capture(frames: number, below: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {}
  const { stackTraceLimit } = Error
  if (stackTraceLimit !== frames) setLimit(frames)
  captureStackTrace(site, below)
  if (stackTraceLimit !== frames) setLimit(stackTraceLimit)
  return site
}

function setLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // An agent may have frozen it: then the place stays unknown.
  }
}

/** `file:line:column` of the innermost frame that is the agent's own, else of the innermost of a package; null without any. */
export function placeOf(site: CallSite): string | null {
  return findAgentFrame(readFrames(site))
}

/** The innermost of some frames that is neither Node's nor the harness's nor, if there is another, a package's. */
export function findAgentFrame(frames: readonly string[]): string | null {
  // Node strips types in WebAssembly.
  const foreign = frames.filter((frame) => !/^(node|wasm):/.test(frame) && !frame.includes(HARNESS))
  return foreign.find((frame) => !frame.includes('/node_modules/')) ?? foreign[0] ?? null
}

/** Who makes a call. */
export interface Caller {
  /** `file:line:column` of the agent's innermost frame, else of a package's. */
  place: string
  /** Whether the agent's own code makes it, not a package that it uses. */
  isOwn: boolean
  /** Whether no code of Node's stands between. */
  isDirect: boolean
}

/** Who makes the call that is going on: null where that is Node itself, such as its loader of modules, or the harness. */
export function callerOf(site: CallSite): Caller | null {
  const frames = readFrames(site).filter((frame) => !frame.includes(HARNESS))
  const at = frames.findIndex((frame) => !/^(node|wasm):/.test(frame))
  const place = findAgentFrame(frames)
  if (at === -1 || place === null || frames.slice(0, at).some((frame) => LOADER.test(frame))) return null
  return { place, isOwn: !frames[at]?.includes('/node_modules/'), isDirect: at === 0 }
}

/** So many frames of the harness stand at most between a call and who looks after it. */
const HARNESS_FRAMES = 6

/**
 * `file:line:column` of the agent's own code, when that itself makes the call that is going on: null where code of Node's or of
 * a package stands between. Asked of every look, so no more of the stack is read than tells it.
 */
export function directCaller(): string | null {
  const file = innermostFile(directCaller)
  if (file !== null && (/^(node|wasm):/.test(file) || file.includes('/node_modules/'))) return null
  const by = callerOf(takeCallSite())
  return by?.isDirect && by.isOwn ? by.place : null
}

/** The file of the innermost frame that is not the harness's; null where that cannot be told without writing the stack out. */
function innermostFile(below: (...args: never[]) => unknown): string | null {
  // An agent may have its own way of writing stacks: one that cannot be put back as it was is left alone.
  const property = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  if (property?.writable !== true) return null
  const prepareStackTrace: unknown = property.value
  try {
    Error.prepareStackTrace = listSites
    const { stack } = capture(HARNESS_FRAMES + 1, below) as { stack?: unknown }
    if (!Array.isArray(stack)) return null
    for (const site of stack as NodeJS.CallSite[]) {
      const file = site.getFileName() ?? ''
      if (!file.includes(HARNESS)) return file || null
    }
    return null
  } catch {
    return null
  } finally {
    Error.prepareStackTrace = prepareStackTrace as typeof Error.prepareStackTrace
  }
}

function listSites(_error: Error, sites: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return sites
}

function readFrames(site: CallSite): string[] {
  try {
    // An agent may have its own way of writing stacks.
    return String(site.stack)
      .split('\n')
      .slice(1)
      .map((line) => /\(?((?:file:\/\/|node:)?\/?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? '')
      .filter((frame) => frame !== '')
  } catch {
    return []
  }
}

/** Who set a timer of the machine: null when that was Node itself or the harness, for their own ends. */
export function placeOfNativeTimer(site: CallSite): string | null {
  const frames = readFrames(site)
  const caller = frames.slice(frames.findIndex((frame) => TIMERS.test(frame))).find((frame) => !TIMERS.test(frame))
  return caller === undefined || caller.startsWith('node:') || caller.includes(HARNESS) ? null : caller
}

/** What an error says of itself and where, without the frames of Node and of the harness: those tell a reader nothing. */
export function describeStack(error: unknown): string {
  try {
    const stack = error instanceof Error ? String(error.stack ?? error.message) : String(error)
    const isForeign = (line: string): boolean => /^ *at /.test(line) && (line.includes(HARNESS) || /\bnode:/.test(line))
    return stack
      .split('\n')
      .filter((line) => !isForeign(line))
      .join('\n')
  } catch {
    return 'an error that cannot be read'
  }
}
