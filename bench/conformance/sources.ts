import { globSync } from 'node:fs'
import { join } from 'node:path'
import { type OriginalExchange, readDd, readGoVcr, readHar, readNock, readVcr } from './read-original.ts'

/** A part of the corpus: files of one project, and the format to read them by. */
export interface CorpusSource {
  name: string
  /** Its files, relative to the corpus. */
  files: string
  /** Name of a `ForeignFormat`. */
  format: string
  /** A second opinion on what a file holds; missing where a file holds no exchanges. */
  readOriginal?: (text: string) => OriginalExchange[]
}

/** Every part that is measured. One more is one line. */
export const SOURCES: readonly CorpusSource[] = [
  { name: 'openllmetry-js', files: 'har/openllmetry-js/**/*.har', format: 'har', readOriginal: readHar },
  { name: 'langchainjs-net-mocks', files: 'har/langchainjs-net-mocks/*.har', format: 'har', readOriginal: readHar },
  {
    name: 'openinference-js-bedrock-agent',
    files: 'har/openinference-js-bedrock-agent/**/*.har',
    format: 'har',
    readOriginal: readHar,
  },
  {
    name: 'nock-otel-js-contrib',
    files: 'har/nock-otel-js-contrib/**/*.json',
    format: 'nock',
    readOriginal: readNock,
  },
  { name: 'pydantic-ai', files: 'vcr/pydantic-ai/**/*.yaml', format: 'vcr', readOriginal: readVcr },
  { name: 'crewai', files: 'vcr/crewai/**/*.yaml', format: 'vcr', readOriginal: readVcr },
  { name: 'openinference-python', files: 'vcr/openinference-python/**/*.yaml', format: 'vcr', readOriginal: readVcr },
  { name: 'cagent', files: 'vcr/cagent/**/*.yaml', format: 'go-vcr', readOriginal: readGoVcr },
  { name: 'dd-trace-js', files: 'vcr/dd-trace-js/**/*.json', format: 'dd', readOriginal: readDd },
  { name: 'vercel-ai-fixtures', files: 'vcr/vercel-ai-fixtures/**/*.{json,txt,sse}', format: 'answers' },
]

/** Folders of the corpus in which every file has to belong to a source. */
const MEASURED = ['har', 'vcr']

/** The files of a source, sorted. */
export function filesOf(corpus: string, source: CorpusSource): string[] {
  return globSync(source.files, { cwd: corpus }).sort()
}

/** Files of the measured folders that no source names, beside the notes on where they come from. */
export function unclaimedFiles(corpus: string): string[] {
  const claimed = new Set(SOURCES.flatMap((source) => filesOf(corpus, source)))
  const all = MEASURED.flatMap((folder) => globSync(`${folder}/**/*`, { cwd: corpus, withFileTypes: true }))
  return all
    .filter((entry) => entry.isFile() && entry.name !== 'SOURCE.md')
    .map((entry) => join(entry.parentPath, entry.name).slice(corpus.length + 1))
    .filter((path) => !claimed.has(path))
    .sort()
}
