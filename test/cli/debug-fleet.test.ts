import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retrial-fleet-'))
  const recording = await readRecording(join(root, 'recordings/run_a113.jsonl'))
  for (const [release, runs] of [
    ['1.0', 25],
    ['1.1', 25],
  ] as const) {
    for (let i = 0; i < runs; i++) {
      const run_id = `run_${release.replace('.', '')}_${i}`
      const started_at = recording.run.started_at + (release === '1.0' ? 0 : 1e6) + i * 1000
      const finish = recording.finish && {
        ...recording.finish,
        stop_reason: release === '1.0' ? 'completed' : 'step_error',
      }
      // Only the stop reason tells the releases apart: the calls of the older one ended well.
      const interactions = release === '1.0' ? recording.interactions.slice(0, 2) : recording.interactions
      const context = { ...recording.run, run_id, release, started_at }
      saveRecording(
        join(folder, `${run_id}.jsonl`),
        { ...recording, run: context, finish, interactions },
        { sync: false },
      )
    }
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const debug = (...args: string[]) =>
  run(process.execPath, [join(root, 'src/cli/main.ts'), 'debug', ...args], { cwd: root }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )

test('a regression of the release is a hypothesis given recordings of both releases', async () => {
  const { stdout } = await debug(join(folder, 'run_11_3.jsonl'), '--among', folder, '--json')
  const { metrics, hypotheses } = JSON.parse(stdout) as {
    metrics: Record<string, number>
    hypotheses: { code: string }[]
  }
  expect(metrics.error_rate_delta).toBe(1)
  expect(metrics.release_diff).toBeGreaterThan(0)
  expect(hypotheses.map(({ code }) => code)).toContain('change_regression')
})

test('a run cannot be compared given recordings without an earlier release of its workflow', async () => {
  const result = await debug(join(folder, 'run_10_3.jsonl'), '--among', folder)
  expect(result).toMatchObject({ code: 2 })
  expect(result.stderr).toContain('ERR_CLI_DEBUG_FLEET')
})
