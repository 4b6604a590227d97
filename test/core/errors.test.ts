import { expect, test } from 'vitest'
import { formatError, formatLocation, isRetrialError, RetrialError } from '../../src/core/errors.ts'

test('an error is shown with message, code, place and hint given all of them', () => {
  const error = new RetrialError('ERR_X_Y', 'Failed to read it.', {
    hint: 'Write it first.',
    location: { path: 'a.yaml', line: 3, column: 7 },
  })
  expect(formatError(error)).toBe('Failed to read it.  [ERR_X_Y]\n  at a.yaml:3:7\n  Write it first.')
})

test('a location leaves out what is not known given a path alone', () => {
  expect(formatLocation({ path: 'a.jsonl' })).toBe('a.jsonl')
  expect(formatLocation({ path: 'a.jsonl', line: 4 })).toBe('a.jsonl:4')
})

test('an error is known as ours given a copy of the class from another install', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('retrial.error')]: true })
  expect(isRetrialError(foreign)).toBe(true)
  expect(isRetrialError(new Error('x'))).toBe(false)
  expect(isRetrialError(null)).toBe(false)
})

test('the cause is kept given one', () => {
  const cause = new Error('inner')
  expect(new RetrialError('ERR_X_Y', 'outer', { cause }).cause).toBe(cause)
})
