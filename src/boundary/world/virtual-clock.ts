import { AsyncResource } from 'node:async_hooks'
import type { Clock } from '../../core/clock.ts'
import type { IdleTracker } from './idle-tracker.ts'

/** One entry of the clock: fires `callback` when virtual time reaches `at`. */
export interface Alarm {
  /** Offset on the clock, ms. */
  at: number
  /** Breaks ties between alarms of the same instant, smallest first. */
  order: number
  callback: () => void
}

export type DriveEnd = 'done' | 'deadlock' | 'limit'

/**
 * Time that passes only when nothing else can happen: the clock moves to its next alarm once no code of the agent can run
 * and no real work is in flight. Recorded waits so take no real time, and their order is that of the recording.
 */
export class VirtualClock implements Clock {
  /** Milliseconds since the epoch at offset 0. */
  readonly epoch: number
  #offset = 0
  #order = 0
  readonly #heap: Alarm[] = []
  readonly #cancelled = new WeakSet<Alarm>()

  constructor(epoch: number) {
    this.epoch = epoch
  }

  /** Virtual time since the clock began, ms. */
  get offset(): number {
    return this.#offset
  }

  now(): number {
    return this.epoch + this.#offset
  }

  /** Fires `callback` in the async context of the caller after `delay` ms of virtual time. */
  schedule(callback: () => void, delay: number): Alarm {
    const alarm = {
      at: this.#offset + Math.max(0, delay),
      order: this.#order++,
      callback: AsyncResource.bind(callback),
    }
    this.#push(alarm)
    return alarm
  }

  cancel(alarm: Alarm): void {
    this.#cancelled.add(alarm)
  }

  /**
   * Lets time pass until `isDone`. Ends early in a `deadlock` (nothing can run, nothing is in flight and no alarm is set)
   * and at the `limit` of virtual time.
   */
  async drive(idle: IdleTracker, isDone: () => boolean, limitMs: number): Promise<DriveEnd> {
    for (;;) {
      await idle.settle(isDone)
      if (isDone()) return 'done'
      const alarm = this.#pop()
      if (alarm === undefined) return 'deadlock'
      if (alarm.at > limitMs) return 'limit'
      this.#offset = Math.max(this.#offset, alarm.at)
      alarm.callback()
    }
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap
    let child = heap.push(alarm) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!isBefore(alarm, heap[parent] as Alarm)) break
      heap[child] = heap[parent] as Alarm
      child = parent
    }
    heap[child] = alarm
  }

  #pop(): Alarm | undefined {
    for (;;) {
      const first = this.#removeFirst()
      if (first === undefined || !this.#cancelled.has(first)) return first
    }
  }

  #removeFirst(): Alarm | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Alarm, heap[child] as Alarm)) child++
      if (!isBefore(heap[child] as Alarm, last)) break
      heap[parent] = heap[child] as Alarm
      parent = child
    }
    heap[parent] = last
    return first
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
