import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import { openProject, type Project } from './open-project.ts'
import { startDesk } from './start-desk.ts'

/** What the unfixed agent does once it has answered: it tells an audit, and keeps a cache tidy. */
const LATE = `setTimeout(() => fetch(process.env.ORDERS_URL + '/audit').catch(() => {}), 50)
  setInterval(() => {}, 30_000).unref()`

/** An agent that answers as the module `desk` does, and then goes on. */
function thenDo(desk: string, late: string): string {
  return `import { run as answer } from '${desk}'
export async function run(input) {
  const output = await answer(input)
  ${late}
  return output
}\n`
}

/** Candidates: what they do after their answer, the verdict, and the code of the reason that decides. */
const CANDIDATES: Record<string, { late: string; verdict: string; because?: string }> = {
  same: { late: LATE, verdict: 'fixed' },
  none: { late: '', verdict: 'fixed' },
  other: { late: LATE.replace('/audit', '/refunds'), verdict: 'inconclusive', because: 'diverged' },
  more: { late: `${LATE}\n  ${LATE}`, verdict: 'inconclusive', because: 'diverged' },
  ticks: { late: `${LATE}\n  setInterval(() => {}, 1000)`, verdict: 'inconclusive', because: 'still_running' },
  sweeps: {
    late: `${LATE}\n  setInterval(() => {}, 1000).unref(); setTimeout(() => {}, 900_000).unref()`,
    verdict: 'fixed',
  },
  throws: {
    late: "setTimeout(() => { throw new Error('too late') }, 1000)",
    verdict: 'error',
    because: 'agent_crashed',
  },
}

/** Records a run of `agent.ts` from within a program of its own; says what that program was told. */
async function recordWithin(project: Project): Promise<string> {
  const { env, requests, close } = await startDesk()
  project.write(
    'service.ts',
    `import { setTimeout as sleep } from 'node:timers/promises'
import { record } from 'retrial'
import { run } from './agent.ts'
const input = { question: 'Where is order 17?' }
await record({ out: 'recordings/run_1.jsonl', agent_ref: '../agent.ts#run', input }, () => run(input))
await sleep(300)\n`,
  )
  const { code, stderr } = await project.run(process.execPath, ['service.ts'], env)
  await close()
  expect(code).toBe(0)
  expect(requests.at(-1)).toBe('GET /audit')
  return stderr
}

test('work after the output is judged against that of the unfixed agent, given a run that was recorded without it', async () => {
  const project = openProject()
  project.copy('desk-agent.ts', 'desk.ts')
  project.copy('desk-agent.ts', 'fixed-desk.ts', DESK_FIX)
  project.write('agent.ts', thenDo('./desk.ts', LATE))
  expect(await recordWithin(project)).toMatch(/RETRIAL_LATE_CALL.+run_1\.jsonl.+GET http\S+\/audit/)
  for (const [id, { late }] of Object.entries(CANDIDATES)) {
    project.write(`fixes/${id}.ts`, thenDo('../fixed-desk.ts', late))
  }
  const candidates = Object.keys(CANDIDATES).map((id) => `  - { id: ${id}, agent: ../fixes/${id}.ts#run }\n`)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates:\n${candidates.join('')}`)
  const { reports, verdicts, candidate } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  expect(verdicts).toEqual(Object.fromEntries(Object.entries(CANDIDATES).map(([id, { verdict }]) => [id, verdict])))
  for (const [id, { because }] of Object.entries(CANDIDATES)) {
    if (because !== undefined) expect(candidate(id).reasons[0]?.code).toBe(because)
  }
  expect(candidate('same').assumptions).toEqual([
    expect.stringMatching(/^GET \S+\/audit after its output: not in the recording/),
    expect.stringMatching(/^unref’d setInterval of 30000 ms at \S+same\.ts:\d+:3 goes on without end/),
  ])
  expect(candidate('same').evidence).toMatchObject({ coverage: 1, worst: 'exact' })
  expect(candidate('none').assumptions).toEqual([])
  expect(candidate('sweeps').assumptions).toContainEqual(
    expect.stringMatching(/^unref’d setInterval of 1000 ms at .* asked nothing that is not told/),
  )
  expect(candidate('other').divergences).toMatchObject([{ late: true }])
  expect(candidate('ticks').reasons[0]?.message).toMatch(/setInterval of 1000 ms at \S+ticks\.ts:\d+:3$/)
}, 120_000)

test('an incident of what a command does after its answer is replayed, and a fix of it is one', async () => {
  const project = openProject()
  const agent = (times: number): string => `export function run() {
  const ask = async () => (await fetch(process.env.ORDERS_URL + '/orders/99')).json()
  setTimeout(async () => { for (let i = 0; i < ${times}; i++) if (!(await ask()).error) break }, 200)
  return 'It is on its way.'
}
if (process.argv[1] === import.meta.filename) console.log(run())\n`
  project.write('agent.ts', agent(3))
  project.write('fixed.ts', agent(1))
  const { env, close } = await startDesk()
  const args = ['--out', 'recordings/run_1.jsonl', '--agent-ref', '../agent.ts#run', '--input', '{}']
  await project.retrial(['record', ...args, '--', 'node', 'agent.ts'], env)
  await close()
  project.write(
    'scenarios/late.yaml',
    `id: late
title: the order is asked for again and again after the answer
recording: ../recordings/run_1.jsonl
agent: ../agent.ts#run
incident:
  trigger: { span: 'http_request:GET ${env.ORDERS_URL?.slice(7)}/orders/99', error_class: overloaded, at_least: 1 }
  cause: { signal: retries, of: 'GET ${env.ORDERS_URL?.slice(7)}/orders/99', at_least: 2 }
  symptom: { signal: retries, of: 'GET ${env.ORDERS_URL?.slice(7)}/orders/99', at_least: 1 }
candidates:
  - { id: fix, agent: ../fixed.ts#run }
  - { id: none, agent: ../agent.ts#run }
`,
  )
  const { reports, verdicts } = await project.verify()
  expect(reports[0]?.baseline).toMatchObject({ verdict: 'reproduced' })
  expect(verdicts).toEqual({ fix: 'fixed', none: 'not_fixed' })
}, 120_000)

test('has not met what came after its answer given a fix that does not wait for its tool', async () => {
  const project = await openDesk()
  const forget = "void fetchOrder(id)\n      return { stop_reason: 'completed', answer: 'Later.' }\n      // "
  project.copy('desk-agent.ts', 'fix.ts', ['const response = ', `${forget}const response = `])
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates: [{ id: forget, agent: ../fix.ts#run }]\n`)
  const { code, candidate } = await project.verify()
  expect({ code, verdict: candidate('forget').verdict }).toEqual({ code: 1, verdict: 'bypassed' })
})
