import { currentContext, type FunctionAsk, runInContext } from '../tape.ts'

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

function wrapFunction<F extends AnyFunction>(kind: FunctionAsk['kind'], name: string, fn: F): F {
  const wrapped = function (this: unknown, ...args: never[]): unknown {
    const context = currentContext()
    if (context === null) return fn.apply(this, args)
    const decision = context.tape.call({ kind, name, args }, context.parent)
    if (decision.kind === 'serve') return decision.result
    const { observer } = decision
    return runInContext({ tape: context.tape, parent: observer.id }, () => {
      let result: unknown
      try {
        result = fn.apply(this, args)
      } catch (error) {
        observer.threw(error, true)
        throw error
      }
      if (!isThenable(result)) {
        observer.returned(result, true)
        return result
      }
      // A branch of its own: the agent gets the very promise that the tool gave.
      result.then(
        (value) => observer.returned(value, false),
        (error) => observer.threw(error, false),
      )
      return result
    })
  }
  return Object.defineProperties(wrapped, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  }) as unknown as F
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}
