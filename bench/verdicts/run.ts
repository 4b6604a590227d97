/**
 * The benchmark of fixes: `node bench/verdicts/run.ts` records every incident, puts every fix on trial and prints how often a verdict was
 * wrong, beside the usual practice. `--only` takes ids of incidents, kinds or styles; `--no-peers` leaves the usual practice out; `--live`
 * also runs every fix in its live world, to see whether its truth holds; `--json` prints one document; `--keep` names a folder for
 * recordings, scenarios and replays. Exit code 0: no false green, and every verdict that could be given was right; 1: not so; 2: no such incident.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { INCIDENTS, type Incident } from './incidents.ts'
import { findIncidents, type MeasureOptions, measure } from './measure.ts'
import { isDenied, isFalseGreen, render } from './render.ts'
import type { BenchResult, Case } from './result.ts'

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    'no-peers': { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
  allowPositionals: true,
})
const names = [...(values.only ?? []), ...positionals]
const unknown = names.filter((name) => findIncidents(name).length === 0)
if (unknown.length > 0) {
  process.stderr.write(`no incident, kind or style ${unknown.join(', ')}\n`)
  process.exitCode = 2
} else {
  const chosen =
    names.length === 0 ? INCIDENTS : INCIDENTS.filter((one) => names.some((name) => findIncidents(name).includes(one)))
  const dir = values.keep ?? mkdtempSync(join(tmpdir(), 'retrial-verdicts-'))
  mkdirSync(dir, { recursive: true })
  const result = await measureAll(chosen, { dir, peers: !values['no-peers'], live: values.live })
  if (values.keep === undefined) rmSync(dir, { recursive: true, force: true })
  process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : render(result))
  if (result.failures.length > 0 || result.cases.some(isWrong)) process.exitCode = 1
}

async function measureAll(incidents: readonly Incident[], options: MeasureOptions): Promise<BenchResult> {
  const began = performance.now()
  const limit = pLimit(2)
  const failures: string[] = []
  const found = await Promise.all(
    incidents.map((incident) =>
      limit(async () => {
        try {
          const cases = await measure(incident, options)
          process.stderr.write(`${incident.id}\n`)
          return cases
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error))
          return []
        }
      }),
    ),
  )
  const duration_s = (performance.now() - began) / 1_000
  return { format: 'retrial-verdicts/1', cases: found.flat(), failures, duration_s }
}

/** A false green, a true fix that could have been proved and was not, or a truth that does not hold. */
function isWrong(one: Case): boolean {
  return (
    isFalseGreen(one) || isDenied(one) || (one.truth === 'fixed' && one.unproved === null && one.verdict !== 'fixed')
  )
}
