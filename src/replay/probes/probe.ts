/** What a probe tries to reach. Somebody watches all of it, out of its reach. */
export interface ProbeTarget {
  /** Ports on 127.0.0.1 on which somebody listens. */
  tcp: number
  udp: number
  /** A Unix socket on which somebody listens. */
  unix: string
  /** A port on which nobody listens, and that somebody tries to reach. */
  free: number
  /** A folder that nobody may write to. */
  folder: string
  /** A file in it that nobody may change. */
  file: string
  /** A CommonJS module that calls the TCP listener. */
  script: string
}

/** One way out of a process, tried in earnest. */
export interface Probe {
  name: string
  /** It ends or replaces its process, or is answered by a door and ends a replay by that: it runs alone. */
  alone?: boolean | undefined
  /** A door takes it: what is counted is a divergence. */
  door?: boolean | undefined
  /** It opens a port for others. */
  listens?: boolean | undefined
  /** False where this Node has no such way. */
  isThere?(): boolean
  /**
   * Tries it. What it throws is a refusal. `true`: it got through, by its own account; only for what no listener could hear.
   */
  run(target: ProbeTarget): unknown
}

export const HOST = '127.0.0.1'

/** How long a probe waits for what may never come, ms. */
const PATIENCE_MS = 3_000

/** Resolves with the first of the events that tell that something was tried. */
export function settled(emitter: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    // What goes wrong later is nobody's concern.
    emitter.on('error', () => undefined)
    for (const name of ['connect', 'open', 'listening', 'response', 'error', 'close', 'exit']) {
      emitter.once(name, () => {
        clearTimeout(timer)
        resolve()
      })
    }
  })
}

/** A program of one line that calls the TCP listener. */
export function call(port: number): string {
  return `require('node:net').connect(${port}, '${HOST}')`
}
