import type { SetTimer } from '../../model/verdict.ts'
import { type CallSite, placeOf } from './call-site.ts'

/** Something that is to happen at a moment of virtual time. */
export interface Alarm {
  /** Offset on the clock, ms. */
  at: number
  /** Breaks ties between alarms of the same moment, smallest first. */
  order: number
  /** What fires: nothing once it is cancelled. */
  callback: (() => void) | null
  /** The agent's timer behind it; null for an answer of the world. */
  timer: AgentTimer | null
}

/** A timer of the agent, as a report tells of it. */
export interface AgentTimer {
  /** `setTimeout`, `setInterval`, `AbortSignal.timeout`, `socket.setTimeout`. */
  readonly kind: string
  readonly delay: number
  readonly site: CallSite
  hasRef(): boolean
}

/** A priority queue of alarms, the next one first. Cancelled alarms leave it when they come up. */
export class AlarmHeap {
  readonly #heap: Alarm[] = []

  push(alarm: Alarm): void {
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

  /** The next alarm that is not cancelled. */
  peek(): Alarm | undefined {
    while (this.#heap[0]?.callback === null) this.#removeFirst()
    return this.#heap[0]
  }

  pop(): Alarm | undefined {
    const alarm = this.peek()
    this.#removeFirst()
    return alarm
  }

  /** How many alarms are due by `offset`, at most; an upper bound, as cancelled ones count. */
  countDue(offset: number, root = 0): number {
    const alarm = this.#heap[root]
    if (alarm === undefined || alarm.at > offset) return 0
    return 1 + this.countDue(offset, 2 * root + 1) + this.countDue(offset, 2 * root + 2)
  }

  /** The timers of the agent that are set, next first. */
  timers(): AgentTimer[] {
    const live = this.#heap.filter(({ callback }) => callback !== null)
    return live.sort((a, b) => (isBefore(a, b) ? -1 : 1)).flatMap(({ timer }) => timer ?? [])
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
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
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** `unref’d setTimeout of 5000 ms`, and where it was set. */
export function describeTimer(timer: AgentTimer): SetTimer {
  const { kind, delay, site } = timer
  const what = `${kind} of ${delay} ms`
  const at = placeOf(site)
  return timer.hasRef() ? { what, at } : { what: `unref’d ${what}`, at, unref: true }
}
