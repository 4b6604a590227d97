import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Recording } from '../../src/model/recording.ts'
import { type Agent, openCourt, outputOf } from '../replay/court.ts'
import { JSON_TYPE, modelAnswer, modelEvents } from './wire.ts'

const court = openCourt()
let answers = 0

/** Answers after as many ms as the question says; no two answers are equal. */
const server = createServer(async (request, response) => {
  let body = ''
  for await (const piece of request) body += String(piece)
  const path = request.url ?? '/'
  const ms = Number(/ms=(\d+)/.exec(body + path)?.[1] ?? 1)
  const content = `answer ${++answers}`
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  if (body.includes('"stream":true')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of modelEvents(path, ['one', 'two', 'three', 'four', 'five'])) {
      await pause()
      response.write(event)
    }
    response.end()
    return
  }
  await pause()
  response.writeHead(200, JSON_TYPE).end(path.startsWith('/tool') ? content : modelAnswer(path, content))
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  court.close()
  server.closeAllConnections()
  server.close()
})

const agent = (name: string): Agent => ({ module: join(import.meta.dirname, 'fixtures/concurrent.ts'), export: name })

/** When each answer came, by its call, in the order of the recorded calls. */
function ends({ interactions }: Recording): [string, number | undefined][] {
  return interactions.map(({ id, evidence, started_ms, end }) => [
    evidence?.source ?? id,
    end === null ? undefined : started_ms + end.offset_ms,
  ])
}

const SCENES: [string, string][] = [
  ['parallelTools', 'tools that are called side by side'],
  ['parallelAgents', 'three agents of two providers in one run'],
  ['streamBesideTools', 'a stream beside tools'],
  ['sameQuestion', 'the same question eight times at once'],
  ['race', 'calls of which the first wins and the others are given up'],
]

for (const [name, what] of SCENES) {
  test(`a replay gives each call its own answer and keeps their order, given ${what}`, async () => {
    const live = await court.record(agent(name), {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    })
    expect(live.error).toBeUndefined()
    const [first, second] = [await court.replay(agent(name), live), await court.replay(agent(name), live)]
    expect(first.end).toEqual({ outcome: 'finished', agent_error: null })
    expect(new Set(first.grades)).toEqual(new Set(['exact']))
    expect(outputOf(first)).toEqual(live.output)
    const byEnd = (recording: Recording): string[] =>
      ends(recording)
        .filter(([, at]) => at !== undefined)
        .sort(([, a], [, b]) => Number(a) - Number(b))
        .map(([id]) => id)
    const ended = live.recording.interactions.filter(({ end }) => end?.kind === 'complete').map(({ id }) => id)
    const inOrder = (ids: string[]): string[] => ids.filter((id) => ended.includes(id))
    expect(inOrder(byEnd(first.replayed as Recording))).toEqual(inOrder(byEnd(live.recording)))
    // Nothing is left to chance: again the same, to the microsecond.
    expect(ends(second.replayed as Recording)).toEqual(ends(first.replayed as Recording))
  })
}
