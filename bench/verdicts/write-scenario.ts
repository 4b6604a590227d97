import { writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { stringify } from 'yaml'
import { agentPath, type Incident } from './incidents.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Writes the scenario of an incident, with every fix as a candidate. It holds nothing of the truth. */
export function writeScenario(file: string, recording: string, { id, kind, style }: Incident): void {
  const path = relative(dirname(file), join(ROOT, agentPath(style))).replaceAll('\\', '/')
  const scenario = {
    id,
    title: kind.title,
    recording: relative(dirname(file), recording).replaceAll('\\', '/'),
    agent: `${path}#run`,
    baseline: `${path}#run`,
    incident: kind.incident,
    candidates: kind.fixes.map((fix) => ({
      id: fix.id,
      params: { fix: fix.id },
      // As careless as it can be set: the old answers are served, and what they are worth is the tool's to say.
      ...(fix.truth === 'old-answer' && { on_divergence: 'stale' }),
    })),
    verify: {
      required_evidence: 'exact',
      expect: { stop_reason: 'completed', output: kind.output },
      ...(kind.perturb && { perturb: kind.perturb }),
    },
  }
  writeFileSync(file, stringify(scenario))
}
