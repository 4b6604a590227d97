import vm, { type Context, type RunningScriptInNewContextOptions } from 'node:vm'
import { standIn } from './exports.ts'
import { installFakeDate } from './fake-date.ts'

type Run = (code: string, context?: Context, options?: RunningScriptInNewContextOptions | string) => unknown

/** Puts the dates of new contexts of `node:vm` on the clock: each has classes of its own. */
export function installVmContexts(clock: () => number): void {
  const known = new WeakSet<object>()
  const native = vm.createContext as (...args: unknown[]) => Context
  const create = (...args: unknown[]): Context => {
    const context = native(...args)
    if (!known.has(context)) {
      known.add(context)
      const realm = vm.runInContext('globalThis', context) as typeof globalThis
      // A sandbox that brings its own `Date` brings this one; a frozen one cannot be changed, and cannot be used either.
      if (realm.Date !== Date && !Object.isFrozen(context)) installFakeDate(clock, realm)
    }
    return context
  }
  standIn(vm, 'createContext', create)
  const run: Run = (code, context, options) => vm.runInContext(code, create(context ?? {}, toContext(options)), options)
  standIn(vm, 'runInNewContext', run)
  standIn(vm.Script.prototype, 'runInNewContext', function (this: vm.Script, context?: Context, options = {}) {
    return this.runInContext(create(context ?? {}, toContext(options)), options)
  })
}

function toContext(options: RunningScriptInNewContextOptions | string | undefined): object {
  if (options === undefined || typeof options === 'string') return {}
  const { contextName: name, contextOrigin: origin, contextCodeGeneration: codeGeneration, microtaskMode } = options
  const given = { name, origin, codeGeneration, microtaskMode }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
