import { type AsyncHook, AsyncResource, createHook, executionAsyncId } from 'node:async_hooks'
import fs from 'node:fs'
import { doNothing } from '../../core/nothing.ts'
import { type CallSite, takeCallSite } from './call-site.ts'
import { countCompilations } from './count-compilations.ts'
import { watchEngine } from './watch-engine.ts'
import { watchZlibWrites } from './watch-zlib-writes.ts'

const nativeImmediate = setImmediate
const { fstat } = fs

/** Any file descriptor will do: what matters is that the thread pool answers. */
const ANY_FD = 2

/** Turns of the loop that are told of at a time. */
const TURNS_AT_A_TIME = 20

/** Async resources that stand for one piece of work each: when a request is back from the pool after them, they are done. */
const SINGLE = /^FSREQ|REQUEST$|REQ$|REQWRAP$|^WRITEWRAP$/

/** Those that do nothing by themselves: all that is done with one is a piece of work of its own, or told (zlib). */
const PASSIVE = /^(FILEHANDLE|DIRHANDLE|ZLIB)$/

/** Parsers of HTTP: they work only while they are called. One that reads by itself does so from a handle, which is told. */
const CALLED = /^(HTTPCLIENTREQUEST|HTTPINCOMINGMESSAGE)$/

/** Promises need no watching: what goes on in them begins in a callback that is seen, and ends before the loop goes on. */
const HOOK_OPTIONS = { trackPromises: false }

/**
 * Knows when the process is idle: no code can run, and no real work is in flight. It sends a request through the thread
 * pool and looks whether any callback ran until that is back. The pool must have one thread (`UV_THREADPOOL_SIZE=1`): then
 * all that was handed to it before is done, whatever it was, and in the order in which it was asked for.
 * `docs/decisions/0009-virtual-time.md` has the argument.
 */
export class IdleTracker {
  /** Told of so many turns of the loop in which nothing happened but immediates that set each other. */
  onSpin: (turns: number) => void = doNothing
  /** Told where a timer of the machine was set, past the clock. */
  onNativeTimer: (site: CallSite) => void = doNothing
  /** Where the agent set one of these last. */
  spinSite: CallSite | null = null
  #isSpinning = false
  #activity = 0
  /** Compilations of WebAssembly: V8 does them on threads of its own. */
  #compilations = 0
  #marking = false
  readonly #immediates = new Set<number>()
  readonly #natives = new Set<number>()
  /** Whether no real work can be in flight: a request went through the pool since the last that was seen of any. */
  #clear = false
  #willBeClear = false
  /** Whether there may be a resource that can take up work again without a sign. */
  #isLasting = false
  #turns = 0
  readonly #hook: AsyncHook

  constructor() {
    this.#hook = createHook({
      init: (id, type, _trigger, resource) => {
        if (type !== 'PROMISE' && !this.#marking) this.#onInit(id, type, resource)
      },
      before: (id) => {
        this.#activity++
        if (this.#immediates.delete(id)) this.#onTurn()
        else if (this.#natives.has(id)) this.#onRealWork()
      },
      ...HOOK_OPTIONS,
    })
  }

  /** Starts to track. For good. */
  start(): void {
    this.#hook.enable()
    watchZlibWrites(() => this.#onRealWork())
    watchEngine(
      () => this.#onRealWork(),
      () => {
        this.#isLasting = true
      },
    )
    countCompilations((change) => {
      this.#compilations += change
    })
  }

  /**
   * What can be told without a trip through the pool. `idle`: no real work was begun since the last trip, nothing is there that
   * could go on by itself, and no immediate waits. `immediates`: all of that, but some wait. `unknown`: a trip has to tell.
   * To be asked only when ticks and promises are done: at the beginning of an immediate of the harness's, or after they were finished in one.
   */
  look(): 'idle' | 'immediates' | 'unknown' {
    if (!this.#clear || this.#isLasting || this.#compilations > 0) return 'unknown'
    if (this.#immediates.size > 0) return 'immediates'
    this.#onIdle()
    return 'idle'
  }

  /** Calls back from an immediate in which nothing else has run. */
  next(callback: () => void): void {
    this.#immediate(callback)
  }

  /** Calls back once the process is idle, or `isOver`: from a callback in which nothing else runs. */
  whenIdle(isOver: () => boolean, then: () => void): void {
    const before = this.#activity
    this.#willBeClear = true
    this.#mark(() =>
      fstat(ANY_FD, () => {
        this.#activity--
        this.#clear = this.#willBeClear
        this.#immediate(() => {
          const isIdle = this.#activity === before && this.#compilations === 0
          if (isIdle) this.#onIdle()
          if (isIdle || isOver()) then()
          else this.whenIdle(isOver, then)
        })
      }),
    )
  }

  #onIdle(): void {
    this.#turns = 0
    this.#isSpinning = false
    this.spinSite = null
    // Those that are left were cleared.
    if (this.#immediates.size > 0) this.#immediates.clear()
  }

  /** An immediate that is no activity. */
  #immediate(callback: () => void): void {
    this.#mark(() =>
      nativeImmediate(() => {
        this.#activity--
        this.#forgetCleared(executionAsyncId())
        callback()
      }),
    )
  }

  /** Immediates run in the order in which they were set: one that was set before the one that runs and has not run itself was cleared. */
  #forgetCleared(running: number): void {
    for (const id of this.#immediates) {
      if (id > running) return
      this.#immediates.delete(id)
    }
  }

  #mark(create: () => unknown): void {
    this.#marking = true
    create()
    this.#marking = false
  }

  #onInit(id: number, type: string, resource: object): void {
    if (type === 'Immediate') this.#onImmediate(id)
    else if (resource instanceof AsyncResource || type === 'TickObject' || type === 'Microtask') return
    else if (type === 'Timeout') this.onNativeTimer(takeCallSite())
    else {
      this.#activity++
      if (CALLED.test(type)) return
      if (!SINGLE.test(type) && !PASSIVE.test(type)) this.#isLasting = true
      if (type === 'MESSAGEPORT') return
      this.#natives.add(id)
      this.#onRealWork()
    }
  }

  #onImmediate(id: number): void {
    this.#immediates.add(id)
    if (!this.#isSpinning) return
    this.#isSpinning = false
    this.spinSite = takeCallSite()
  }

  /** Real work was begun or has come to an end. */
  #onRealWork(): void {
    this.#clear = false
    this.#willBeClear = false
    this.#turns = 0
  }

  #onTurn(): void {
    if (++this.#turns < TURNS_AT_A_TIME || !this.#clear) return
    this.#turns = 0
    this.#isSpinning = true
    this.#immediate(() => this.onSpin(TURNS_AT_A_TIME))
  }
}
