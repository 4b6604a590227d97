import type { z } from 'zod'
import type { ScenarioPath } from '../scenario.ts'

/** An issue of zod with its path from the root, and without unions. */
export type PlainIssue =
  | { code: 'unrecognized_keys'; path: ScenarioPath; keys: string[] }
  | { code: 'invalid_value'; path: ScenarioPath; values: unknown[] }
  | { code: 'invalid_type'; path: ScenarioPath; expected: string[] }
  | { code: 'invalid_format' | 'other'; path: ScenarioPath; message: string }

/** Replaces each issue of a union by the issues of the branch that was most likely meant. */
export function flattenIssues(issues: readonly z.core.$ZodIssue[], base: ScenarioPath = []): PlainIssue[] {
  return issues.flatMap((issue): PlainIssue[] => {
    const path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'invalid_union') {
      return pickBranch(
        issue.errors.map((branch) => flattenIssues(branch, path)),
        path,
      )
    }
    if (issue.code === 'unrecognized_keys') return [{ code: issue.code, path, keys: issue.keys }]
    if (issue.code === 'invalid_value') return [{ code: issue.code, path, values: issue.values }]
    if (issue.code === 'invalid_type') return [{ code: issue.code, path, expected: [issue.expected] }]
    return [{ code: issue.code === 'invalid_format' ? issue.code : 'other', path, message: issue.message }]
  })
}

function pickBranch(branches: PlainIssue[][], path: ScenarioPath): PlainIssue[] {
  const isRoot = (issue: PlainIssue): boolean => issue.path.length === path.length
  const possible = branches.filter((branch) => !branch.some((issue) => issue.code === 'invalid_type' && isRoot(issue)))
  // A form that has all the keys is meant, however wrong their values.
  const knowing = possible.filter(
    (branch) => !branch.some((issue) => issue.code === 'unrecognized_keys' && isRoot(issue)),
  )
  const open = knowing.length > 0 ? knowing : possible
  if (open.length === 0) {
    const expected = branches
      .flat()
      .flatMap((issue) => (issue.code === 'invalid_type' && isRoot(issue) ? issue.expected : []))
    return [{ code: 'invalid_type', path, expected: [...new Set(expected)] }]
  }
  const meant = open.filter((branch) => !branch.some((issue) => issue.code === 'invalid_value'))
  if (meant.length === 0) {
    const choices = open.flat().filter((issue) => issue.code === 'invalid_value')
    const first = choices[0]
    const same = choices.filter((issue) => issue.path.join('/') === first?.path.join('/'))
    if (first) return [{ ...first, values: same.flatMap((issue) => issue.values) }]
  }
  return (meant.length > 0 ? meant : open).reduce((best, branch) => (branch.length < best.length ? branch : best))
}
