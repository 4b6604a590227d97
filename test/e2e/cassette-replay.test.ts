import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { JsonObject } from '../../src/core/json.ts'
import { detectFormat, FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { payloadText } from '../../src/model/interaction.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { isMeaningful } from '../../src/replay/counting-headers.ts'
import type { Question } from './fixtures/asking-agent.ts'
import { openProject } from './open-project.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/vcr')

interface Case {
  what: string
  files: string[]
  /** Headers that the cassette does not hold, and so cannot be compared. */
  volatile: string[]
  grade: string
}

const DD = 'dd-trace-js/openai/openai_chat_completions_post'
const CASES: Case[] = [
  {
    what: 'streams without a content type',
    files: ['cagent/TestExec_OpenAI_ToolCall.yaml'],
    volatile: [],
    grade: 'exact',
  },
  {
    what: 'requests without headers',
    files: ['cagent/TestExec_Anthropic_ToolCall.yaml'],
    volatile: ['header.anthropic-version'],
    grade: 'ignored',
  },
  { what: 'a cassette a call', files: [`${DD}_40f5975e.json`, `${DD}_20e896cf.json`], volatile: [], grade: 'exact' },
]

function questionOf({ request: { url, headers, body } }: HttpInteraction): Question {
  const asked = JSON.parse(payloadText(body ?? { text: '{}' }))
  return { url, body: asked, headers: Object.fromEntries(headers.filter(([name]) => isMeaningful(name))) }
}

/** No cassette says how its run ended: it takes an incident to make a scenario. */
const INCIDENT = {
  trigger: { span: 'llm_generate', error_class: 'any' },
  cause: { signal: 'retries', at_least: 1 },
  symptom: { signal: 'stop_reason', is: 'error' },
}

for (const { what, files, volatile, grade } of CASES) {
  test.skipIf(!existsSync(CORPUS))(`replays a real SDK against a cassette given ${what}`, async () => {
    const project = openProject()
    project.copy('asking-agent.ts', 'agent.ts')
    const paths = files.map((file) => join(CORPUS, file))
    const texts = paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    const format = FOREIGN_FORMATS.find(({ name }) => name === detectFormat(texts[0]?.text ?? ''))
    const questions = (format?.importFiles?.(texts, {}).interactions ?? []).map(questionOf)
    const out = 'recordings/imported.jsonl'
    const input = ['--agent', 'agent.ts#run', '--input', JSON.stringify(questions)]
    const imported = await project.retrial(['import', ...paths, ...input, '--out', out])
    expect(imported).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('can be replayed') })
    expect(await project.retrial(['scenario', 'new', out])).toMatchObject({ code: 0, stderr: '' })
    const proposed = parse(project.read('scenarios/imported.yaml')) as { replay?: object; incident?: object }
    const replay = {
      ...proposed.replay,
      env: { OPENAI_API_KEY: 'placeholder', ANTHROPIC_API_KEY: 'placeholder' },
      ...(volatile.length > 0 && { volatile }),
    }
    const incident = { ...INCIDENT, ...proposed.incident }
    project.write('scenarios/imported.yaml', stringify({ ...proposed, incident, replay }))
    const replayed = await project.retrial(['replay', 'scenarios/imported.yaml', '--json'])
    expect(replayed, replayed.stdout).toMatchObject({ code: 0, stderr: '' })
    const view = JSON.parse(replayed.stdout) as JsonObject
    expect(view).toMatchObject({
      outcome: 'finished',
      evidence: { coverage: 1, grades: { [grade]: 2 }, worst: grade, unused: [] },
      divergences: [],
    })
    const { finish } = await readRecording(project.path(String(view.recording)), { mode: 'strict' })
    expect(finish?.output).toHaveLength(2)
  })
}
