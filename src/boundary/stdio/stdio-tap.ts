import childProcess, { type ChildProcess } from 'node:child_process'
import { parseJson } from '../../core/json.ts'
import { isMcpMessage } from '../../providers/mcp/read-request.ts'
import { type BoundaryContext, currentContext } from '../tape.ts'
import { type SpawnOptions, urlOfCommand } from './command-url.ts'
import { LineSplitter } from './line-splitter.ts'
import { ServerJournal } from './server-journal.ts'

const INSTALLED = Symbol.for('retrial.stdio-tap')

type AnyMethod = (this: unknown, ...args: unknown[]) => unknown

/**
 * Watches child processes that speak MCP over their input and output, without touching what goes through. Which do is told by the
 * first line that the agent sends: no other protocol begins so. All others are left alone from then on.
 */
export function installStdioTap(): void {
  const { prototype } = (childProcess as unknown as { ChildProcess: { prototype: object } }).ChildProcess
  if (Object.hasOwn(prototype, INSTALLED)) return
  Object.defineProperty(prototype, INSTALLED, { value: true })
  const owner = prototype as Record<string, AnyMethod>
  const spawn = owner.spawn as AnyMethod
  owner.spawn = function (...args) {
    const result = spawn.apply(this, args)
    quietly(() => watch(this as ChildProcess, args[0] as SpawnOptions))
    return result
  }
}

function quietly(fn: () => unknown): void {
  try {
    fn()
  } catch {
    // The recorder's trouble is not the agent's.
  }
}

function watch(child: ChildProcess, options: SpawnOptions): void {
  const context = currentContext()
  const { stdin, stdout } = child
  if (context === null || !stdin || !stdout) return
  const watched = new WatchedServer(options, context)
  before(stdin, 'write', (args) => watched.onInput(args))
  before(stdin, 'end', (args) => {
    watched.onInput(args)
    watched.onLeft()
  })
  before(stdin, 'destroy', ([error]) => {
    // Node does so as well, once the process is over or does not listen any more.
    if (!error && child.exitCode === null && child.signalCode === null) watched.onLeft()
  })
  before(child, 'kill', ([signal]) => {
    if (signal !== 0) watched.onLeft()
  })
  before(stdout, 'push', ([chunk]) => watched.onOutput(chunk))
  if (child.stderr) before(child.stderr, 'push', ([chunk]) => watched.onErrors(chunk))
  child.once('exit', (code, signal) => quietly(() => watched.onEnded(code, signal)))
}

/** Looks at the arguments of a method before it is called. */
function before(owner: object, name: string, look: (args: unknown[]) => void): void {
  const methods = owner as Record<string, AnyMethod>
  const base = methods[name] as AnyMethod
  methods[name] = function (...args) {
    quietly(() => look(args))
    return base.apply(this, args)
  }
}

/** How much may go through a process before it is known what it speaks, bytes. */
const MOST_UNKNOWN = 1024 * 1024

/** A child process of which it is not known yet, or known, that it speaks MCP. */
class WatchedServer {
  readonly #options: SpawnOptions
  readonly #context: BoundaryContext
  readonly #input = new LineSplitter()
  readonly #output = new LineSplitter()
  /** What it printed before it was known. */
  readonly #printed: Uint8Array[] = []
  #unknown = 0
  #journal: ServerJournal | null | undefined

  constructor(options: SpawnOptions, context: BoundaryContext) {
    this.#options = options
    this.#context = context
  }

  onInput([chunk, encoding]: unknown[]): void {
    if (this.#journal === null) return
    const bytes = bytesOf(chunk, encoding)
    if (this.#journal === undefined && this.#count(bytes)) return
    for (const line of this.#input.add(bytes)) {
      const text = line.toString('utf8').trim()
      if (text === '') continue
      this.#journal ??= this.#begin(text)
      this.#journal?.sent(text)
      if (this.#journal === null) return
    }
  }

  onOutput(chunk: unknown): void {
    if (!this.#journal || !(chunk instanceof Uint8Array)) return
    this.#journal.said(this.#output.add(chunk))
  }

  onErrors(chunk: unknown): void {
    if (this.#journal === null || !(chunk instanceof Uint8Array)) return
    if (this.#journal !== undefined) this.#journal.printed(chunk)
    else if (!this.#count(chunk)) this.#printed.push(Buffer.from(chunk))
  }

  /** Gives up on a process that is not known after so much: nothing of MCP begins like that. */
  #count(bytes: Uint8Array): boolean {
    this.#unknown += bytes.length
    if (this.#unknown > MOST_UNKNOWN) this.#journal = null
    return this.#journal === null
  }

  onLeft(): void {
    this.#journal?.left()
  }

  onEnded(code: number | null, signal: string | null): void {
    this.#journal?.ended(code, signal)
  }

  #begin(text: string): ServerJournal | null {
    if (!isMcpMessage(parseJson(text))) return null
    const journal = new ServerJournal(urlOfCommand(this.#options), this.#context)
    for (const chunk of this.#printed.splice(0)) journal.printed(chunk)
    return journal
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')
  return chunk instanceof Uint8Array ? chunk : new Uint8Array(0)
}
