import { createRequire } from 'node:module'
import { type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/** Parts of Node's inside that old packages ask for, and that reach nothing. */
const HARMLESS_BINDINGS = ['buffer', 'config', 'constants', 'http_parser', 'icu', 'natives', 'os', 'url', 'util', 'uv']

const require = createRequire(import.meta.url)

/**
 * Closes what would run under JavaScript, where no guard reaches: Node's own bindings, native addons, foreign functions,
 * extensions of SQLite, WASI.
 *
 * @param addons Whether native addons may be loaded all the same.
 */
export function guardNativeCode(refuse: Refuse, addons: boolean): void {
  guardBindings(refuse)
  if (!addons) {
    replace(process as unknown as Exports, 'dlopen', () => (_module, file) => {
      refuse('addon', String(file))
      throw forbidden('loading a native addon')
    })
  }
  guardForeignFunctions(refuse)
  const wasi = builtin('node:wasi')
  if (wasi) {
    wasi.WASI = class WASI {
      constructor() {
        refuse('wasi', 'a WASI instance')
        throw forbidden('WASI')
      }
    }
  }
}

function guardBindings(refuse: Refuse): void {
  const owner = process as unknown as Exports
  replace(owner, 'binding', (base) => {
    return function (name) {
      if (HARMLESS_BINDINGS.includes(String(name))) return base.call(this, name)
      refuse('binding', String(name))
      throw forbidden('an internal binding')
    }
  })
  replace(owner, '_linkedBinding', () => (name) => {
    refuse('binding', String(name))
    throw forbidden('an internal binding')
  })
}

function guardForeignFunctions(refuse: Refuse): void {
  const ffi = builtin('node:ffi')
  for (const name of Object.keys(ffi ?? {})) {
    if (ffi === null || typeof ffi[name] !== 'function') continue
    ffi[name] = class {
      constructor() {
        refuse('ffi', name)
        throw forbidden('a foreign function')
      }
    }
  }
}

/** A module of Node's, null where this Node has none of that name. */
export function builtin(name: string): Exports | null {
  try {
    return require(name) as Exports
  } catch {
    return null
  }
}
