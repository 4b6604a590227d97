import { expect, test } from 'vitest'
import { parseScenario } from '../../src/scenario/load-scenario.ts'
import { ScenarioError } from '../../src/scenario/scenario-error.ts'
import { issuesOf, placesOf, spoil, VALID } from './scenario-text.ts'

const MISTAKES: [given: string, from: string, to: string, place: string][] = [
  ['a colon in a plain text', 'hangs and', 'hangs: and', 'ERR_SCENARIO_SYNTAX 2:8'],
  ['a tab as indentation', '  - id: swallow', '\t- id: swallow', 'ERR_SCENARIO_SYNTAX 25:1'],
  ['an open bracket', '{ MODE: test }', '{ MODE: test', 'ERR_SCENARIO_SYNTAX 16:3'],
  ['a custom tag', 'title: ', 'title: !js/function ', 'ERR_SCENARIO_SYNTAX 2:8'],
  ['a binary tag', 'title: ', 'title: !!binary ', 'ERR_SCENARIO_SYNTAX 2:8'],
  ['an unknown alias', 'owner: support', 'owner: *team', 'ERR_SCENARIO_ALIAS 4:8'],
  ['a list as a key', 'owner: support', '? [owner]\n: support', 'ERR_SCENARIO_SYNTAX 4:3'],
  ['a second document', 'verify:', '---\nverify:', 'ERR_SCENARIO_SYNTAX 28:1'],
  ['a duplicate key', 'owner: support', 'title: again', 'ERR_SCENARIO_DUPLICATE_KEY 4:1'],
  ['a duplicate key in braces', 'MODE: test', 'MODE: test, MODE: live', 'ERR_SCENARIO_DUPLICATE_KEY 15:22'],
  ['the key __proto__', 'tries: 2', '__proto__: 2', 'ERR_SCENARIO_KEY 21:15'],
  ['a merge key', 'params: { tries: 2 }', 'params: { a: &a { b: 1 }, <<: *a }', 'ERR_SCENARIO_KEY 21:31'],
  ['a number beyond the safe integers', 'tries: 2', 'tries: 9007199254740993', 'ERR_SCENARIO_NUMBER 21:22'],
  ['a number that JSON has not', 'tries: 2', 'tries: .nan', 'ERR_SCENARIO_NUMBER 21:22'],
  ['an alias within what it repeats', 'params: { tries: 2 }', 'params: &p { a: *p }', 'ERR_SCENARIO_ALIAS 21:21'],
  ['no id', 'id: search-storm\n', '', 'ERR_SCENARIO_MISSING 1:1'],
  ['no title', 'title: search_docs hangs and the agent asks again\n', '', 'ERR_SCENARIO_MISSING 1:1'],
  ['no recording', 'recording: ../recordings/run_1.jsonl\n', '', 'ERR_SCENARIO_MISSING 1:1'],
  ['no trigger span', 'span: tool_call:search_docs, error', 'error', 'ERR_SCENARIO_MISSING 9:12'],
  ['no symptom', '  symptom: { signal: stop_reason, is: tool_error }\n', '', 'ERR_SCENARIO_MISSING 8:1'],
  ['a cause without at_least', ', tool: search_docs, at_least: 2', '', 'ERR_SCENARIO_MISSING 10:10'],
  ['a symptom without signal', 'signal: stop_reason, is', 'is', 'ERR_SCENARIO_MISSING 11:12'],
  ['no candidate id', '- id: swallow\n    git', '- git', 'ERR_SCENARIO_MISSING 25:5'],
  ['an id with capitals', 'id: search-storm', 'id: Search', 'ERR_SCENARIO_VALUE 1:5'],
  ['an id of 65 characters', 'id: search-storm', `id: ${'a'.repeat(65)}`, 'ERR_SCENARIO_VALUE 1:5'],
  ['a title of two lines', 'search_docs hangs and', '"a\\nb"\n#', 'ERR_SCENARIO_VALUE 2:8'],
  ['an unknown severity', 'blocker', 'bloker', 'ERR_SCENARIO_VALUE 3:11'],
  ['an unknown step type', 'span: tool_call:', 'span: toolcall:', 'ERR_SCENARIO_VALUE 9:20'],
  ['a trigger at least zero times', 'timeout, at_least: 2', 'timeout, at_least: 0', 'ERR_SCENARIO_VALUE 9:75'],
  ['an unknown signal', 'signal: repeated_tool_calls', 'signal: repeats', 'ERR_SCENARIO_VALUE 10:20'],
  ['an empty list of stop reasons', 'is: tool_error', 'is: []', 'ERR_SCENARIO_VALUE 11:39'],
  ['a misspelt verdict', 'expect: masked', 'expect: maskd', 'ERR_SCENARIO_VALUE 27:13'],
  ['a budget of zero', 'max_real_ms: 5000', 'max_real_ms: 0', 'ERR_SCENARIO_VALUE 16:16'],
  ['too little memory to run in', 'max_real_ms: 5000', 'max_memory_mb: 16', 'ERR_SCENARIO_VALUE 16:18'],
  ['a ratio below one', 'latency_ratio: 2', 'latency_ratio: 0.9', 'ERR_SCENARIO_VALUE 31:31'],
  ['a negative limit', 'max_steps: 6', 'max_steps: -1', 'ERR_SCENARIO_VALUE 32:77'],
  ['a number for a text', 'git: main', 'git: 1.4', 'ERR_SCENARIO_TYPE 26:10'],
  ['an empty value', 'owner: support', 'owner:', 'ERR_SCENARIO_TYPE 4:1'],
  ['an empty input', 'owner: support', 'input:', 'ERR_SCENARIO_TYPE 4:1'],
  ['a number in env', 'MODE: test', 'MODE: 1', 'ERR_SCENARIO_TYPE 15:16'],
  ['yes for true', 'accept_bypass: true', 'accept_bypass: yes', 'ERR_SCENARIO_TYPE 30:18'],
  ['a text for a number', 'max_real_ms: 5000', 'max_real_ms: 5s', 'ERR_SCENARIO_TYPE 16:16'],
  ['a fraction for a whole number', 'steps: 4', 'steps: 4.5', 'ERR_SCENARIO_TYPE 31:73'],
  ['a text for a list', '[search_docs]', 'search_docs', 'ERR_SCENARIO_TYPE 32:87'],
  ['a list for a mapping', '{ tries: 2 }', '[2]', 'ERR_SCENARIO_TYPE 21:13'],
  ['a number for the baseline', '{ git: v1.4.2 }', '14', 'ERR_SCENARIO_TYPE 7:11'],
  ['a list for the cause', 'cause: { signal', 'cause: []\n  causes: { signal', 'ERR_SCENARIO_TYPE 10:10'],
  ['worthless evidence', 'evidence: exact', 'evidence: stale', 'ERR_SCENARIO_UNSUPPORTED 29:22'],
  ['an agent without an export', 'agent.ts#run', 'agent.ts', 'ERR_SCENARIO_AGENT_REF 6:8'],
  ['an agent without a module', '../agent.ts#run', '"#run"', 'ERR_SCENARIO_AGENT_REF 6:8'],
  ['an agent at a URL', '../agent.ts#run', 'https://x.test/agent.ts#run', 'ERR_SCENARIO_AGENT_REF 6:8'],
  ['an export that is no name', '../agent.ts#run', '../agent.ts#run-it', 'ERR_SCENARIO_AGENT_REF 6:8'],
  ['recorded as the agent', '../agent.ts#run', 'recorded', 'ERR_SCENARIO_AGENT_REF 6:8'],
  ['a misspelt recorded', '{ git: v1.4.2 }', 'recordd', 'ERR_SCENARIO_AGENT_REF 7:11'],
  ['a git option', 'git: main', 'git: --upload-pack=x', 'ERR_SCENARIO_GIT_REF 26:10'],
  ['a git range', 'git: v1.4.2', 'git: v1..v2', 'ERR_SCENARIO_GIT_REF 7:18'],
  ['a variable name with a dash', 'MODE: test', 'MY-MODE: test', 'ERR_SCENARIO_ENV 15:10'],
  ['NODE_OPTIONS in env', 'MODE: careful', 'NODE_OPTIONS: x', 'ERR_SCENARIO_ENV 22:12'],
  ['two candidates of one id', 'id: swallow', 'id: back-off', 'ERR_SCENARIO_DUPLICATE_CANDIDATE 25:9'],
  ['a tool for a signal of the run', 'signal: repeated_tool_calls', 'signal: steps', 'ERR_SCENARIO_INCIDENT 10:33'],
  ['a cause that every run has', 'docs, at_least: 2 }\n  s', 'docs, at_least: 0 }\n  s', 'ERR_SCENARIO_INCIDENT 10:70'],
  ['a broken regular expression', 'matches: refund', 'matches: "("', 'ERR_SCENARIO_REGEX 32:56'],
  ['a regular expression without end', 'matches: refund', 'matches: (a+)+', 'ERR_SCENARIO_REGEX 32:56'],
  ['a descendant path', '$.metadata.request_time', '$..request_time', 'ERR_SCENARIO_VOLATILE 13:14'],
  ['the whole body as volatile', '$.metadata.request_time', '$', 'ERR_SCENARIO_VOLATILE 13:14'],
]

