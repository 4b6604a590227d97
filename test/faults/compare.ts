import { isDeepStrictEqual } from 'node:util'
import type { Outcome } from './fixtures/outcome.ts'
import type { Cell } from './run-matrix.ts'
import type { LibraryName } from './second-opinions.ts'

/** Where two values differ: `path: left => right`. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    return keys.flatMap((key) => differences(a[key], b[key], `${path}.${key}`))
  }
  return [`${path || 'all'}: ${JSON.stringify(a)} => ${JSON.stringify(b)}`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** What the recorder changed, and what the replay did, of what came of a case. */
export function differencesOf({ plain, recorded, replayed }: Cell): string[] {
  return [
    ...differences(plain, recorded).map((one) => `recorder ${one}`),
    ...differences(recorded, replayed).map((one) => `replay ${one}`),
  ]
}

/** What a library makes of a case. */
export type Agreement = 'same' | 'other' | 'hangs' | 'crashes'

/** What the recorded run gives through another library, compared with the run itself; null for clients that it does not see. */
export function agreementOf({ recorded, opinions }: Cell, library: LibraryName): Agreement | null {
  const outcomes = opinions[library]
  if (outcomes === undefined || recorded === null) return null
  const broken = outcomes.find(({ error }) => error === 'hangs' || error === 'crashes')
  if (broken !== undefined) return broken.error as Agreement
  return isDeepStrictEqual(withoutType(recorded.outcomes), withoutType(outcomes)) ? 'same' : 'other'
}

/** Libraries make responses themselves: their `type` is `default`. */
function withoutType(outcomes: Outcome[]): Outcome[] {
  return JSON.parse(JSON.stringify(outcomes).replaceAll('"type":"basic",', '').replaceAll('"type":"default",', ''))
}
