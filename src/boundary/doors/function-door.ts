import {
  type BoundaryContext,
  currentContext,
  type FunctionAsk,
  type FunctionDecision,
  type FunctionObserver,
  runInContext,
} from '../tape.ts'
import { watchResult } from './watch-result.ts'

type AnyFunction = (...args: never[]) => unknown

/**
 * Wraps a tool function so that its calls are recorded and, in a replay, answered from the recording instead of run.
 * Needed only for tools that are no HTTP call; outside of a run the function is called as it is.
 *
 * @param name The name of the tool as the model knows it.
 * @example
 * const readFile = tool('read_file', async (path: string) => await fs.readFile(path, 'utf8'))
 */
export function tool<F extends AnyFunction>(name: string, fn: F): F {
  return wrapFunction('tool', name, fn)
}

/**
 * Wraps a model function (one that asks a model without HTTP, say in process) so that its calls are recorded and replayed.
 *
 * @param name The name of the model.
 */
export function model<F extends AnyFunction>(name: string, fn: F): F {
  return wrapFunction('model', name, fn)
}

/**
 * Wraps the function of a tool as frameworks call it: with its input first. That alone is recorded and compared; what comes behind it
 * (signals, histories, contexts) is passed on.
 *
 * @param name The name of the tool as the model knows it.
 * @example
 * const search = wrapTool('search_docs', async ({ query }: { query: string }) => index.search(query))
 */
export function wrapTool<F extends AnyFunction>(name: string, fn: F): F {
  return wrapFunction('tool', name, fn, (args) => args.slice(0, 1))
}

function wrapFunction<F extends AnyFunction>(
  kind: FunctionAsk['kind'],
  name: string,
  fn: F,
  recorded: (args: unknown[]) => unknown[] = (args) => args,
): F {
  const wrapped = function (this: unknown, ...args: never[]): unknown {
    const context = currentContext()
    if (context === null) {
      tellUnserved(kind, name)
      return fn.apply(this, args)
    }
    const decision = decide(context, { kind, name, args: recorded(args), fn })
    if (decision === null) return fn.apply(this, args)
    if (decision.kind === 'serve') return decision.result
    const observer = quiet(decision.observer)
    const within = { tape: context.tape, parent: observer.id, span: context.span }
    return runInContext(within, () => {
      let result: unknown
      try {
        result = fn.apply(this, args)
      } catch (error) {
        observer.threw(error, { sync: true })
        throw error
      }
      return watchResult(result, observer, within)
    })
  }
  // What the agent hung on its function (a schema, a description) stays there.
  Object.assign(wrapped, fn)
  return Object.defineProperties(wrapped, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  }) as unknown as F
}

/** Where a replay wants to be told of wrapped functions that run for real, for want of a tape: another copy of this package has its own. */
export const UNSERVED = Symbol.for('retrial.unserved')

/** Tells a replay that has a tape in another copy of this package what runs for real. */
export function tellUnserved(kind: FunctionAsk['kind'] | 'mcp', name: string): void {
  const { [UNSERVED]: tell } = globalThis as { [UNSERVED]?: (name: string) => void }
  tell?.(`${kind}:${name}`)
}

/** What the tape says; null when a recorder has its own trouble, which is not the agent's. */
function decide(context: BoundaryContext, ask: FunctionAsk): FunctionDecision | null {
  if (context.tape.mode === 'serve') return context.tape.call(ask, context)
  try {
    return context.tape.call(ask, context)
  } catch {
    return null
  }
}

function quiet(observer: FunctionObserver): FunctionObserver {
  const quietly = (tell: () => void): void => {
    try {
      tell()
    } catch {
      // The recorder's trouble is not the agent's.
    }
  }
  return {
    id: observer.id,
    returned: (value, how) => quietly(() => observer.returned(value, how)),
    threw: (error, how) => quietly(() => observer.threw(error, how)),
  }
}
