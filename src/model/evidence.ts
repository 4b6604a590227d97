import type { JsonValue } from '../core/json.ts'

/** How good an answer served in a replay is as evidence, best first. */
export const EVIDENCE_GRADES = [
  'exact',
  'renamed',
  'ignored',
  'pooled',
  'stub',
  'live',
  'stale',
  'beyond',
  'none',
] as const
export type EvidenceGrade = (typeof EVIDENCE_GRADES)[number]

/** Grades that never support `fixed`. */
export const WORTHLESS_GRADES: readonly EvidenceGrade[] = ['stale', 'beyond', 'none']

/** Where an answer served in a replay came from. */
export interface Evidence {
  grade: EvidenceGrade
  /** Id of the recorded interaction that was served; null when nothing was. */
  source: string | null
  /** What was renamed, ignored or assumed, in words. */
  note?: string | undefined
}

/** An answer that a scenario supplies as an assumption. */
export interface Stub {
  /** What is taken for granted, in words. */
  assumption: string
  /** Which question it answers: `POST https://host/path`, `tool name` or `model name`. */
  request: string
  /** Text that the question has to hold, as canonical JSON. */
  contains?: string | undefined
  /** SHA-256 of the canonical question: then it answers this one only. */
  sha256?: string | undefined
  /** How long the answer takes, ms. */
  after_ms: number
  /** HTTP status. */
  status: number
  headers: Record<string, string>
  /** The answer; one of these. A message is written in the protocol in which the model was asked. */
  message?: string | undefined
  tool_calls?: { name: string; arguments: JsonValue }[] | undefined
  json?: JsonValue | undefined
  text?: string | undefined
}

/** How many answers of a replay had which grade; grades that did not occur are left out. */
export type EvidenceCount = Partial<Record<EvidenceGrade, number>>

/** True when grade `a` is at least as good as grade `b`. */
export function isAtLeast(a: EvidenceGrade, b: EvidenceGrade): boolean {
  return EVIDENCE_GRADES.indexOf(a) <= EVIDENCE_GRADES.indexOf(b)
}
