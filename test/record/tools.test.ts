import { setTimeout as sleep } from 'node:timers/promises'
import got from 'got'
import { expect, test } from 'vitest'
import { model, tool } from '../../src/boundary/doors/function-door.ts'
import { startServer } from './counting-server.ts'
import { functionsOf, httpOf, recordCalls, recordHere } from './record-here.ts'

test('the name, the arguments and the value are recorded, given functions of every way to answer', async () => {
  const add = tool('add', (a: number, b: number) => a + b)
  const later = model('later', async (question: string) => ({ answer: `${question}!` }))
  const none = tool('none', () => undefined)
  const { result, calls } = await recordCalls(async () => [add(1, 2), await later('why'), none()])
  expect(result).toEqual([3, { answer: 'why!' }, undefined])
  expect(calls).toMatchObject([
    { kind: 'tool', name: 'add', args: [1, 2], value: 3, sync: true, ended: 'complete' },
    { kind: 'model', name: 'later', args: 'why', value: { answer: 'why!' }, sync: undefined, ended: 'complete' },
    { kind: 'tool', name: 'none', args: [], sync: true, ended: 'complete' },
  ])
  expect(calls.every((call) => (call as { lossy?: boolean }).lossy === undefined)).toBe(true)
})

test('the very error reaches the agent and is recorded with its causes, given functions that throw', async () => {
  class QuotaError extends RangeError {
    override readonly name = 'QuotaError'
    readonly code = 'E_QUOTA'
  }
  const error = new QuotaError('too much', { cause: new Error('inner', { cause: 'a text' }) })
  const now = tool('now', () => {
    throw error
  })
  const later = tool('later', async () => {
    await sleep(1)
    throw error
  })
  const nothing = tool('nothing', () => {
    // biome-ignore lint/style/useThrowOnlyError: what is tested
    throw null
  })
  const { result, calls } = await recordCalls(async () => {
    const caught: unknown[] = []
    for (const fail of [now, later, nothing]) {
      try {
        await fail()
      } catch (one) {
        caught.push(one)
      }
    }
    return caught
  })
  expect(result).toEqual([error, error, null])
  expect((result as unknown[])[0]).toBe(error)
  expect((result as unknown[])[1]).toBe(error)
  const shape = {
    name: 'QuotaError',
    message: 'too much',
    code: 'E_QUOTA',
    cause: { name: 'Error', message: 'inner', cause: { name: 'Error', message: 'a text' } },
  }
  expect(calls).toMatchObject([
    { name: 'now', ended: 'failed', sync: true, error: shape },
    { name: 'later', ended: 'failed', sync: undefined, error: shape },
    { name: 'nothing', ended: 'failed', sync: true, error: { message: 'null' } },
  ])
})

class Money {
  readonly cents = 995
  toString(): string {
    return '9.95'
  }
}

const ODD: Record<string, { make: () => unknown; recorded: unknown }> = {
  'a date': { make: () => new Date(0), recorded: { $type: 'Date', value: '1970-01-01T00:00:00.000Z' } },
  'a map': { make: () => new Map([['a', 1]]), recorded: { $type: 'Map', value: [['a', 1]] } },
  'a set': { make: () => new Set(['a']), recorded: { $type: 'Set', value: ['a'] } },
  'a bigint': { make: () => 2n ** 64n, recorded: { $type: 'bigint', value: '18446744073709551616' } },
  'not a number': { make: () => Number.NaN, recorded: { $type: 'number', value: 'NaN' } },
  'an instance of a class': { make: () => new Money(), recorded: { $type: 'Money', fields: { cents: 995 } } },
  'an error': {
    make: () => new TypeError('off', { cause: new Error('why') }),
    recorded: { $type: 'Error', name: 'TypeError', message: 'off' },
  },
  bytes: { make: () => Buffer.from('hi'), recorded: { base64: 'aGk=' } },
  'a function': { make: () => sleep, recorded: { $type: 'function' } },
  'a cycle': {
    make: () => {
      const loop: Record<string, unknown> = { a: 1 }
      return Object.assign(loop, { loop })
    },
    recorded: { a: 1, loop: { $type: 'cycle' } },
  },
}

