import { createRequire, registerHooks } from 'node:module'
import { patchDispatcherPrototype, patchGlobalDispatcher } from './dispatcher-door.ts'

const BRIDGE = Symbol.for('retrial.undici')
const BASE = /[\\/]undici[\\/]lib[\\/](?:dispatcher[\\/])?dispatcher-base\.js$/

/**
 * Puts the dispatcher door into every copy of npm `undici`, those loaded already and those loaded later,
 * whoever installs them and wherever they lie.
 */
export function installUndiciHook(): void {
  if ((globalThis as Record<symbol, unknown>)[BRIDGE] !== undefined) return
  const patch = (exports: unknown): void => {
    if (typeof exports === 'function') patchDispatcherPrototype(exports.prototype as Record<string | symbol, unknown>)
  }
  Object.defineProperty(globalThis, BRIDGE, { value: patch })
  for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (BASE.test(path)) patch(module?.exports)
  }
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!BASE.test(url) || loaded.format === 'module' || !loaded.source) return loaded
      const source =
        typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString()
      return { ...loaded, source: `${source}\n;globalThis[Symbol.for('retrial.undici')]?.(module.exports)` }
    },
  })
  patchGlobalDispatcher()
}
