import { subscribe } from 'node:diagnostics_channel'
import type { AnyFunction, Refuse } from './refusal.ts'

const PERMISSIONS = ['fs', 'net', 'child', 'worker', 'addon', 'inspector', 'wasi', 'ffi', 'openssl-store']

/** How often Node told of a refusal. */
let told = 0

/** Node lines that say so tell here of what their permission model refuses: attempts that came past the guard. */
export function watchDenials(refuse: Refuse): void {
  for (const name of PERMISSIONS) {
    subscribe(`node:permission-model:${name}`, (message) => {
      told++
      const { permission = name, resource = '' } = message as { permission?: string; resource?: string }
      refuse('permission', `${permission} ${resource}`)
    })
  }
}

/** Codes by which Node says that its permission model forbids something. */
const DENIALS = ['ERR_ACCESS_DENIED', 'ERR_LOAD_SQLITE_EXTENSION', 'ERR_DLOPEN_DISABLED']

/**
 * Makes a call that the guard lets pass, and counts it where Node's permission model refuses it: by a throw, a rejection or
 * the error of its callback. Some Node lines tell of that themselves; then it counts once.
 */
export function countingDenials(
  refuse: Refuse,
  layer: string,
  what: string,
  args: unknown[],
  call: (args: unknown[]) => ReturnType<AnyFunction>,
): ReturnType<AnyFunction> {
  if (!('permission' in process)) return call(args)
  const before = told
  const count = (error: unknown): void => {
    const { code, resource } = (error ?? {}) as { code?: string; resource?: string }
    if (DENIALS.includes(code ?? '') && told === before) refuse(layer, what || resource || 'a denied call')
  }
  try {
    const result = call(watchCallback(args, count))
    if (!(result instanceof Promise)) return result
    return result.then(undefined, (error) => {
      count(error)
      throw error
    })
  } catch (error) {
    count(error)
    throw error
  }
}

function watchCallback(args: unknown[], count: (error: unknown) => void): unknown[] {
  const callback = args.at(-1)
  if (typeof callback !== 'function') return args
  const watched = function (this: unknown, ...results: unknown[]): unknown {
    count(results[0])
    return callback.apply(this, results)
  }
  return [...args.slice(0, -1), watched]
}
