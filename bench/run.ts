/**
 * The benchmark: `node bench/run.ts` measures everything and prints tables. `--quick` takes fewer rounds, `--json` prints one
 * document, and names of sections (`replay throughput growth size record start-up`) measure only those. Exit code 0: all was measured;
 * 1: something could not be; 2: no such section. A missed goal is no failure: machines differ.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureGrowth } from './sections/growth.ts'
import type { SectionOptions } from './sections/options.ts'
import { measureRecord } from './sections/record.ts'
import { measureReplay } from './sections/replay.ts'
import { measureSize } from './sections/size.ts'
import { measureStartUp } from './sections/start-up.ts'
import { measureThroughput } from './sections/throughput.ts'
import { type Document, renderTables, type Section } from './support/report.ts'

const SECTIONS: Record<string, (options: SectionOptions) => Section[] | Promise<Section[]>> = {
  replay: measureReplay,
  throughput: measureThroughput,
  growth: measureGrowth,
  size: measureSize,
  record: measureRecord,
  'start-up': measureStartUp,
}

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !(name in SECTIONS))
if (unknown.length > 0) {
  process.stderr.write(`no section ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}\n`)
  process.exitCode = 2
} else {
  const document = await measure(positionals.length > 0 ? positionals : Object.keys(SECTIONS))
  for (const { section, message } of document.failures)
    process.stderr.write(`${section} could not be measured: ${message}\n`)
  if (document.failures.length > 0) process.exitCode = 1
  process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : renderTables(document))
}

async function measure(names: string[]): Promise<Document> {
  const began = performance.now()
  const before = loadavg()[0] ?? 0
  const dir = mkdtempSync(join(tmpdir(), 'retrial-bench-'))
  const sections: Section[] = []
  const failures: Document['failures'] = []
  for (const name of names) {
    process.stderr.write(`measuring ${name} …\n`)
    try {
      sections.push(...((await SECTIONS[name]?.({ dir, quick: values.quick })) ?? []))
    } catch (error) {
      failures.push({ section: name, message: error instanceof Error ? error.message : String(error) })
    }
  }
  rmSync(dir, { recursive: true, force: true })
  return {
    format: 'retrial-bench/1',
    date: new Date().toISOString(),
    quick: values.quick,
    machine: {
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      cores: availableParallelism(),
      load: [before, loadavg()[0] ?? 0],
    },
    versions: Object.fromEntries(['undici', 'msw', 'nock'].map((name) => [name, versionOf(name)])),
    sections,
    failures,
    duration_s: (performance.now() - began) / 1_000,
  }
}

function versionOf(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
