import type { ForeignFormat } from './foreign-format.ts'
import { chatFormat } from './import-chat.ts'
import { ddFormat } from './import-dd.ts'
import { goVcrFormat } from './import-go-vcr.ts'
import { harFormat } from './import-har.ts'
import { inspectFormat } from './import-inspect.ts'
import { jaegerFormat } from './import-jaeger.ts'
import { langfuseFormat } from './import-langfuse.ts'
import { langSmithFormat } from './import-langsmith.ts'
import { nockFormat } from './import-nock.ts'
import { openAiAgentsFormat } from './import-openai-agents.ts'
import { otlpFormat } from './import-otlp.ts'
import { plainFormat } from './import-plain.ts'
import { spanDumpFormat } from './import-span-dump.ts'
import { sweAgentFormat } from './import-swe-agent.ts'
import { tauFormat } from './import-tau.ts'
import { tau2Format } from './import-tau2.ts'
import { tempoFormat } from './import-tempo.ts'
import { vcrFormat } from './import-vcr.ts'
import { answersFormat } from './refuse-answers.ts'

/**
 * Every format that can be imported, or is told to say why not; asked in this order.
 * A new one is one file with a `ForeignFormat`, and one line here.
 */
export const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  harFormat,
  vcrFormat,
  goVcrFormat,
  nockFormat,
  ddFormat,
  otlpFormat,
  tempoFormat,
  jaegerFormat,
  langfuseFormat,
  langSmithFormat,
  openAiAgentsFormat,
  spanDumpFormat,
  tauFormat,
  tau2Format,
  sweAgentFormat,
  inspectFormat,
  plainFormat,
  chatFormat,
  // Last: it is told by little, and only refuses.
  answersFormat,
]

/**
 * Tells what a text is by its look: the name of a format that can be imported, `retrial` for a recording of ours,
 * `unknown` for neither.
 */
export function detectFormat(given: string): string {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  const end = text.indexOf('\n')
  const firstLine = text.slice(0, Math.min(end === -1 ? text.length : end, 4096))
  if (/^\s*\{.*"format"\s*:\s*"retrial\//.test(firstLine)) return 'retrial'
  return FOREIGN_FORMATS.find((candidate) => candidate.detect(text))?.name ?? 'unknown'
}
