import { expect, test } from 'vitest'
import { createIgnoreVolatile } from '../../src/replay/ignore-volatile.ts'

const ignore = createIgnoreVolatile(['header.anthropic-version', 'query.t', '$.time'])

test('makes calls equal given a volatile header or parameter that only one of them has', () => {
  const body = { model: 'm' }
  expect(ignore?.({ headers: { 'anthropic-version': '2023-06-01' }, query: { t: ['1'] }, body })).toEqual({ body })
  expect(ignore?.({ body })).toEqual({ body })
})

test('keeps what is not volatile, and an empty body', () => {
  const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'x' }
  expect(ignore?.({ headers, body: { time: 1 } })).toEqual({ headers: { 'anthropic-beta': 'x' }, body: {} })
})
