import { expect, test } from 'vitest'
import { type Answer, type ChatRequest, completionBody } from '../../examples/support-agent/servers/chat-wire.ts'
import { listen } from '../../examples/support-agent/servers/listen.ts'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'

/** A model that looks the order up, and after a failure either gives up by itself or looks it up again. */
async function startModel(isWise: boolean) {
  let asked = 0
  const { origin, close } = await listen(0, async (request, response) => {
    asked++
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest
    const hasFailed = (body.messages.at(-1) as { role: string }).role === 'tool'
    const answer: Answer =
      hasFailed && isWise
        ? { kind: 'say', text: 'It cannot be looked up now.' }
        : { kind: 'call', calls: [{ name: 'lookup_order', args: { id: '17' } }] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completionBody(body, answer)))
  })
  return { env: { OPENAI_BASE_URL: `${origin}/v1`, OPENAI_API_KEY: 'sk-live' }, asked: () => asked, close }
}

async function sample(isWise: boolean, calls = '100') {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}candidates: [{ id: fix, agent: ../fix.ts#run }]\n`)
  const model = await startModel(isWise)
  const args = ['--live', 'model', '--live-calls', calls, '--live-samples', '3']
  const { code, candidate } = await project.verify(args, model.env)
  await model.close()
  return { code, asked: model.asked(), ...candidate('fix') }
}

test('bears a fix out given a model with which the unfixed agent does not recover by itself', async () => {
  const { code, verdict, sampling, asked } = await sample(false)
  expect(sampling?.candidate).toEqual({ samples: 3, recovered: 3, undecided: 0 })
  expect(sampling?.unfixed).toEqual({ samples: 3, recovered: 0, undecided: 0 })
  expect(sampling?.difference?.low).toBeGreaterThan(0)
  expect([verdict, code]).toEqual(['fixed', 0])
  // Four questions of each unfixed run, one of each fixed one: no sample is told what another was.
  expect(asked).toBe(3 * 4 + 3)
}, 240_000)

test('proves nothing given a model with which the unfixed agent recovers as often', async () => {
  const { code, verdict, sampling, reasons } = await sample(true)
  expect(sampling).toMatchObject({ candidate: { recovered: 3 }, unfixed: { recovered: 3 } })
  expect([verdict, code]).toEqual(['inconclusive', 3])
  expect(reasons[0]).toMatchObject({ code: 'live_recovery' })
}, 240_000)

test('proves nothing given a budget that ends before most samples of the fix do', async () => {
  const { verdict, sampling, reasons } = await sample(false, String(3 * 4 + 1))
  expect(sampling).toMatchObject({
    candidate: { samples: 3, recovered: 1, undecided: 2 },
    unfixed: { samples: 3, recovered: 0, undecided: 0 },
  })
  // One of one against none of three would do; one of three does not.
  expect(sampling?.difference.low).toBeLessThanOrEqual(0)
  expect(verdict).toBe('inconclusive')
  expect(reasons[0]?.message).toContain('1 of 3 live samples recover (2 prove nothing)')
}, 240_000)
