import { createRequire, Module } from 'node:module'
import { patchDispatcherPrototype, patchGlobalDispatcher } from './dispatcher-door.ts'

const INSTALLED = Symbol.for('retrial.undici')
const BASE = /[\\/]undici[\\/]lib[\\/](?:dispatcher[\\/])?dispatcher-base\.js$/

type Compile = (this: { exports: unknown }, source: string, filename: string, ...rest: unknown[]) => unknown

/**
 * Puts the dispatcher door into every copy of npm `undici`, those loaded already and those loaded later,
 * whoever installs them and wherever they lie. Every copy is CommonJS, so all of them pass through the one compiler,
 * imported or required.
 */
export function installUndiciHook(): void {
  const prototype = (Module as unknown as { prototype: Record<string | symbol, unknown> }).prototype
  if (prototype[INSTALLED] === true) return
  Object.defineProperty(prototype, INSTALLED, { value: true })
  for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (BASE.test(path)) patchExports(module?.exports)
  }
  const compile = prototype._compile as Compile
  prototype._compile = function (this: { exports: unknown }, source: string, filename: string, ...rest: unknown[]) {
    const result = compile.call(this, source, filename, ...rest)
    if (BASE.test(filename)) patchExports(this.exports)
    return result
  }
  patchGlobalDispatcher()
}

function patchExports(exports: unknown): void {
  if (typeof exports === 'function') patchDispatcherPrototype(exports.prototype as Record<string | symbol, unknown>)
}
