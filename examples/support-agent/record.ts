import { join } from 'node:path'
import { run } from './agent.ts'
import { type ExampleIncident, INCIDENTS } from './incidents.ts'
import { startProviderServer } from './servers/provider-server.ts'
import { startToolsServer } from './servers/tools-server.ts'

// Fixed, because a replay matches requests by their URL too.
const PROVIDER_PORT = 4310
const TOOLS_PORT = 4311
const RECORDINGS = join(import.meta.dirname, '../../recordings')

await using provider = disposable(await startProviderServer({ port: PROVIDER_PORT }))
await using tools = disposable(await startToolsServer({ port: TOOLS_PORT }))
process.env.OPENAI_BASE_URL = `${provider.origin}/v1`
process.env.OPENAI_API_KEY = 'sk-example-of-no-value'
process.env.DOCS_URL = tools.origin
process.env.ORDERS_URL = tools.origin

const perform = process.argv.includes('--dry') ? ({ input }: ExampleIncident) => run(input) : recordIncident
for (const incident of INCIDENTS) {
  const output = await perform(incident)
  process.stdout.write(`${incident.run_id}  ${output.stop_reason}  ${output.answer}\n`)
  if (output.stop_reason !== incident.stop_reason) {
    process.stderr.write(`  expected ${incident.stop_reason}\n`)
    process.exitCode = 1
  }
}

async function recordIncident({ run_id, release, workflow, input }: ExampleIncident) {
  // Loaded here, so that a dry run has nothing of the recorder in its process.
  const { record } = await import('../../src/index.ts')
  return record(
    {
      out: join(RECORDINGS, `${run_id}.jsonl`),
      run_id,
      release,
      workflow,
      agent: 'support-agent',
      agent_ref: '../examples/support-agent/agent.ts#run',
      input: { ...input },
      overwrite: true,
      env: ['OPENAI_BASE_URL', 'DOCS_URL', 'ORDERS_URL'],
    },
    () => run(input),
  )
}

function disposable<T extends { close(): Promise<void> }>(server: T): T & AsyncDisposable {
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}
