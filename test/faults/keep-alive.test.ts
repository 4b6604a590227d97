import { afterAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { openCourt, outputOf } from '../replay/court.ts'
import { serve } from '../support/serve.ts'

const court = openCourt()
afterAll(() => court.close())

const AGENT = `
import http from 'node:http'
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
const ask = (url: string) => new Promise((resolve) => {
  const request = http.get(url, { agent }, (response) => {
    let text = ''
    response.on('data', (piece) => { text += piece })
    response.on('end', () => resolve(text + (request.reusedSocket ? ' again' : ' first')))
    response.on('error', (error) => resolve(String(error)))
  })
  request.on('error', (error) => resolve(String(error)))
})
export const run = async ({ origin }: { origin: string }) => {
  const one = await ask(origin + '/one')
  // A connection is free once those that wait for it are told.
  await new Promise((resolve) => setImmediate(resolve))
  return [one, await ask(origin + '/two')]
}
`

test('the next request gets its own answer, given a connection that lives on after the announced length', async () => {
  const server = await serve((request, response) => response.end(request.url))
  const agent = court.agent(AGENT)
  const live = await court.record(agent, { origin: server.origin })
  server.close()
  expect(live.output).toEqual(['/one first', '/two again'])
  expect(outputOf(await court.replay(agent, live))).toEqual(live.output)

  // As if the end of the first answer had been seen long after its last byte.
  const [one, ...others] = live.recording.interactions as HttpInteraction[]
  const late = { ...one, end: { kind: 'cut', offset_ms: 60_000 } } as HttpInteraction
  const derived = court.save({ ...live.recording, interactions: [late, ...others] })
  expect(outputOf(await court.replay(agent, derived))).toEqual(live.output)
})

test.for(['virtual', 'real'] as const)(
  'a connection that is kept alive keeps no run alive, on the %s clock',
  async (clock) => {
    const server = await serve((request, response) => response.end(request.url))
    const source = (end: string): string => `
    import http from 'node:http'
    export const run = async ({ origin }: { origin: string }) => {
      const text = await new Promise((resolve) => http.get(origin + '/one', (response) => response.on('data', (piece) => resolve(String(piece)))))
      ${end}
      return text
    }`
    const { origin } = server
    const live = await court.record(court.agent(source('')), { origin })
    server.close()
    const stuck = await court.replay(court.agent(source('await new Promise(() => {})')), live, { clock })
    expect(stuck.end).toEqual({ outcome: 'deadlock', waiting: [], last: expect.stringMatching(/^c1 /) })
    // Node keeps a connection for five seconds, and no process for it.
    expect(stuck.virtual_ms).toBeLessThan(3_000)
    expect(stuck.left).toEqual([])
  },
)

test('an agent is told that nothing came on its connection for as long as it asked, given a recorded answer that took longer', async () => {
  const server = await serve((request, response) => setTimeout(() => response.end(request.url), 800))
  const agent = court.agent(`
    import http from 'node:http'
    export const run = ({ origin }: { origin: string }) => new Promise((resolve) => {
      const idle: number[] = []
      const began = performance.now()
      const request = http.get(origin + '/slow', { timeout: 300 }, (response) => {
        response.on('data', () => {})
        response.on('end', () => resolve(idle))
      })
      request.on('timeout', () => idle.push(Math.round((performance.now() - began) / 100) * 100))
    })`)
  const live = await court.record(agent, { origin: server.origin })
  server.close()
  const replay = await court.replay(agent, live)
  // A busy machine may have been late in telling it.
  expect(live.output).toHaveLength(1)
  expect([replay.outcome, outputOf(replay)]).toEqual(['finished', [300]])
})
