/**
 * One run of an agent in its live world: `in-world.ts <kind> <style> record <file>` records the unfixed agent;
 * `in-world.ts <kind> <style> live <fix>` only runs it with a fix. Prints the output of the agent as JSON.
 */
import type { AgentInput, AgentOutput, AgentParams } from './agent/types.ts'
import { agentPath } from './incidents.ts'
import { kindOf } from './kinds/all.ts'
import type { Style } from './kinds/kind.ts'
import { startWorld } from './world/start-world.ts'

type Run = (input: AgentInput, params?: AgentParams) => Promise<AgentOutput>

const [kindId = '', style = '', mode, target = ''] = process.argv.slice(2)
const kind = kindOf(kindId)
const world = await startWorld(kind)
Object.assign(process.env, world.env)
const input: AgentInput = { kind: kind.id, question: kind.question }
const output = mode === 'record' ? await recordTo(target) : await (await load())(input, { fix: target })
process.stdout.write(`${JSON.stringify(output)}\n`)
await world.close()

async function recordTo(out: string): Promise<AgentOutput> {
  // Loaded here, and first, so that the live runs have nothing of the recorder in their process.
  const { record } = await import('../../src/index.ts')
  const run = await load()
  const env = Object.keys(world.env)
  return record({ out, workflow: kind.id, agent: style, input: { ...input }, overwrite: true, env }, () => run(input))
}

async function load(): Promise<Run> {
  const path = new URL(`../../${agentPath(style as Style)}`, import.meta.url).href
  return ((await import(path)) as { run: Run }).run
}
