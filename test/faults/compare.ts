import { isDeepStrictEqual } from 'node:util'
import type { Outcome } from './fixtures/outcome.ts'
import type { Cell } from './run-matrix.ts'

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

/** What the recorded run gives through nock, compared with the run itself; null for clients that nock does not see. */
export function nockDiffers({ recorded, byNock }: Cell): boolean | null {
  if (byNock === null || recorded === null) return null
  return !isDeepStrictEqual(withoutType(recorded.outcomes), withoutType(byNock))
}

/** nock makes its responses itself: their `type` is `default`. */
function withoutType(outcomes: Outcome[]): Outcome[] {
  return JSON.parse(JSON.stringify(outcomes).replaceAll('"type":"basic",', '').replaceAll('"type":"default",', ''))
}
