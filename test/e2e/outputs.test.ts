import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

/** What a fix returns once the look-up has failed: the code, the verdict, and its first reason. */
const RETURNS: Record<string, [code: string, verdict: string, reason: string]> = {
  data: ["return { stop_reason: 'completed', answer: 'A colleague looks.' }", 'fixed', 'trigger_met'],
  nothing: ['return undefined as never', 'inconclusive', 'stop_reason_missing'],
  text: ["return '' as never", 'inconclusive', 'stop_reason_missing'],
  answer: ["return new Response('A colleague looks.') as never", 'inconclusive', 'lossy_output'],
  generator: ["return (async function* () { yield 'A colleague' })() as never", 'inconclusive', 'lossy_output'],
  instance: [
    "return new (class Reply { stop_reason = 'completed'; get answer() { return 'Sorry' } })()",
    'inconclusive',
    'lossy_output',
  ],
  error: ["return new Error('no orders') as never", 'error', 'agent_threw'],
  getter: ["return { get stop_reason(): string { throw new Error('not yet') }, answer: '' }", 'error', 'agent_threw'],
}

test('takes no output for a good end that does not say so given an unfixed agent that names its stop reason', async () => {
  const project = await openDesk()
  for (const [id, [code]] of Object.entries(RETURNS)) {
    project.copy('desk-agent.ts', `${id}.ts`, [DESK_FIX[0], `if (!response.ok) ${code}`])
  }
  const candidates = Object.keys(RETURNS).map((id) => `  - { id: ${id}, agent: ../${id}.ts#run }\n`)
  const expected = 'verify: { expect: { stop_reason: completed } }\n'
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${expected}candidates:\n${candidates.join('')}`)
  const { candidate } = await project.verify()
  const seen = Object.keys(RETURNS).map((id) => [id, candidate(id).verdict, candidate(id).reasons[0]?.code])
  expect(seen).toEqual(Object.entries(RETURNS).map(([id, [, verdict, reason]]) => [id, verdict, reason]))
  expect(candidate('error').reasons[0]?.message).toBe('the agent threw Error: no orders')
})
