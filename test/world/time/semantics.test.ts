import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { runFixture, runNative } from './run-both.ts'

/** On a busy machine two timers that are set one after the other may fall into two milliseconds of Node's own clock. */
const TRIES = 5

test.each(['semantics', 'forms'])(
  '%s: timers, dates and marks do what Node’s own do given the same code',
  async (name) => {
    const world = await runFixture(name, 'all')
    expect(world).toMatchObject({ end: 'done', attempts: [] })
    let native = await runNative(name, 'all')
    for (let tries = 1; tries < TRIES && !isDeepStrictEqual(native, world.value); tries++) {
      native = await runNative(name, 'all')
    }
    expect(world.value).toEqual(native)
  },
)
