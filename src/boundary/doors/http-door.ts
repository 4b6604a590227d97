import http from 'node:http'
import https from 'node:https'
import { createRequire, syncBuiltinESMExports } from 'node:module'

const INSTALLED = Symbol.for('retrial.http-door')

type Exports = Record<string, unknown>
let isLoaded = false

/** True once msw is in the process. */
export function isMswLoaded(): boolean {
  return isLoaded
}

type AnyFunction = (...args: unknown[]) => unknown

/**
 * Puts stand-ins before `node:http` and `node:https` that load msw when the agent first uses them: most agents never do,
 * and msw costs more to load than all the rest of a replay.
 */
export function installHttpDoor(): void {
  const modules = [http, https] as unknown as Exports[]
  if (Object.hasOwn(http, INSTALLED)) return
  Object.defineProperty(http, INSTALLED, { value: true })
  const natives = modules.map((module) => ({ module, request: module.request, get: module.get }))
  const NativeRequest = http.ClientRequest
  let armed = false
  const arm = (): void => {
    if (armed) return
    armed = true
    isLoaded = true
    for (const { module, request, get } of natives) Object.assign(module, { request, get })
    ;(http as unknown as Exports).ClientRequest = NativeRequest
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const door = createRequire(import.meta.url)(`./msw-door.${extension}`) as { armMswDoor(): void }
    door.armMswDoor()
  }
  for (const module of modules) {
    for (const name of ['request', 'get']) {
      module[name] = Object.defineProperty(
        (...args: unknown[]): unknown => {
          arm()
          return (module[name] as AnyFunction)(...args)
        },
        'name',
        { value: name },
      )
    }
  }
  ;(http as unknown as Exports).ClientRequest = new Proxy(NativeRequest, {
    construct(_target, args, newTarget): object {
      arm()
      return Reflect.construct(
        http.ClientRequest,
        args,
        newTarget === http.ClientRequest ? newTarget : http.ClientRequest,
      )
    },
  })
  syncBuiltinESMExports()
}
