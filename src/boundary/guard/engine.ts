import v8 from 'node:v8'
import { type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/** What an agent may change of its engine: memory, stacks, garbage collection, parts of the language. Others write files. */
const HARMLESS_FLAGS =
  /^--(no-?)?(expose-gc|max-(old|new|semi|young)[a-z-]*|min-semi[a-z-]*|initial-[a-z-]*heap-size|stack-size|stack-trace-limit|harmony[a-z-]*|js-[a-z-]*|use-strict|random-seed|jitless|lite-mode|optimize-for-size|turbofan|sparkplug|maglev|opt)$/

/** Closes the flags of the engine by which it writes what it does to files, below Node and its permission model. */
export function guardEngine(refuse: Refuse): void {
  replace(v8 as unknown as Exports, 'setFlagsFromString', (base) => {
    return function (...args) {
      const flags = String(args[0]).trim().split(/\s+/)
      const refused = flags.find((flag) => !isHarmless(flag))
      if (refused === undefined) return base.apply(this, args)
      refuse('engine', `v8.setFlagsFromString ${refused}`)
      throw forbidden('a flag of the engine')
    }
  })
}

/** The engine takes `_` for `-`, and a value after `=` or as a word of its own. */
function isHarmless(flag: string): boolean {
  if (/^\d+$/.test(flag)) return true
  const [name = ''] = flag.split('=')
  return HARMLESS_FLAGS.test(name.replaceAll('_', '-'))
}
