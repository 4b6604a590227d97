import type { Command } from 'commander'
import { quoteForShell } from '../core/quote-for-shell.ts'
import { acceptBypass, addLeniency, type Leniency } from '../scenario/edit-scenario.ts'

/** Adds `retrial scenario accept`, `volatile` and `accept-bypass`: what a verdict may pass over, written down by name. */
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
  scenario
    .command('accept-bypass')
    .description('let a fix count as fixed that never meets the trigger; the verdict lists it as an assumption')
    .argument('<scenario>', 'the scenario file')
    .action((file: string) => {
      const what = acceptBypass(file) ? `set verify.accept_bypass in ${file}` : `nothing to set: ${file} has it already`
      tell(what, file)
    })
}

function add(file: string, key: Leniency, names: string[]): void {
  const added = addLeniency(file, key, names)
  const what = added.length === 0 ? `nothing to add: ${file} has it already` : `added ${added.join(', ')} to ${file}`
  tell(what, file)
}

function tell(what: string, file: string): void {
  process.stdout.write(`${what}; review it, then run \`retrial verify ${quoteForShell(file)}\`\n`)
}
