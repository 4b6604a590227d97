import { expect, test } from 'vitest'
import { recordHere } from './record-here.ts'

class Reply {
  stop_reason = 'deferred'
}

class Hidden {
  get stop_reason(): string {
    return 'deferred'
  }
}

test('ends in error given a run that returns one, which is passed on', async () => {
  const error = Object.assign(new Error('busy'), { stop_reason: 'completed' })
  const { result, recording } = await recordHere(() => error)
  expect(result).toBe(error)
  expect(recording.finish).toMatchObject({ stop_reason: 'error', error: { name: 'Error', message: 'busy' } })
})

test.each([
  ['data', { stop_reason: 'deferred' }, 'deferred'],
  ['an instance of a class with a field of its own', new Reply(), 'deferred'],
  ['an instance of a class with a getter', new Hidden(), 'completed'],
  [
    'a field that throws',
    Object.defineProperty({}, 'stop_reason', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    }),
    'completed',
  ],
])('reads the stop reason off the output given %s', async (_, output, stop_reason) => {
  const { recording } = await recordHere(() => output)
  expect(recording.finish?.stop_reason).toBe(stop_reason)
})
