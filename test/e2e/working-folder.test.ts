import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ScenarioReport } from '../../src/model/verdict.ts'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

const READING = [
  '// FIX',
  `if (readFileSync('notes.txt', 'utf8') !== 'note') throw new Error('other notes')\n${DESK_FIX[1]}`,
] as const

test('an agent finds its files as it did when it was recorded, and the folder is listed, given a trial from elsewhere', async () => {
  const project = await openDesk()
  project.write('notes.txt', 'note')
  project.copy('desk-agent.ts', 'good.ts', READING, [
    'import OpenAI',
    "import { readFileSync } from 'node:fs'\nimport OpenAI",
  ])
  const accept = "replay: { accept: ['file:notes.txt'] }\n"
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${accept}candidates: [{ id: good, agent: ../good.ts#run }]\n`)
  mkdirSync(project.path('elsewhere/deep'), { recursive: true })
  const command = join(project.folder, 'node_modules/retrial/bin/retrial.js')
  const script = `cd elsewhere/deep && exec ${process.execPath} ${command} verify ../../scenarios --json`
  const { stdout } = await project.run('/bin/sh', ['-c', script])
  const { scenarios } = JSON.parse(stdout) as { scenarios: ScenarioReport[] }
  const candidate = scenarios[0]?.candidates[0]
  expect(candidate?.verdict).toBe('fixed')
  expect(candidate?.assumptions).toContainEqual(expect.stringContaining('working folder ../..'))
  const here = await project.verify()
  expect(here.candidate('good').verdict).toBe('fixed')
  expect(JSON.stringify(here.candidate('good').assumptions)).not.toContain('working folder')
})