test.each(MISTAKES)('points at the place given %s', (_, from, to, place) => {
  expect(placesOf(spoil(from, to))).toContain(place)
})

test('finds nothing given a scenario without mistakes', () => {
  expect(placesOf(VALID)).toEqual([])
})

test('gives every issue a hint and a message of one line given any mistake', () => {
  const issues = MISTAKES.flatMap(([, from, to]) => issuesOf(spoil(from, to)))
  expect(issues.length).toBeGreaterThanOrEqual(MISTAKES.length)
  for (const issue of issues) {
    expect(issue.hint).toMatch(/^\P{Cc}+[.?]$/u)
    expect(issue.message).toMatch(/^\P{Cc}+$/u)
  }
})

test('reports all mistakes at once, in the order of the file, given mistakes of every kind', () => {
  const text = [
    ['id: search-storm', 'id: Storm'],
    ['title:', 'titel:'],
    ['signal: stop_reason, is', 'signal: stop_reason, iss'],
    ['query.nonce', 'nonce'],
    ['id: swallow', 'id: back-off'],
    ['matches: refund', 'matches: "["'],
  ].reduce((spoilt, [from, to]) => spoilt.replace(from as string, to as string), VALID)
  expect(placesOf(text)).toEqual([
    'ERR_SCENARIO_VALUE 1:5',
    'ERR_SCENARIO_UNKNOWN_KEY 2:1',
    'ERR_SCENARIO_UNKNOWN_KEY 11:35',
    'ERR_SCENARIO_VOLATILE 13:39',
    'ERR_SCENARIO_DUPLICATE_CANDIDATE 25:9',
    'ERR_SCENARIO_REGEX 32:56',
  ])
})

