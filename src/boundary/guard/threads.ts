import { EventEmitter } from 'node:events'
import module from 'node:module'
import workerThreads from 'node:worker_threads'
import { type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/**
 * Closes threads: each has a world of its own, without guard and clock. The stand-in for `Worker` is a class of its own,
 * so that nothing leads from it to the original.
 */
export function guardThreads(refuse: Refuse): void {
  class Worker extends EventEmitter {
    constructor(script: unknown) {
      super()
      refuse('worker', String(script))
      throw forbidden('starting a worker thread')
    }
  }
  ;(workerThreads as unknown as Exports).Worker = Worker
  // Its hooks would run on a thread; those of `registerHooks` run here, and are fine.
  replace(module as unknown as Exports, 'register', () => (specifier) => {
    refuse('worker', `module.register ${String(specifier)}`)
    throw forbidden('starting a thread for module hooks')
  })
}
