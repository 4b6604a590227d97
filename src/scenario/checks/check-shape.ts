import type { z } from 'zod'
import { EVIDENCE_GRADES } from '../../model/evidence.ts'
import type { Finding } from '../finding.ts'
import { REQUIRED_EVIDENCE, type ScenarioPath } from '../scenario.ts'
import { findHome, knownKeys } from './known-keys.ts'
import { quote, suggest } from './suggest.ts'
import { flattenIssues, type PlainIssue } from './union-issues.ts'

/** What the file says at a path: the value, and a scalar as it is written. */
export interface Source {
  valueAt: (path: ScenarioPath) => unknown
  sourceOf: (path: ScenarioPath) => string | undefined
}

/** Turns the issues of zod into findings that name the mistake and the way out. */
export function explainShape(issues: readonly z.core.$ZodIssue[], source: Source): Finding[] {
  const found = flattenIssues(issues).flatMap((issue) => explain(issue, source))
  // A misspelt key is one mistake, not also a missing one.
  const meant = new Set(found.flatMap((one) => (one.meant ? [one.meant.join('\n')] : [])))
  return found.filter((one) => one.code !== 'ERR_SCENARIO_MISSING' || !meant.has(one.path.join('\n')))
}

interface ShapeFinding extends Finding {
  /** For a misspelt key: the path that was meant. */
  meant?: ScenarioPath
}

function explain(issue: PlainIssue, source: Source): ShapeFinding[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const value = source.valueAt(path)
  if (value === undefined) return [missing(path, issue)]
  if (issue.code === 'invalid_value') return [wrongChoice(path, value, issue.values.map(String))]
  if (issue.code === 'invalid_type') return [wrongType(path, value, issue.expected, source)]
  return [
    {
      code: 'ERR_SCENARIO_VALUE',
      message: `${name(path)} ${issue.code === 'invalid_format' ? issue.message : `is ${lowerFirst(issue.message)}`}`,
      hint: 'Write a value that keeps this rule.',
      path,
    },
  ]
}

/** A path as people write it: `candidates[0].id`. */
function name(path: ScenarioPath): string {
  if (path.length === 0) return 'the scenario'
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return quote(text.replace(/^\./, ''))
}

function unknownKey(path: ScenarioPath, key: string): ShapeFinding {
  const known = knownKeys(path)
  const guess = suggest(key, known)
  const home = guess === null ? findHome(key) : null
  const place = path.length === 0 ? 'at the top level' : `in ${name(path)}`
  let hint = known.length > 0 ? `Use one of: ${known.join(', ')}.` : 'Remove it.'
  if (guess !== null) hint = `Did you mean \`${guess}\`?`
  else if (home !== null) hint = home === '' ? 'Move it to the top level.' : `Move it to \`${home}\`.`
  return {
    code: 'ERR_SCENARIO_UNKNOWN_KEY',
    message: `unknown key ${quote(key)} ${place}`,
    hint,
    path: [...path, key],
    atKey: true,
    ...(guess !== null && { meant: [...path, guess] }),
  }
}

function missing(path: ScenarioPath, issue: PlainIssue): Finding {
  const key = String(path.at(-1))
  const values = issue.code === 'invalid_value' ? `, one of: ${issue.values.join(', ')}` : ''
  return { code: 'ERR_SCENARIO_MISSING', message: `${name(path)} is missing`, hint: `Add \`${key}:\`${values}.`, path }
}

function wrongChoice(path: ScenarioPath, value: unknown, values: string[]): Finding {
  const unsupported = findUnsupported(path, value)
  if (unsupported) return unsupported
  const guess = typeof value === 'string' ? suggest(value, values) : null
  return {
    code: 'ERR_SCENARIO_VALUE',
    message: `${name(path)} cannot be ${quote(String(value))}`,
    hint: guess === null ? `Use one of: ${values.join(', ')}.` : `Did you mean \`${guess}\`?`,
    path,
  }
}

/** Grades that the vocabulary knows and no verdict may rest on, so that nobody searches for a spelling mistake. */
function findUnsupported(path: ScenarioPath, value: unknown): Finding | null {
  if (path.at(-1) !== 'required_evidence' || !(EVIDENCE_GRADES as readonly unknown[]).includes(value)) return null
  return {
    code: 'ERR_SCENARIO_UNSUPPORTED',
    message: `${name(path)}: \`${value}\` is a grade that no verdict can rest on`,
    hint: `Use one of: ${REQUIRED_EVIDENCE.join(', ')}.`,
    path,
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : `the ${typeof value} ${quote(String(value))}`
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

function wrongType(path: ScenarioPath, value: unknown, expected: string[], source: Source): Finding {
  const wanted = expected.map((kind) => KINDS[kind] ?? kind).join(' or ')
  const written = source.sourceOf(path)
  let hint = `Write ${wanted}.`
  if (path.length === 0) hint = 'Write at least id, title, recording, agent, incident and candidates.'
  else if (value === null) hint = `Write ${wanted}, or remove the key.`
  else if (expected.includes('string') && typeof value !== 'object') hint = `Quote it: "${written ?? String(value)}".`
  else if (typeof value === 'string' && expected.includes('array'))
    hint = `Write a list: [${quote(value).slice(1, -1)}].`
  return { code: 'ERR_SCENARIO_TYPE', message: `${name(path)} must be ${wanted}, not ${kindOf(value)}`, hint, path }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
