import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HeaderList, HttpInteraction } from '../../src/model/interaction.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { describeDivergence } from '../../src/replay/describe-divergence.ts'
import { EvidenceIndex } from '../../src/replay/evidence-index.ts'
import { Renaming } from '../../src/replay/renaming.ts'
import { jsonObject, oneChange, rewrite } from './change-json.ts'
import { type Court, fixture, type LiveRun, openCourt } from './court.ts'
import type { Ask } from './fixtures/caller.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
let live: LiveRun
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
  live = await court.record(fixture('caller'), { asks: requests() })
})
afterAll(async () => {
  court.close()
  await world.close()
})

const SEED = { seed: Number(process.env.FC_SEED ?? Date.now() % 2 ** 31) }

const JSON_TYPE = { 'content-type': 'application/json' }
const PARTS = (boundary: string, file = 'a,b') =>
  `--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n${file}\r\n--${boundary}--\r\n`
const multipart = (boundary: string) => ({ 'content-type': `multipart/form-data; boundary=${boundary}` })

const QUESTION = {
  model: 'gpt-4o',
  temperature: 0.5,
  messages: [
    { role: 'system', content: 'You are a café clerk.' },
    { role: 'user', content: 'one  two' },
  ],
  tools: [{ name: 'search', schema: { type: 'object', required: ['a', 'b'] } }],
}

