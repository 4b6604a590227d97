import { UNSERVED } from '../boundary/doors/function-door.ts'
import type { SourceWatch } from '../boundary/sources.ts'
import type { FunctionAsk } from '../boundary/tape.ts'

/** More numbers than these are not kept to tell one that was drawn. */
const MOST_KEPT = 10_000

/** What is drawn in a replay and was not drawn in the recorded run. */
export interface FreshDraws {
  onFresh(call: string, value: string): void
  /** Whether a number was drawn so. */
  isDrawn(text: string): boolean
}

/** Takes down what is drawn afresh: all numbers, and what the agent's own code draws as a source that no recording holds. */
export function watchFreshDraws({ seeDirect }: SourceWatch): FreshDraws {
  const drawn = new Set<string>()
  return {
    onFresh(call, value) {
      if (drawn.size < MOST_KEPT) drawn.add(value)
      seeDirect(`random:${call}`, () => value)
    },
    isDrawn: (text) => drawn.has(text),
  }
}

const { toString: textOf } = Function.prototype

/** Takes down the code of each wrapped function that the recording stands in for: a change in it is not tried. */
export function reportStandIns({ caller, see }: SourceWatch): (ask: FunctionAsk) => void {
  const told = new WeakSet<object>()
  return ({ kind, name, fn }) => {
    if (fn === undefined || told.has(fn)) return
    told.add(fn)
    see(kind === 'tool' ? `code:${name}` : `code:model:${name}`, caller()?.place ?? null, textOf.call(fn))
  }
}

/** Takes down the wrapped functions whose own calls are made outside of them. */
export function reportUnwrapped({ caller, see }: SourceWatch): (kind: 'tool' | 'model', name: string) => void {
  return (kind, name) => see(`unwrapped:${kind === 'tool' ? '' : 'model:'}${name}`, caller()?.place ?? null, name)
}

/** Lets wrapped functions of another copy of this package, which know of no replay, tell that they run for real. */
export function reportUnserved({ caller, see }: SourceWatch): void {
  const tell = (name: string): void => see(name, caller()?.place ?? null, 'it ran for real')
  Object.defineProperty(globalThis, UNSERVED, { value: tell })
}
