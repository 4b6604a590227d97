import type { Command } from 'commander'
import { quoteForShell } from '../core/quote-for-shell.ts'
import { addLeniency, type Leniency } from '../scenario/edit-scenario.ts'

/** Adds `retrial scenario accept` and `retrial scenario volatile`: what a verdict may pass over, written down by name. */
export function registerScenarioLeniency(scenario: Command): void {
  scenario
    .command('accept')
    .description('accept by name what the agent looks at and no recording holds; the verdict lists it as an assumption')
    .argument('<scenario>', 'the scenario file')
    .argument('<names...>', 'sources as a verdict names them: env:FEATURE_X, file:limits.json, random:Math.random')
    .action((file: string, names: string[]) => add(file, 'accept', names))
  scenario
    .command('volatile')
    .description('let fields of requests differ that have no bearing on the answer; the verdict lists them')
    .argument('<scenario>', 'the scenario file')
    .argument('<paths...>', "where they are: '$.metadata.request_time', 'query.nonce', 'header.x-request-id'")
    .action((file: string, paths: string[]) => add(file, 'volatile', paths))
}

function add(file: string, key: Leniency, names: string[]): void {
  const added = addLeniency(file, key, names)
  const what = added.length === 0 ? `nothing to add: ${file} has it already` : `added ${added.join(', ')} to ${file}`
  process.stdout.write(`${what}; review it, then run \`retrial verify ${quoteForShell(file)}\`\n`)
}
