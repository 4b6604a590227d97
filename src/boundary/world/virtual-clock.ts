import { roundMs } from '../../core/clock.ts'
import type { SetTimer } from '../../model/verdict.ts'
import { type AgentTimer, type Alarm, AlarmHeap, describeTimer } from './alarm-heap.ts'
import type { IdleTracker } from './idle-tracker.ts'
import type { DriveEnd, DriveOptions, WorldClock } from './world-clock.ts'

const nativeImmediate = setImmediate

/** So often the clock may be looked at in one moment before that is taken for waiting. */
const FREE_LOOKS = 20_000

/** By how much a look beyond that moves the clock, ms; it doubles after as many more. */
const LOOK_MS = 0.001
const LOOKS_TO_DOUBLE = 20_000
const MOST_DOUBLINGS = 20

/** How many answers of the world may come between two turns of the loop. */
const MOST_STEPS = 256

/** Node's own way of finishing ticks, promises and rejections, as between two immediates; deprecated, so it may be gone some day. */
const finish = (process as { _tickCallback?: () => void })._tickCallback

/**
 * Time that passes only when nothing else can happen: the clock moves to its next alarm once no code of the agent can run
 * and no real work is in flight. Recorded waits so take no real time, and their order is that of the recording.
 */
export class VirtualClock implements WorldClock {
  /** Milliseconds since the epoch at offset 0. */
  readonly epoch: number
  #offset = 0
  #order = 0
  #looks = 0
  #fired = 0
  /** What is set and keeps the run alive: answers of the world, and timers of the agent that are not unref'd. */
  #refs = 0
  readonly #alarms = new AlarmHeap()

  constructor(epoch: number) {
    this.epoch = epoch
  }

  get offset(): number {
    return this.#offset
  }

  now(): number {
    return this.epoch + this.#offset
  }

  /** Answers only settle promises: so no async context has to be kept. */
  schedule(callback: () => void, delay: number): void {
    this.#refs++
    this.#add(callback, this.#offset + Math.max(0, delay), null)
  }

  /** Sets a timer of the agent; `callback` brings its own async context. */
  setAlarm(timer: AgentTimer, callback: () => void, at: number): Alarm {
    if (timer.hasRef()) this.#refs++
    return this.#add(callback, Math.max(this.#offset, at), timer)
  }

  /** @param hadRef Whether the timer kept the run alive until now. */
  clearAlarm(alarm: Alarm, hadRef: boolean): void {
    if (alarm.callback === null) return
    alarm.callback = null
    if (hadRef) this.#refs--
  }

  /** Takes note that a timer that is set keeps the run alive, or no longer does. */
  countRef(change: 1 | -1): void {
    this.#refs += change
  }

  /**
   * The offset as the agent sees it. Code that waits by looking at the clock over and over would wait for ever, as nothing
   * else can happen meanwhile: after many looks in one moment each moves the clock a little.
   */
  look(): number {
    if (++this.#looks > FREE_LOOKS) this.#creep(1)
    return this.#offset
  }

  /** Lets time pass while the agent's code is blocked: no alarm fires before it goes on. */
  block(ms: number): void {
    this.#offset = roundMs(this.#offset + ms)
  }

  /** What the agent has set and may still be waiting for: what keeps nothing alive and nobody has set is Node's, for its connections. */
  listTimers(): SetTimer[] {
    const timers = this.#alarms.timers().map(describeTimer)
    return timers.filter(({ at, unref }) => at !== null || unref !== true)
  }

  /** How many alarms have fired, and how often immediates had followed each other for many turns. */
  get fired(): number {
    return this.#fired
  }

  /** Lets time pass until the run is over, or cannot go on. */
  drive(idle: IdleTracker, options: DriveOptions): Promise<DriveEnd> {
    const { isDone, limit, isHeld = () => true } = options
    return new Promise((resolve) => {
      const settle = (): void => idle.whenIdle(isDone, go)
      const look = (): void => {
        const seen = idle.look()
        if (seen === 'idle' || isDone()) go()
        else if (seen === 'immediates') idle.next(look)
        else settle()
      }
      /** Moves on to what is next; true when that was an answer of the world, and all that follows from it is still to come. */
      const advance = (): boolean => {
        this.#looks = 0
        const next = this.#alarms.peek()
        if (isDone()) resolve('done')
        else if (next === undefined || (this.#refs === 0 && !isHeld())) resolve('deadlock')
        else if (Math.max(next.at, this.#offset) > limit) resolve('limit')
        else {
          this.#offset = Math.max(this.#offset, next.at)
          if (next.timer === null) return this.#fire()
          this.#fireTimers(isDone, () => idle.next(look))
        }
        return false
      }
      /** Lets answers come as long as that can go on without a turn of the loop. To be called when the process is idle. */
      const go = (): void => {
        for (let left = MOST_STEPS; left > 0; left--) {
          if (!advance()) return
          // Immediates of the agent's come before the next of the harness's.
          if (!finishTicks(() => idle.next(look)) || idle.look() === 'immediates') break
          if (idle.look() === 'unknown') {
            settle()
            return
          }
        }
        idle.next(look)
      }
      idle.onSpin = (turns) => {
        this.#fired++
        this.#spin(turns)
        const next = this.#alarms.peek()
        if (this.#offset > limit) resolve('limit')
        if (next === undefined || next.at > this.#offset) return
        this.#looks = FREE_LOOKS
        if (next.timer === null) this.#fire()
        else this.#fireTimers(isDone, null)
      }
      // From a callback of its own, so that nothing of this tick is left.
      nativeImmediate(look)
    })
  }

  #fire(): true {
    const next = this.#alarms.pop()
    const callback = next?.callback
    if (next === undefined || !callback) return true
    next.callback = null
    this.#fired++
    if (next.timer?.hasRef() !== false) this.#refs--
    callback()
    return true
  }

  /**
   * Fires the agent's timers that are due, up to the next answer of the world, each from a callback of its own within one
   * phase of the loop. So ticks and promises come between two timers of one moment, immediates after all of them, and what
   * a timer throws goes where Node would let it go.
   */
  #fireTimers(isDone: () => boolean, then: (() => void) | null): void {
    const offset = this.#offset
    const last = this.#order
    const fire = (): void => {
      const next = this.#alarms.peek()
      if (next === undefined || isDone()) return
      if (next.at > offset || next.order >= last || next.timer === null) return
      this.#fire()
    }
    for (let due = this.#alarms.countDue(offset); due > 0; due--) nativeImmediate(fire)
    if (then !== null) nativeImmediate(then)
  }

  #add(callback: () => void, at: number, timer: AgentTimer | null): Alarm {
    const alarm = { at: roundMs(at), order: this.#order++, callback, timer }
    this.#alarms.push(alarm)
    return alarm
  }

  /** So many turns of the loop in which the agent did nothing but ask for the next count as looks. */
  #spin(turns: number): void {
    this.#looks += turns
    if (this.#looks > FREE_LOOKS) this.#creep(turns)
  }

  #creep(looks: number): void {
    const doublings = Math.min(MOST_DOUBLINGS, Math.floor((this.#looks - FREE_LOOKS) / LOOKS_TO_DOUBLE))
    this.#offset = roundMs(this.#offset + looks * LOOK_MS * 2 ** doublings)
  }
}

/** Lets all that follows from an answer happen; false where that takes a turn of the loop. What the agent throws goes where Node would let it go. */
function finishTicks(onThrow: () => void): boolean {
  if (finish === undefined) return false
  try {
    finish()
  } catch (error) {
    onThrow()
    throw error
  }
  return true
}
