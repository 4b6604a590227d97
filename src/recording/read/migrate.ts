import type { JsonObject } from '../../core/json.ts'

/** Turns a record of one version into one of the next. */
export type Migration = (record: JsonObject) => JsonObject

/** The version that the rest of the library knows. */
export const CURRENT_VERSION = 1

/** `MIGRATIONS.get(n)` turns records of version n into records of version n + 1. Versions that once were are never removed. */
export const MIGRATIONS: ReadonlyMap<number, Migration> = new Map()

/** The version number in a header's `format`; undefined when it is not of this family. */
export function parseVersion(format: unknown): number | undefined {
  const match = typeof format === 'string' ? /^retrial\/(\d{1,9})$/.exec(format) : null
  return match === null ? undefined : Number(match[1])
}

/** True when records of a version can be brought to the current one. */
export function canMigrate(from: number, table = MIGRATIONS, to = CURRENT_VERSION): boolean {
  if (from > to) return false
  for (let version = from; version < to; version++) if (!table.has(version)) return false
  return true
}

/** Brings a record from the version of its file to the current one, step by step. */
export function migrateRecord(record: JsonObject, from: number, table = MIGRATIONS, to = CURRENT_VERSION): JsonObject {
  let migrated = record
  for (let version = from; version < to; version++) {
    const step = table.get(version)
    if (step === undefined) throw new Error(`there is no migration from version ${version}`)
    migrated = step(migrated)
  }
  return migrated
}