test('carries file, place and hint of the first mistake given several', () => {
  const text = spoil('owner: support', 'ownr: support').replace('git: main', 'git: 1')
  const load = () => parseScenario(text, 'scenarios/x.yaml')
  expect(load).toThrow(ScenarioError)
  expect(load).toThrow(
    expect.objectContaining({
      code: 'ERR_SCENARIO_INVALID',
      hint: expect.any(String),
      location: { path: 'scenarios/x.yaml', line: 4, column: 1 },
    }),
  )
})

test('reports no control character of the file given a key that holds one', () => {
  const [issue] = issuesOf(spoil('owner: support', '"\\e[31mowner": support'))
  expect(issue?.code).toBe('ERR_SCENARIO_UNKNOWN_KEY')
  expect(issue?.message).toMatch(/^\P{Cc}+$/u)
})

test('refuses the file given nothing in it', () => {
  expect(placesOf('')).toEqual(['ERR_SCENARIO_TYPE 1:1'])
  expect(placesOf('# only a comment\n')).toEqual(['ERR_SCENARIO_TYPE 1:1'])
  expect(placesOf('- a list\n')).toEqual(['ERR_SCENARIO_TYPE 1:1'])
})

test('refuses the file given bytes that are not UTF-8', () => {
  expect(placesOf(Buffer.concat([Buffer.from(VALID), Buffer.from([0xff, 0xfe])]))).toEqual([
    'ERR_SCENARIO_ENCODING 1:1',
  ])
})

test('refuses the file given more than 256 KiB, and reads it given exactly that', () => {
  const padded = VALID + '#'.repeat(256 * 1024 - VALID.length)
  expect(placesOf(padded)).toEqual([])
  expect(placesOf(`${padded}#`)).toEqual(['ERR_SCENARIO_TOO_LARGE 1:1'])
})

test('refuses another YAML version given a directive', () => {
  expect(placesOf(`%YAML 1.1\n---\n${VALID}`)).toEqual(['ERR_SCENARIO_SYNTAX 1:1'])
  expect(placesOf(`%YAML 1.2\n---\n${VALID}`)).toEqual([])
})

test('reads the file given a byte order mark, Windows line ends and a schema comment', () => {
  const text = `\uFEFF# yaml-language-server: $schema=../schemas/scenario.json\n${VALID}`
  expect(placesOf(text.replaceAll('\n', '\r\n'))).toEqual([])
})
