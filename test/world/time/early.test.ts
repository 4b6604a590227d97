import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('a timer of the machine is reported with its place given code that captured it before the replay began', async () => {
  const script = new URL('./fixtures/early.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1' },
  })
  expect(JSON.parse(stdout)).toEqual([
    { layer: 'timer', target: expect.any(String), at: expect.stringMatching(/fixtures\/early\.ts:6:\d+$/) },
  ])
})
