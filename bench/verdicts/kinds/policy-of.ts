import type { Policy } from '../agent/types.ts'
import { kindOf } from './all.ts'

/** The agent of a kind, unfixed or with one of its fixes. */
export function policyOf(kind: string, fix: string | undefined): Policy {
  const { unfixed, fixes } = kindOf(kind)
  if (fix === undefined) return unfixed
  const found = fixes.find(({ id }) => id === fix)
  if (!found) throw new Error(`${kind} has no fix ${fix}`)
  return { ...unfixed, ...found.policy }
}