/** One request of each kind. */
function requests(): Ask[] {
  const at = (path: string): string => `${world.origin}${path}`
  const beta = { ...JSON_TYPE, 'openai-beta': 'assistants=v2', 'x-request-id': '1' }
  return [
    { url: at('/v1/chat'), method: 'POST', headers: beta, body: JSON.stringify(QUESTION) },
    { url: at('/v1/files?limit=10&order=asc&tag=a&tag=b') },
    {
      url: at('/v1/items/7'),
      method: 'PUT',
      headers: JSON_TYPE,
      body: '{"count":12,"ratio":0.25,"id":9007199254740993}',
    },
    { url: at('/v1/note'), method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a note\n' },
    { url: at('/v1/upload'), method: 'POST', headers: multipart('aaaa'), body: PARTS('aaaa') },
    { url: at('/v1/range'), headers: { range: 'bytes=0-9' } },
  ]
}

type Edit = [title: string, index: number, change: (ask: Ask) => Ask, path: string]

const inUrl = (from: string, to: string) => (ask: Ask) => ({ ...ask, url: ask.url.replace(from, to) })
const inBody = (from: string, to: string) => (ask: Ask) => ({ ...ask, body: (ask.body ?? '').replace(from, to) })
const withHeader = (name: string, text: string) => (ask: Ask) => ({
  ...ask,
  headers: { ...Object(ask.headers), [name]: text },
})

const COUNTS: Edit[] = [
  ['another method', 0, (ask) => ({ ...ask, method: 'PATCH' }), 'request'],
  ['another path', 0, inUrl('/v1/chat', '/v1/chats'), 'request'],
  ['a path in capitals', 0, inUrl('/v1/chat', '/V1/chat'), 'request'],
  ['a slash at the end of the path', 3, inUrl('/v1/note', '/v1/note/'), 'request'],
  ['another host', 0, inUrl('127.0.0.1', 'localhost'), 'request'],
  ['another scheme', 0, inUrl('http:', 'https:'), 'request'],
  ['another query value', 1, inUrl('limit=10', 'limit=11'), 'query.limit[0]'],
  ['one query parameter more', 1, inUrl('?', '?after=x&'), 'query.after'],
  ['one query parameter less', 1, inUrl('&order=asc', ''), 'query.order'],
  ['a query where there was none', 3, inUrl('/note', '/note?draft=1'), 'query.draft'],
  ['another order of one parameter', 1, inUrl('tag=a&tag=b', 'tag=b&tag=a'), 'query.tag[0]'],
  ['another value of a header that counts', 0, withHeader('openai-beta', 'assistants=v1'), 'header.openai-beta'],
  ['another range', 5, withHeader('range', 'bytes=0-10'), 'header.range'],
  [
    'a header that counts where there was none',
    3,
    withHeader('anthropic-version', '2023-06-01'),
    'header.anthropic-version',
  ],
  ['another word', 0, inBody('café', 'tea'), '$.messages[0].content'],
  ['another unicode form', 0, inBody('café', 'cafe\u0301'), '$.messages[0].content'],
  ['one space less within a text', 0, inBody('one  two', 'one two'), '$.messages[1].content'],
  ['another order of a list', 0, inBody('["a","b"]', '["b","a"]'), '$.tools[0].schema.required[0]'],
  ['a number as a text', 2, inBody('12', '"12"'), '$.count'],
  ['a whole number with a fraction', 2, inBody('12', '12.0'), '$.count'],
  ['a number with an exponent', 2, inBody('12', '1.2e1'), '$.count'],
  ['one zero more', 2, inBody('0.25', '0.250'), '$.ratio'],
  ['digits that JavaScript drops', 2, inBody('0.25', '0.25000000000000000001'), '$.ratio'],
  ['a long integer by one', 2, inBody('9007199254740993', '9007199254740992'), '$.id'],
  ['one line feed less in a text body', 3, inBody('\n', ''), 'text'],
  ['another file in a form', 4, inBody('a,b', 'a,c'), 'text'],
  ['no body', 3, ({ body: _, ...ask }) => ask, 'text'],
]

test.each(COUNTS)('the call is not answered and the place is named given %s', async (_title, index, change, path) => {
  const asks = requests().map((ask, i) => (i === index ? change(ask) : ask))
  const replay = await court.replay(fixture('caller'), live, { input: { asks } })
  expect(replay.grades).toEqual([...Array<string>(index).fill('exact'), 'none'])
  expect(replay.divergences).toMatchObject([
    { step: index + 1, nearest: { interaction: `c${index + 1}`, used: false }, difference: { path } },
  ])
})

test('every call stays exact given all at once that does not count', async () => {
  const asks = requests().map((ask, i): Ask => {
    const headers = Object.entries((ask.headers ?? {}) as Record<string, string>).toReversed()
    const others: [string, string][] = headers.map(([name, text]) => [
      name.toUpperCase(),
      name === 'x-request-id' ? '2' : text,
    ])
    const plain = { ...ask, headers: [...others, ['X-Trace', `${i}`]] as [string, string][] }
    if (i === 0) return { ...plain, body: rewrite(QUESTION) }
    if (i === 1) return { ...plain, url: ask.url.replace('limit=10&order=asc', 'order=a%73c&limit=10') }
    if (i === 2) return { ...plain, body: ' {"id" : 9007199254740993,\n"ratio":0.25, "count":12}' }
    if (i === 4) return { ...plain, headers: Object.entries(multipart('zzzzzzzz')), body: PARTS('zzzzzzzz') }
    return plain
  })
  const replay = await court.replay(fixture('caller'), live, { input: { asks } })
  expect(replay.divergences).toEqual([])
  expect(replay.grades).toEqual(asks.map(() => 'exact'))
})

test('a form with a file of bytes stays exact whatever its boundary, and a changed byte counts', async () => {
  const agent = court.agent(`
    export async function run({ url, byte }) {
      const form = new FormData()
      form.set('file', new Blob([new Uint8Array([0, 255, 128, byte])]), 'image.png')
      return (await fetch(url, { method: 'POST', body: form })).status
    }`)
  const url = `${world.origin}/upload`
  const run = await court.record(agent, { url, byte: 1 })
  const bounded = structuredClone(run.recording)
  delete bounded.chance
  expect((await court.replay(agent, court.save(bounded))).grades).toEqual(['exact'])
  expect((await court.replay(agent, run, { input: { url, byte: 2 } })).grades).toEqual(['none'])
})

const asking = (place: number, body: string, headers: HeaderList = Object.entries(JSON_TYPE)): HttpInteraction => ({
  id: `c${place + 1}`,
  kind: 'http',
  door: 'fetch',
  started_ms: place,
  request: { method: 'POST', url: `http://world.test/${place}`, headers, body: { text: body } },
  answer: null,
  end: null,
})

function indexOf(bodies: string[]): EvidenceIndex {
  const interactions = bodies.map((text, place) => asking(place, text))
  return new EvidenceIndex({ ...live.recording, input: null, interactions }, [])
}

test('no call is taken for another and the path is exact given any one change of any JSON body', () => {
  fc.assert(
    fc.property(fc.array(oneChange, { minLength: 1, maxLength: 4 }), fc.nat(), (changes, at) => {
      const index = indexOf(changes.map(({ before }) => before))
      const chosen = at % changes.length
      const { after, paths } = changes[chosen] as (typeof changes)[number]
      const call = canonicaliseInteraction(asking(chosen, after))
      const renaming = new Renaming('null')
      expect(index.take(call, renaming, 0)).toBeNull()
      const asked = { step: 1, interaction: 'c1', at_ms: 0, call, summary: '', known: { began: [] } }
      const { divergence } = describeDivergence(asked, index, renaming, 'none')
      expect(divergence.nearest?.step).toBe(chosen + 1)
      expect(paths).toContain(divergence.difference?.path)
    }),
    { numRuns: 1500, ...SEED },
  )
})

test('a call is exact given any JSON body in other words', () => {
  fc.assert(
    fc.property(jsonObject, (body) => {
      const match = indexOf([JSON.stringify(body)]).take(
        canonicaliseInteraction(asking(0, rewrite(body))),
        new Renaming('null'),
        0,
      )
      expect(match?.grade).toBe('exact')
    }),
    { numRuns: 1000, ...SEED },
  )
})

test('each of several lines of a header that counts is compared given a client that does not join them', () => {
  const read = (...lines: HeaderList): string => canonicaliseInteraction(asking(0, '{}', lines)).text
  const second: [string, string] = ['anthropic-beta', 'b']
  expect(read(['Anthropic-Beta', 'a'], second)).not.toBe(read(['Anthropic-Beta', 'c'], second))
  expect(read(['Anthropic-Beta', 'a'], second)).toBe(read(['anthropic-beta', 'a, b']))
})

test('every change of one field is found in a replay of the real agent', async () => {
  const bodies = await fc.sample(oneChange, { numRuns: 12, ...SEED })
  const ask = (i: number, body: string): Ask => ({
    url: `${world.origin}/any/${i}`,
    method: 'POST',
    headers: JSON_TYPE,
    body,
  })
  const run = await court.record(fixture('caller'), { asks: bodies.map(({ before }, i) => ask(i, before)) })
  for (const [at, { after, paths }] of bodies.entries()) {
    const asks = bodies.map(({ before }, i) => ask(i, i === at ? after : before))
    const { grades, divergences } = await court.replay(fixture('caller'), run, { input: { asks } })
    expect([SEED, grades.at(-1), grades.length]).toEqual([SEED, 'none', at + 1])
    expect(paths).toContain(divergences[0]?.difference?.path)
  }
})
