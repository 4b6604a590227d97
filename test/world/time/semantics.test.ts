import { expect, test } from 'vitest'
import { runFixture, runNative } from './run-both.ts'

test.each(['semantics', 'forms'])(
  '%s: timers, dates and marks do what Node’s own do given the same code',
  async (name) => {
    const [native, world] = await Promise.all([runNative(name, 'all'), runFixture(name, 'all')])
    expect(world.end).toBe('done')
    expect(world.value).toEqual(native)
  },
)
