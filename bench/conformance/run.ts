/**
 * The conformance of the imports: `node bench/conformance/run.ts --corpus DIR` (or `RETRIAL_CORPUS`) imports every file of a folder of
 * public cassettes and archives, has the real SDKs of OpenAI and Anthropic read what was imported and make its requests again, and writes
 * `docs/conformance.md`, and for traces `docs/conformance-traces.md`; `--json` prints the result instead. Exit code 0: every file is accounted for, nothing differs from the files;
 * 1: not so; 2: no such folder.
 */
import { statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureCorpus } from './measure.ts'
import { render, totalOf } from './render.ts'
import { renderTraces } from './traces.ts'

const DOCUMENT = 'docs/conformance.md'
const TRACES = 'docs/conformance-traces.md'

const { values } = parseArgs({ options: { corpus: { type: 'string' }, json: { type: 'boolean', default: false } } })
const corpus = values.corpus ?? process.env.RETRIAL_CORPUS

if (corpus === undefined || !statSync(corpus, { throwIfNoEntry: false })?.isDirectory()) {
  const what = corpus === undefined ? 'no corpus is named' : `${corpus} is no folder`
  process.stderr.write(`${what}: pass --corpus DIR or set RETRIAL_CORPUS; ${DOCUMENT} says what the folder holds\n`)
  process.exitCode = 2
} else {
  const result = await measureCorpus(resolve(corpus))
  if (values.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else {
    writeFileSync(DOCUMENT, render(result))
    writeFileSync(TRACES, renderTraces(resolve(corpus)))
  }
  const { interactions, equal_bytes, calls, equal } = totalOf(result)
  const isGood = result.unclaimed.length === 0 && equal_bytes === interactions && equal === calls
  if (!values.json) process.stdout.write(`${DOCUMENT}: written${isGood ? '' : '; not everything is as in the files'}\n`)
  if (!isGood) process.exitCode = 1
}
