import module, { constants } from 'node:module'
import v8 from 'node:v8'
import { countingDenials } from './denials.ts'
import { createFilePolicy, pathOf } from './file-policy.ts'
import { builtin } from './native-code.ts'
import { type Exports, forbidden, type Refuse, replace } from './refusal.ts'

/**
 * Closes what writes files without `node:fs`: reports, snapshots, traces, the compile cache, databases.
 */
export function guardHiddenWriters(refuse: Refuse, folders: readonly string[]): void {
  const policy = createFilePolicy(folders)
  const mayWrite = (file: unknown): boolean => {
    const target = pathOf(file)
    return target !== null && policy.allows(target, true)
  }
  guardReports(refuse)
  replace(v8 as unknown as Exports, 'writeHeapSnapshot', (base) => {
    return function (...args) {
      if (mayWrite(args[0])) return base.apply(this, args)
      refuse('file', `v8.writeHeapSnapshot ${String(args[0] ?? '')}`)
      throw forbidden('writing a heap snapshot')
    }
  })
  replace(v8 as unknown as Exports, 'setHeapSnapshotNearHeapLimit', () => () => undefined)
  // One is in use already, or none is wanted.
  const { DISABLED } = constants.compileCacheStatus
  replace(module as unknown as Exports, 'enableCompileCache', () => () => ({ status: DISABLED }))
  const tracing = builtin('node:trace_events')
  if (tracing) {
    replace(tracing, 'createTracing', () => () => {
      refuse('file', 'a trace of events')
      throw forbidden('tracing to a file')
    })
  }
  guardSqlite(refuse, mayWrite)
}

function guardReports(refuse: Refuse): void {
  const report = process.report as unknown as Exports | undefined
  if (report === undefined) return
  replace(report, 'writeReport', () => (file) => {
    refuse('file', `process.report ${String(file ?? '')}`)
    throw forbidden('writing a report')
  })
  // Reports at a crash are written below JavaScript.
  for (const name of ['reportOnFatalError', 'reportOnSignal', 'reportOnUncaughtException']) {
    Object.defineProperty(report, name, { get: () => false, set: () => undefined, configurable: false })
  }
}

type MayWrite = (file: unknown) => boolean

/** SQLite opens files by itself, at `open` and by SQL, and loads native code as extensions. */
function guardSqlite(refuse: Refuse, mayWrite: MayWrite): void {
  const sqlite = builtin('node:sqlite')
  const Database = sqlite?.DatabaseSync as (new (...args: unknown[]) => object) | undefined
  if (!sqlite || !Database) return
  const check = (file: unknown, isReadOnly: boolean): void => {
    // SQLite reads a text that begins so as a URI, with a path of its own.
    const isUri = typeof file === 'string' && /^file:/i.test(file)
    if (isReadOnly || file === ':memory:' || file === '' || (!isUri && mayWrite(file))) return
    refuse('file', `a database ${String(file)}`)
    throw forbidden('writing to a database')
  }
  const prototype = Database.prototype as Exports
  for (const name of ['exec', 'prepare']) {
    replace(prototype, name, (base) => {
      return function (...args) {
        for (const file of filesOf(String(args[0]))) check(file, false)
        return base.apply(this, args)
      }
    })
  }
  replace(prototype, 'loadExtension', () => (file) => {
    refuse('addon', String(file))
    throw forbidden('loading an extension of SQLite')
  })
  replace(sqlite, 'backup', (base) => {
    return async function (...args) {
      check(args[1], false)
      return base.apply(this, args)
    }
  })
  // No class that extends the original: that would lead to it.
  const Guarded = function DatabaseSync(...args: unknown[]): object {
    check(args[0], (args[1] as { readOnly?: boolean } | undefined)?.readOnly === true)
    const target = new.target ?? Database
    return countingDenials(refuse, 'addon', 'extensions of SQLite', args, (same) =>
      Reflect.construct(Database, same, target),
    ) as object
  }
  Guarded.prototype = prototype
  prototype.constructor = Guarded
  sqlite.DatabaseSync = Guarded
}

/** The files that SQL names by itself. One that is computed is taken for a file that may not be written to. */
function filesOf(sql: string): string[] {
  const named = sql.matchAll(
    /\b(?:attach(?:\s+database)?|vacuum(?:\s+\w+)?\s+into)\s+('(?:[^']|'')*'|"[^"]*"|[^\s;]+)/gi,
  )
  return [...named].map(([, file = '']) => file.replace(/^(['"])(.*)\1$/s, '$2'))
}
