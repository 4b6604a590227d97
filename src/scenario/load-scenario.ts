import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import { isJsonObject } from '../core/json.ts'
import { checkAgents } from './checks/check-agents.ts'
import { checkRoles, valueAt } from './checks/check-roles.ts'
import { explainShape } from './checks/check-shape.ts'
import { checkStubs } from './checks/check-stubs.ts'
import type { Finding } from './finding.ts'
import { type ParsedYaml, parseYaml } from './parse-yaml.ts'
import { resolveScenario } from './resolve-scenario.ts'
import type { Position, Scenario } from './scenario.ts'
import { ScenarioError, type ScenarioIssue } from './scenario-error.ts'
import { scenarioFileSchema } from './scenario-schema.ts'

/** Largest scenario file, bytes. */
const MAX_BYTES = 256 * 1024

/**
 * Loads a scenario file: checks it, fills in the defaults and makes its paths absolute.
 * Whether the recording and the agent modules exist is not checked.
 *
 * @throws ScenarioError (`ERR_SCENARIO_INVALID`) with every mistake of the file and its place.
 * @throws RetrialError `ERR_SCENARIO_NOT_FOUND` or `ERR_SCENARIO_UNREADABLE` when there is nothing to read.
 */
export function loadScenario(path: string): Scenario {
  return parseScenario(readBytes(path), path)
}

/**
 * Checks the text (or the UTF-8 bytes) of a scenario. `path` is what errors name and what relative paths start from.
 *
 * @throws ScenarioError (`ERR_SCENARIO_INVALID`) with every mistake of the file and its place.
 */
export function parseScenario(content: string | Uint8Array, path: string): Scenario {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  refuseLarge(bytes.length, path)
  const text = decode(bytes)
  if (text === null) {
    throw atStart(path, 'ERR_SCENARIO_ENCODING', 'the file is not UTF-8', 'Save the file as UTF-8.')
  }
  const yaml = parseYaml(text)
  const issues: ScenarioIssue[] = yaml.findings.map((found) => toIssue(found, found.position))
  if (yaml.value === undefined) throw new ScenarioError(path, issues)
  const parsed = scenarioFileSchema.safeParse(yaml.value)
  for (const found of findMistakes(yaml, parsed.error?.issues ?? [])) {
    issues.push(toIssue(found, yaml.locate(found.path, found.atKey)))
  }
  if (!parsed.success || issues.length > 0) throw new ScenarioError(path, issues)
  return resolveScenario(parsed.data, resolve(path), yaml.locate)
}

function findMistakes(yaml: ParsedYaml, shape: Parameters<typeof explainShape>[0]): Finding[] {
  const { value, sourceOf } = yaml
  const found = explainShape(shape, { valueAt: (path) => valueAt(value, path), sourceOf })
  if (!isJsonObject(value)) return found
  if (value.input === null && sourceOf(['input']) === '') {
    const hint = 'Write `null` if the input is null, or remove the key to use the recorded input.'
    found.push({ code: 'ERR_SCENARIO_TYPE', message: '`input` has no value', hint, path: ['input'] })
  }
  return [...found, ...checkAgents(value), ...checkRoles(value), ...checkStubs(value)]
}

function toIssue(found: Finding, position: Position): ScenarioIssue {
  const { code, message, hint, path } = found
  return { code, message, path, line: position.line, column: position.column, hint }
}

function atStart(path: string, code: string, message: string, hint: string): ScenarioError {
  return new ScenarioError(path, [{ code, message, hint, path: [], line: 1, column: 1 }])
}

function refuseLarge(size: number, path: string): void {
  if (size <= MAX_BYTES) return
  const message = `the file has ${size} bytes; at most ${MAX_BYTES} are allowed`
  throw atStart(path, 'ERR_SCENARIO_TOO_LARGE', message, 'Keep recorded data in the recording, not in the scenario.')
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function readBytes(path: string): Uint8Array {
  try {
    refuseLarge(statSync(path).size, path)
    return readFileSync(path)
  } catch (cause) {
    if (isRetrialError(cause)) throw cause
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const isMissing = reason === 'ENOENT' || reason === 'ENOTDIR'
    const hint = reason === 'EISDIR' ? 'Name a file, not a folder.' : 'Make the file readable.'
    throw new RetrialError(
      isMissing ? 'ERR_SCENARIO_NOT_FOUND' : 'ERR_SCENARIO_UNREADABLE',
      `Failed to load scenario ${path}: ${isMissing ? 'there is no such file' : reason}`,
      { hint: isMissing ? 'Check the path.' : hint, location: { path }, cause },
    )
  }
}
