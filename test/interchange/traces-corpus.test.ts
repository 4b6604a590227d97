import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { detectFormat, FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { CORPUS, FILES, filesUnder, readFile, traces } from './corpus-traces.ts'
import { toRecording } from './import-trace.ts'

const folder = mkdtempSync(join(tmpdir(), 'retrial-traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

const onCorpus = test.skipIf(FILES.length === 0)

onCorpus('imports or refuses every trace and trajectory of other tools, none unaccounted for', () => {
  const table: Record<string, Record<string, number>> = {}
  for (const file of FILES) {
    const { format, runs, code } = readFile(file)
    const row = table[file.split('/').slice(0, 2).join('/')] ?? {}
    table[file.split('/').slice(0, 2).join('/')] = row
    const outcome = runs.length > 0 ? format : `${format}: ${code ?? 'no format'}`
    row[outcome] = (row[outcome] ?? 0) + 1
    if (runs.length > 0) row.runs = (row.runs ?? 0) + runs.length
    for (const { report, notes } of runs) {
      expect(report.replayable).toBe(false)
      expect(notes.filter(({ code }) => code === 'trace_only')).toHaveLength(1)
    }
  }
  expect(table).toEqual({
    'otel/agentevals': { jaeger: 2, tempo: 1, 'unknown: no format': 2, runs: 3 },
    'otel/langfuse-exports': { langfuse: 8, 'unknown: no format': 8, runs: 8 },
    'otel/openinference-js': { spans: 15, 'unknown: no format': 1, runs: 35 },
    'otel/strands-evals': { spans: 9, chat: 1, 'unknown: no format': 2, runs: 11 },
    'trajectories/agentrx-magentic-one': { chat: 34, 'unknown: no format': 1, runs: 34 },
    'trajectories/agentrx-tau-retail': { tau: 1, 'unknown: no format': 1, runs: 72 },
    'trajectories/inspect-ai': {
      inspect: 14,
      'inspect: ERR_INTERCHANGE_NO_STEPS': 1,

      'unknown: no format': 10,
      runs: 39,
    },
    'trajectories/openai-agents-js-runstate': {
      'openai-agents': 2,
      'openai-agents: ERR_INTERCHANGE_NO_STEPS': 18,
      'openai-agents: ERR_INTERCHANGE_VERSION': 2,
      'unknown: no format': 1,
      runs: 2,
    },
    'trajectories/swe-agent': { 'swe-agent': 10, runs: 10 },
    'trajectories/tau-bench': { tau: 1, runs: 200 },
    'trajectories/tau2-bench': { tau2: 5, runs: 210 },
    'trajectories/who-and-when': { chat: 132, runs: 132 },
  })
})

onCorpus('detects every trace and trajectory as exactly its format', () => {
  for (const file of FILES) {
    const text = readFileSync(join(CORPUS, file), 'utf8')
    // Answers of a model alone are told by little, and asked for last.
    const names = FOREIGN_FORMATS.filter(({ name, detect }) => name !== 'answers' && detect(text)).map(
      ({ name }) => name,
    )
    expect([file, names.length]).toEqual([file, detectFormat(text) === 'unknown' ? 0 : 1])
  }
})

onCorpus('keeps every kind of imported run when it is saved and read again, each message once', async () => {
  const samples = Object.values(Object.groupBy(FILES, (file) => file.split('/').slice(0, 3).join('/')))
  let saved = 0
  for (const files of samples) {
    for (const [i, result] of readFile((files as string[])[0] as string)
      .runs.slice(0, 2)
      .entries()) {
      const path = join(folder, `${saved++}-${i}.jsonl`)
      const recording = toRecording(result)
      saveRecording(path, recording, { sync: false })
      expect(await readRecording(path, { mode: 'strict' })).toMatchObject(recording)
    }
  }
  expect(saved).toBeGreaterThan(30)
  const [file] = filesUnder('trajectories/tau2-bench/ft_gpt-4.1-2025-04-14_sierra_tau2-full-sft_BzrYdMNm_telecom')
  const runs = readFile(file as string).runs
  const longest = runs.reduce((a, b) => (a.notes.length > b.notes.length ? a : b))
  const path = join(folder, 'longest.jsonl')
  saveRecording(path, toRecording(longest), { sync: false })
  expect(JSON.stringify(longest.notes).length).toBeGreaterThan(5_000_000)
  expect(statSync(path).size).toBeLessThan(400_000)
})

onCorpus('computes signals for every imported run', () => {
  for (const file of FILES) for (const trace of traces(file)) expect(computeSignals(trace).steps).toBeGreaterThan(0)
})
