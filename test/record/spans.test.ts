import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { tool, wrapTool } from '../../src/boundary/doors/function-door.ts'
import { addSpanFinder, type OpenSpan, openSpan, withSpan } from '../../src/boundary/spans.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import { startServer } from './counting-server.ts'
import { functionsOf, recordHere } from './record-here.ts'

function namesOf({ spans = [] }: Interaction): string {
  return spans.map(({ name, nth }) => (nth === undefined ? name : `${name} #${nth}`)).join(' › ')
}

const look = tool('look', async (at: string) => {
  await sleep(1)
  return at
})

test('a call tells the spans around it, and which ones of their name they are, given some within others', async () => {
  const { recording } = await recordHere(async () => {
    await look('before')
    await withSpan('invoke_agent triage', async () => {
      await look('triage')
      for (let step = 0; step < 2; step++) await withSpan('step', () => look('step'))
      await Promise.all(['a', 'b'].map((name) => withSpan(`node ${name}`, () => look(name))))
    })
    await withSpan('invoke_agent triage', () => withSpan('step', () => look('again')))
    await look('after')
  })
  const seen = functionsOf(recording).map((one) => [one.args, namesOf(one)])
  expect(seen).toEqual([
    ['before', ''],
    ['triage', 'invoke_agent triage'],
    ['step', 'invoke_agent triage › step'],
    ['step', 'invoke_agent triage › step #2'],
    ['a', 'invoke_agent triage › node a'],
    ['b', 'invoke_agent triage › node b'],
    ['again', 'invoke_agent triage #2 › step'],
    ['after', ''],
  ])
  expect(recording.interactions.filter(({ spans }) => spans !== undefined)).toHaveLength(6)
})

test('a request tells the span in which it was begun, given clients that send it later', async () => {
  const server = await startServer()
  const { recording } = await recordHere(async () => {
    const body = new ReadableStream({
      async start(controller) {
        await sleep(5)
        controller.enqueue(new TextEncoder().encode('{}'))
        controller.close()
      },
    })
    const streamed = withSpan('streamed', () =>
      fetch(`${server.base}/a`, { method: 'POST', body, duplex: 'half' } as RequestInit),
    )
    const request = withSpan('classic', () => {
      const begun = http.request(`${server.base}/b`, { method: 'POST' })
      begun.write('soon ')
      return begun
    })
    const answered = new Promise<void>((resolve) => request.on('response', (one) => one.resume().on('end', resolve)))
    withSpan('elsewhere', () => request.end('later'))
    await answered
    await (await streamed).text()
  })
  const seen = recording.interactions.map((one) => [
    one.kind === 'http' && new URL(one.request.url).pathname,
    namesOf(one),
  ])
  expect(new Map(seen as [string, string][])).toEqual(
    new Map([
      ['/a', 'streamed'],
      ['/b', 'classic'],
    ]),
  )
})

test('a framework is asked for its spans, and what is opened within them is, given one that keeps its own', async () => {
  let current: OpenSpan | null = null
  const find = () => current
  addSpanFinder(find)
  addSpanFinder(() => {
    throw new Error('the trouble of a framework')
  })
  const { recording } = await recordHere(async () => {
    await withSpan('outer', async () => {
      const agent = openSpan('invoke_agent a', null, find)
      current = agent
      await look('agent')
      await withSpan('inner', () => look('inner'))
      // An agent that takes over is beside the one before, not within it.
      current = openSpan('invoke_agent b', agent.outer, find)
      await look('other')
      current = null
      await look('outer')
    })
  })
  expect(functionsOf(recording).map((one) => [one.args, namesOf(one)])).toEqual([
    ['agent', 'outer › invoke_agent a'],
    ['inner', 'outer › invoke_agent a › inner'],
    ['other', 'outer › invoke_agent b'],
    ['outer', 'outer'],
  ])
})

test('secrets are replaced in the names of spans', async () => {
  const key = ['sk-', 'proj-', 'Zk3hVq81LmNbT6yR0wXcA9dE'].join('')
  const { recording } = await recordHere(() => withSpan(`invoke_agent ${key}`, () => look('secret')))
  expect(namesOf(recording.interactions[0] as Interaction)).toMatch(/^invoke_agent rdx-/)
})

test('only the input of a framework’s tool is recorded, and all else reaches it, given a signal behind it', async () => {
  const { signal } = new AbortController()
  const search = wrapTool('search', async (input: { query: string }, options: { signal: AbortSignal }) => {
    return [input.query, options.signal === signal]
  })
  const { result, recording } = await recordHere(() => search({ query: 'refunds' }, { signal }))
  expect(result).toEqual(['refunds', true])
  expect(functionsOf(recording)).toMatchObject([{ args: { query: 'refunds' }, value: ['refunds', true] }])
  expect(functionsOf(recording)[0]?.lossy).toBeUndefined()
})

test('what a generator yields is recorded, and its calls are within it, given one read to its end, left, or broken', async () => {
  const count = tool('count', async function* (to: number) {
    for (let at = 0; at < to; at++) {
      await look(String(at))
      if (at === 2) throw new RangeError('too far')
      yield at
    }
  })
  const { result, recording } = await recordHere(async () => {
    const all: number[] = []
    for await (const one of count(2)) all.push(one)
    for await (const one of count(3)) {
      all.push(one)
      break
    }
    await expect(
      (async () => {
        for await (const one of count(4)) all.push(one)
      })(),
    ).rejects.toThrow(RangeError)
    return all
  })
  expect(result).toEqual([0, 1, 0, 0, 1])
  const counts = functionsOf(recording).filter(({ name }) => name === 'count')
  expect(counts).toMatchObject([
    { args: 2, value: [0, 1], yields: true, end: { kind: 'complete' } },
    { args: 3, value: [0], yields: true, end: { kind: 'complete' } },
    { args: 4, value: [0, 1], yields: true, end: { kind: 'failed', error: { name: 'RangeError' } } },
  ])
  expect(counts.some(({ lossy }) => lossy)).toBe(false)
  expect(functionsOf(recording).filter(({ parent }) => parent !== undefined)).toHaveLength(6)
})

test('a generator is the very one that the tool gave, given one that is spoken to', async () => {
  const given: unknown[] = []
  const talk = tool('talk', async function* () {
    try {
      given.push(yield 'first')
      yield 'second'
    } catch (error) {
      given.push((error as Error).message)
      yield 'sorry'
    }
  })
  const { recording } = await recordHere(async () => {
    const generator = talk()
    await generator.next()
    await generator.next('hello' as never)
    await generator.throw(new Error('no'))
    return (await generator.return()).done
  })
  expect(given).toEqual(['hello', 'no'])
  expect(functionsOf(recording)).toMatchObject([{ value: ['first', 'second', 'sorry'], yields: true }])
})

test('a name costs nothing and reaches no recording given no run', async () => {
  expect(withSpan('invoke_agent nobody', () => 17)).toBe(17)
  await expect(withSpan('invoke_agent nobody', () => look('there'))).resolves.toBe('there')
})
