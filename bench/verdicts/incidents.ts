import type { Verdict } from '../../src/model/verdict.ts'
import { KINDS } from './kinds/all.ts'
import type { Kind, Style, Truth } from './kinds/kind.ts'

/** A kind in one agent style. */
export interface Incident {
  id: string
  kind: Kind
  style: Style
}

/** Every incident of the benchmark. */
export const INCIDENTS: readonly Incident[] = KINDS.flatMap((kind) =>
  kind.styles.map((style) => ({ id: `${kind.id}-${style}`, kind, style })),
)

/** The verdict that each truth deserves. */
export const DESERVED: Record<Truth, Verdict> = {
  fixed: 'fixed',
  masked: 'masked',
  'no-op': 'not_fixed',
  regressing: 'regressed',
  bypass: 'bypassed',
  // By a counterexample: another world, in which it fails.
  fragile: 'not_fixed',
  'old-answer': 'inconclusive',
}

/** Where the agent of a style is, from the root of the repository. */
export function agentPath(style: Style): string {
  return `bench/verdicts/styles/${style}.ts`
}
