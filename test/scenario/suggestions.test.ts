import { expect, test } from 'vitest'
import { issuesOf, spoil, VALID } from './scenario-text.ts'

const KEYS: [from: string, misspelt: string, meant: string][] = [
  ['title:', 'titel', 'title'],
  ['title:', 'Title', 'title'],
  ['severity:', 'severty', 'severity'],
  ['owner:', 'ownr', 'owner'],
  ['recording:', 'recordng', 'recording'],
  ['recording:', 'record', 'recording'],
  ['agent: ../agent.ts', 'agnet', 'agent'],
  ['baseline:', 'base_line', 'baseline'],
  ['baseline:', 'basline', 'baseline'],
  ['incident:', 'incidents', 'incident'],
  ['trigger:', 'triger', 'trigger'],
  ['cause:', 'casue', 'cause'],
  ['symptom:', 'symptoms', 'symptom'],
  ['error_class:', 'errorClass', 'error_class'],
  ['error_class:', 'error-class', 'error_class'],
  ['replay:', 'reply', 'replay'],
  ['volatile:', 'volatiles', 'volatile'],
  ['volatile:', 'voaltile', 'volatile'],
  ['on_divergence: fail', 'onDivergence', 'on_divergence'],
  ['max_real_ms:', 'max_real', 'max_real_ms'],
  ['max_virtual_ms:', 'max_virtal_ms', 'max_virtual_ms'],
  ['candidates:', 'candidate', 'candidates'],
  ['params:', 'parameters', 'params'],
  ['expect: masked', 'expected', 'expect'],
  ['git: main', 'gti', 'git'],
  ['verify:', 'verfy', 'verify'],
  ['required_evidence:', 'evidence', 'required_evidence'],
  ['accept_bypass:', 'accept_bypas', 'accept_bypass'],
  ['tolerance:', 'tolerences', 'tolerance'],
  ['latency_ratio:', 'latencyRatio', 'latency_ratio'],
  ['tokens_ratio:', 'token_ratio', 'tokens_ratio'],
  ['stop_reason: completed', 'stopreason', 'stop_reason'],
  ['output:', 'ouput', 'output'],
  ['matches: refund', 'match', 'matches'],
  ['max_steps:', 'maxsteps', 'max_steps'],
  ['tools: [', 'tool', 'tools'],
]

test.each(KEYS)('suggests the key that was meant given `%s` written as `%s`', (from, misspelt, meant) => {
  const text = spoil(from, misspelt + from.slice(from.indexOf(':')))
  const unknown = issuesOf(text).filter((issue) => issue.code === 'ERR_SCENARIO_UNKNOWN_KEY')
  expect(unknown).toHaveLength(1)
  expect(unknown[0]?.path.at(-1)).toBe(misspelt)
  expect(unknown[0]?.hint).toContain(`\`${meant}\``)
})

const VALUES: [from: string, to: string, meant: string][] = [
  ['expect: masked', 'expect: maskd', 'masked'],
  ['expect: masked', 'expect: not-fixed', 'not_fixed'],
  ['expect: masked', 'expect: Refuted', 'refuted'],
  ['expect: masked', 'expect: by_passed', 'bypassed'],
  ['expect: masked', 'expect: inconclusiv', 'inconclusive'],
  ['expect: masked', 'expect: regression', 'regressed'],
  ['severity: blocker', 'severity: Blocker', 'blocker'],
  ['severity: blocker', 'severity: mayor', 'major'],
  ['evidence: exact', 'evidence: ignore', 'ignored'],
  ['on_divergence: fail', 'on_divergence: fails', 'fail'],
  ['signal: stop_reason', 'signal: stopreason', 'stop_reason'],
  ['signal: repeated_tool_calls', 'signal: repeated_tool_call', 'repeated_tool_calls'],
]

test.each(VALUES)('suggests the value that was meant given `%s` written as `%s`', (from, to, meant) => {
  const [issue, ...others] = issuesOf(spoil(from, to))
  expect(others).toEqual([])
  expect(issue?.code).toBe('ERR_SCENARIO_VALUE')
  expect(issue?.hint).toContain(`\`${meant}\``)
})

test('says where a key belongs given one in the wrong place', () => {
  const hintOf = (key: string) => issuesOf(`${VALID}${key}: x\n`).find((issue) => issue.path.at(-1) === key)?.hint
  expect(hintOf('volatile')).toContain('`replay`')
  expect(hintOf('latency_ms')).toContain('`verify.tolerance`')
  expect(hintOf('trigger')).toContain('`incident`')
})

test('lists what is allowed given a key that nobody could have meant', () => {
  const [issue] = issuesOf(`${VALID}zebra: x\n`)
  expect(issue?.hint).toContain('candidates, verify')
})

test('does not also report the key as missing given a misspelt one', () => {
  expect(issuesOf(spoil('recording:', 'recordng:')).map((issue) => issue.code)).toEqual(['ERR_SCENARIO_UNKNOWN_KEY'])
})
