import type { ForeignFormat } from './foreign-format.ts'
import { ddFormat } from './import-dd.ts'
import { goVcrFormat } from './import-go-vcr.ts'
import { harFormat } from './import-har.ts'
import { nockFormat } from './import-nock.ts'
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
  // Last: it is told by little, and only refuses.
  answersFormat,
]

/**
 * Tells what a text is by its look: the name of a format that can be imported, `retrial` for a recording of ours,
 * `unknown` for neither.
 */
export function detectFormat(text: string): string {
  const end = text.indexOf('\n')
  const firstLine = text.slice(0, Math.min(end === -1 ? text.length : end, 4096))
  if (/^\uFEFF?\s*\{.*"format"\s*:\s*"retrial\//.test(firstLine)) return 'retrial'
  return FOREIGN_FORMATS.find((candidate) => candidate.detect(text))?.name ?? 'unknown'
}
