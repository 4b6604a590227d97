/**
 * One run of an agent in its live world: `in-world.ts <kind> <style> record <file>` records the unfixed agent, `… snapshot <file>`
 * lets undici's SnapshotAgent record it, and `… live <fix>` only runs it with a fix. Prints the output of the agent as JSON.
 */
import { writeFileSync } from 'node:fs'
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
const output = await runIn(mode)
process.stdout.write(`${JSON.stringify(output)}\n`)
await world.close()

async function runIn(mode: string | undefined): Promise<AgentOutput> {
  if (mode === 'record') return recordTo(target)
  if (mode === 'snapshot') return snapshotTo(target)
  const run = await load()
  return run(input, { fix: target })
}

async function snapshotTo(out: string): Promise<AgentOutput> {
  const { SnapshotAgent, setGlobalDispatcher } = await import('undici')
  const agent = new SnapshotAgent({ mode: 'record', snapshotPath: out })
  setGlobalDispatcher(agent)
  const run = await load()
  const output = await run(input)
  await agent.saveSnapshots()
  writeFileSync(`${out}.env`, JSON.stringify(world.env))
  return output
}

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
