import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRecording } from '../../../src/recording/read-recording.ts'
import { saveRecording } from '../../../src/recording/save-recording.ts'
import { createReplayPool } from '../../../src/replay/replay-pool.ts'
import { loadScenario } from '../../../src/scenario/load-scenario.ts'
import { runTrial } from '../../../src/trial/run-trial.ts'
import { recordingOf } from './build-recording.ts'

const AGENT = `export async function run() {
  return (await fetch('http://world.test/late')).text()
}`

function scenarioText(clock: string): string {
  return `id: late
title: an answer that comes late
recording: late.jsonl
baseline: agent.ts#run
incident:
  trigger: { span: http_request, at_least: 1 }
  cause: { signal: steps, at_least: 1 }
  symptom: { signal: stop_reason, is: completed }
replay: { clock: ${clock} }
candidates: [{ id: same, agent: agent.ts#run }]
`
}

test.each([
  ['virtual', false],
  ['real', true],
])('the verdict says whether time was controlled given the clock %s', async (clock, isAssumed) => {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-clock-'))
  const pool = createReplayPool()
  try {
    writeFileSync(join(folder, 'agent.ts'), AGENT)
    writeFileSync(join(folder, 'late.yaml'), scenarioText(clock))
    const call = { path: '/late', started: 0, head: 50, pieces: [[50, 'late']] as [number, string][] }
    saveRecording(join(folder, 'late.jsonl'), recordingOf([call]))
    const scenario = loadScenario(join(folder, 'late.yaml'))
    const recording = await readRecording(join(folder, 'late.jsonl'))
    const { candidates } = await runTrial(scenario, recording, { pool, outDir: join(folder, 'out') })
    expect(candidates[0]?.evidence.worst).toBe('exact')
    expect(candidates[0]?.assumptions.some((line) => line.includes('time was not controlled'))).toBe(isAssumed)
  } finally {
    pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