for (const [name, { make, recorded }] of Object.entries(ODD)) {
  test(`the agent gets the very value and the recording says that it is not all of it, given ${name}`, async () => {
    const value = make()
    const echo = tool('echo', (_one: unknown) => value)
    const { result, calls } = await recordCalls(() => [echo(value)])
    expect((result as unknown[])[0]).toBe(value)
    expect(calls).toMatchObject([{ args: recorded, value: recorded, lossy: true, ended: 'complete' }])
  })
}

test('arguments and values are recorded as they were, given an agent that changes them afterwards', async () => {
  const list = [1, 2]
  const state = { open: true }
  const take = tool('take', (items: number[]) => {
    items.push(3)
    return state
  })
  const takeLater = tool('take_later', async (items: number[]) => {
    await sleep(1)
    items.push(4)
    return state
  })
  const { calls } = await recordCalls(async () => {
    take(list).open = false
    const pending = takeLater(list)
    list.push(9)
    const got = await pending
    got.open = true
  })
  expect(calls).toMatchObject([
    { args: [1, 2], value: { open: true } },
    { args: [1, 2, 3], value: { open: false } },
  ])
})

test('`this`, name, length and properties are those of the function, given a method', async () => {
  const search = Object.assign(
    function search(this: { prefix: string }, a: string, b: string): string {
      return this.prefix + a + b
    },
    { description: 'finds', schema: { type: 'object' } },
  )
  const owner = { prefix: '>', search: tool('search', search) }
  expect([owner.search.name, owner.search.length]).toEqual(['search', 2])
  expect([owner.search.description, owner.search.schema]).toEqual([search.description, search.schema])
  expect(owner.search('a', 'b')).toBe('>ab')
  const { result } = await recordCalls(() => owner.search('a', 'b'))
  expect(result).toBe('>ab')
})

test('what a tool does within is recorded as its own, given nested tools, HTTP and calls in flight together', async () => {
  const { base } = await startServer()
  const fetchPage = tool('fetch_page', async (page: string) => {
    await sleep(1)
    return (await fetch(`${base}/${page}`)).status
  })
  const research = tool('research', async (page: string) => {
    const status = await fetchPage(page)
    await got(`${base}/${page}/more`)
    return status
  })
  const { recording } = await recordHere(async () => {
    await Promise.all([research('a'), research('b')])
    await fetch(`${base}/top`)
  })
  const outer = new Map(functionsOf(recording).map((call) => [call.id, call]))
  const lineage = (parent: string | undefined): string => {
    const call = parent === undefined ? undefined : outer.get(parent)
    return call === undefined ? '' : `${lineage(call.parent)}/${call.name}(${call.args})`
  }
  const requests = httpOf(recording).map(({ parent, request }) => [new URL(request.url).pathname, lineage(parent)])
  expect(requests.toSorted()).toEqual([
    ['/a', '/research(a)/fetch_page(a)'],
    ['/a/more', '/research(a)'],
    ['/b', '/research(b)/fetch_page(b)'],
    ['/b/more', '/research(b)'],
    ['/top', ''],
  ])
})

test('the bare function runs and nothing is recorded, given calls outside of every run', async () => {
  const calls: unknown[] = []
  const note = tool('note', (text: string) => calls.push(text))
  const value = { one: 1 }
  const promise = Promise.resolve(value)
  const give = tool('give', () => promise)
  note('before')
  const { recording } = await recordHere(() => note('within'))
  note('after')
  expect(give()).toBe(promise)
  expect(calls).toEqual(['before', 'within', 'after'])
  expect(functionsOf(recording).map(({ args }) => args)).toEqual(['within'])
})

test('a call that does not settle has no end, given a run that ends first', async () => {
  const hang = tool('hang', () => new Promise(() => undefined))
  const { calls } = await recordCalls(() => void hang())
  expect(calls).toMatchObject([{ name: 'hang', ended: null }])
})
