import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { COUNT_SIGNALS } from '../../model/incident.ts'
import type { Finding } from '../finding.ts'
import type { ScenarioPath } from '../scenario.ts'
import { findRegexProblem } from './check-regex.ts'
import { quote } from './suggest.ts'
import { parseVolatilePath } from './volatile-path.ts'

/** Signals that are counted per tool, and per span name or error class. */
const PER_TOOL = ['repeated_tool_calls', 'repeated_same_result', 'tool_calls']
const PER_NAME = ['retries', 'error_classes']

/** Checks what incident, replay and expectations mean. `file` may still have the wrong shape. */
export function checkRoles(file: JsonObject): Finding[] {
  const volatile = valueAt(file, ['replay', 'volatile'])
  return [
    ...checkSignalMatch(file, ['incident', 'cause']),
    ...checkSignalMatch(file, ['incident', 'symptom']),
    ...REGEXES.flatMap((path) => checkRegex(file, path)),
    ...(Array.isArray(volatile) ? volatile.flatMap((text, i) => checkVolatile(text, ['replay', 'volatile', i])) : []),
  ]
}

const REGEXES: ScenarioPath[] = [
  ...['trigger', 'cause', 'symptom'].flatMap((role): ScenarioPath[] => [
    ['incident', role, 'arguments', 'matches'],
    ['incident', role, 'result', 'matches'],
    ['incident', role, 'output', 'matches'],
    ['incident', role, 'output', 'not_matches'],
  ]),
  ['verify', 'expect', 'output', 'matches'],
  ['verify', 'expect', 'output', 'not_matches'],
]

/** The value at a path, or undefined. Only own keys count. */
export function valueAt(value: unknown, path: ScenarioPath): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}

function checkSignalMatch(file: JsonObject, path: ScenarioPath): Finding[] {
  const match = valueAt(file, path)
  if (!isJsonObject(match)) return []
  const signal = COUNT_SIGNALS.find((name) => name === match.signal)
  const found: Finding[] = []
  if (isJsonObject(match.output) && match.output.matches === undefined && match.output.not_matches === undefined) {
    const hint = 'Write `matches`, `not_matches` or both under `output`.'
    found.push({
      code: 'ERR_SCENARIO_INCIDENT',
      message: 'an output without a pattern is true of every run',
      hint,
      path,
    })
  }
  const add = (key: string, message: string, hint: string): void => {
    found.push({ code: 'ERR_SCENARIO_INCIDENT', message, hint, path: [...path, key] })
  }
  if (signal && match.tool !== undefined && !PER_TOOL.includes(signal)) {
    add('tool', `${quote(signal)} is not counted per tool`, `Remove \`tool\`; it goes with ${PER_TOOL.join(', ')}.`)
  }
  if (signal && match.of !== undefined && !PER_NAME.includes(signal)) {
    add('of', `${quote(signal)} is not counted per name`, `Remove \`of\`; it goes with ${PER_NAME.join(' and ')}.`)
  }
  if (typeof match.at_least === 'number' && match.at_least <= 0) {
    add('at_least', '`at_least` of zero or less is true of every run', 'Write a number above zero.')
  }
  return found
}

function checkRegex(file: JsonObject, path: ScenarioPath): Finding[] {
  const source = valueAt(file, path)
  const problem = typeof source === 'string' ? findRegexProblem(source) : null
  return problem ? [{ code: 'ERR_SCENARIO_REGEX', ...problem, path }] : []
}

function checkVolatile(text: JsonValue, path: ScenarioPath): Finding[] {
  const parsed = typeof text === 'string' ? parseVolatilePath(text) : null
  if (typeof text !== 'string' || parsed === null || 'in' in parsed) return []
  return [{ code: 'ERR_SCENARIO_VOLATILE', message: `${quote(text)}: ${parsed.message}`, hint: parsed.hint, path }]
}
