import { expect, test } from 'vitest'
import { assumeTold } from '../../src/trial/assume-supplements.ts'

const TIMEOUT = { span: 'tool_call:search', error_class: 'timeout', at_least: 1 }
const NONE = { asked: new Set<string>(), local: new Set<string>() }

test('assumes that the agent tells the truth given a trigger that rests on no recorded call', () => {
  expect(assumeTold(TIMEOUT, { ...NONE, calls: new Set(), told: 2 })).toEqual([
    'tool_call:search: the recording holds no call of it, so the trigger is what the agent tells the model',
  ])
})

test('assumes nothing given a trigger that rests on a call, or that is no tool’s', () => {
  expect(assumeTold(TIMEOUT, { ...NONE, calls: new Set(['c2']), told: 1 })).toEqual([])
  expect(assumeTold({ span: 'llm_generate', at_least: 1 }, { ...NONE, calls: new Set(), told: 0 })).toEqual([])
})
