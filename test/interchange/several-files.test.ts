import { expect, test } from 'vitest'
import { ddFormat } from '../../src/interchange/import-dd.ts'
import { harFormat } from '../../src/interchange/import-har.ts'
import { answerText, type HttpAnswer } from '../../src/model/interaction.ts'
import { buildEntry, buildHar } from './build-har.ts'

function exchange(messages: string[], date?: string): string {
  const body = JSON.stringify({ model: 'm', messages: messages.map((content) => ({ role: 'user', content })) })
  const headers = { 'Content-Type': 'application/json', ...(date !== undefined && { Date: date }) }
  return JSON.stringify({
    request: { method: 'POST', url: 'https://api.test/v1/chat/completions', headers: {}, body },
    response: { status: { code: 200, message: '' }, headers, body: JSON.stringify({ to: messages.join('+') }) },
  })
}

/** What was answered, in order, and what the report says of the order. */
function importAll(...texts: string[]) {
  const files = texts.map((text, i) => ({ path: `${i}.json`, text }))
  const result = ddFormat.importFiles?.(files, {})
  if (result === undefined) throw new Error('several files are not taken')
  const answers = result.interactions.map(({ answer }) => JSON.parse(answerText(answer as HttpAnswer)).to)
  return { answers, order: result.report.got.at(-1), run: result.run, ids: result.interactions.map(({ id }) => id) }
}

const early = 'Wed, 22 Jul 2026 20:13:15 GMT'
const late = 'Wed, 22 Jul 2026 20:13:16 GMT'

test('puts the files of a run in the order of the dates of their answers', () => {
  const { answers, order, run, ids } = importAll(exchange(['b'], late), exchange(['a'], early))
  expect({ answers, ids }).toEqual({ answers: ['a', 'b'], ids: ['c1', 'c2'] })
  expect(order).toBe('2 files, in the order of the date headers of their first answers')
  expect(run.started_at).toBe(Date.parse(early))
})

test('puts a request behind the one that it goes on from, given the same second or no dates at all', () => {
  const same = [exchange(['a', 'b', 'c'], early), exchange(['a', 'b'], early), exchange(['a'], early)]
  expect(importAll(...same).answers).toEqual(['a', 'a+b', 'a+b+c'])
  expect(importAll(exchange(['a', 'b']), exchange(['a'])).answers).toEqual(['a', 'a+b'])
})

test('keeps files without times as they were given, and says so', () => {
  const { answers, order } = importAll(exchange(['b']), exchange(['a'], early), exchange(['c']))
  expect({ answers, order }).toEqual({
    answers: ['b', 'a', 'c'],
    order: '3 files, in the order given, since they tell no times',
  })
})

test('gives the same run for the same files only', () => {
  const [a, b] = [exchange(['a']), exchange(['b'])]
  expect(importAll(a, b).run).toEqual(importAll(a, b).run)
  expect(importAll(a, b).run.run_id).not.toBe(importAll(b, a).run.run_id)
})

test('lets the requests of several HARs overlap as they did', () => {
  const at = (time: string) => buildHar(buildEntry({ entry: { startedDateTime: `2026-03-01T10:00:0${time}Z` } }))
  const two = buildHar(
    buildEntry({ entry: { startedDateTime: '2026-03-01T10:00:00.000Z' } }),
    buildEntry({ entry: { startedDateTime: '2026-03-01T10:00:02.000Z' } }),
  )
  const files = [at('1.000'), two].map((text, i) => ({ path: `${i}.har`, text }))
  const result = harFormat.importFiles?.(files, {})
  expect(result?.interactions.map(({ started_ms }) => started_ms)).toEqual([0, 1000, 2000])
  expect(result?.report.got.at(-1)).toBe('2 files, in the order of their first requests')
})
