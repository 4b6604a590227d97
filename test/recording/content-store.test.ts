import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { ContentResolver } from '../../src/recording/read/resolve-content.ts'
import type { BlobRecord, ListRecord, StoredData } from '../../src/recording/schema.ts'
import { ContentStore } from '../../src/recording/write/content-store.ts'
import { createBodyEncoder } from '../../src/recording/write/encode-body.ts'

/** A digest under which all texts of one length collide in their first 24 digits. */
function colliding(content: string): string {
  const tail = [...content].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 2 ** 31, 7)
  return content.length.toString(16).padStart(24, '0') + tail.toString(16).padStart(40, '0')
}

function resolve(lines: string[], structure: string): string {
  const resolver = new ContentResolver()
  for (const line of lines) {
    const record = JSON.parse(`{${line}}`) as JsonObject
    if (record.kind === 'blob') resolver.addBlob(record as unknown as BlobRecord)
    else resolver.addList(record as unknown as ListRecord)
  }
  const payload = resolver.data({ json: JSON.parse(structure) } as StoredData)
  return 'text' in payload ? payload.text : ''
}

test('lengthens the id, and mixes nothing up, given contents whose ids collide', () => {
  const store = new ContentStore(colliding)
  const encoder = createBodyEncoder(store)
  const message = (letter: string) => ({ role: 'user', content: letter.repeat(300) })
  const body = JSON.stringify({ model: 'm', messages: [message('a'), message('b'), message('c'), message('a')] })
  const structure = encoder.body(body) as string
  const lines = store.take()
  const ids = lines
    .filter((line) => line.includes('"kind":"blob"'))
    .map((line) => /"id":"(\w+)"/.exec(line)?.[1]?.length)
  expect(ids).toEqual([16, 24, 32])
  expect(resolve(lines, structure)).toBe(body)
})

test('links a list to the one that shares the longest start given several conversations', () => {
  const store = new ContentStore()
  const encoder = createBodyEncoder(store)
  const message = (name: string) => ({ role: 'user', content: name.repeat(300) })
  const conversations = ['a', 'ab', 'abc', 'ax', 'abcd', 'axy', 'abx', 'ab', 'b', 'a', 'abcde', 'axyz']
  const lines: string[] = []
  const structures = conversations.map((names) => {
    const structure = encoder.body(JSON.stringify({ messages: [...names].map(message) })) as string
    lines.push(...store.take())
    return structure
  })
  const lists = lines
    .filter((line) => line.includes('"kind":"list"'))
    .map((line) => JSON.parse(`{${line}}`) as ListRecord)
  expect(lists.map(({ parent, keep, add }) => [parent, keep, add.length])).toEqual([
    [null, 0, 1],
    ['l1', 1, 1],
    ['l2', 2, 1],
    ['l1', 1, 1],
    ['l3', 3, 1],
    ['l4', 2, 1],
    ['l2', 2, 1],
    [null, 0, 1],
    ['l5', 4, 1],
    ['l6', 3, 1],
  ])
  for (const [i, names] of conversations.entries()) {
    expect(resolve(lines, structures[i] as string)).toBe(JSON.stringify({ messages: [...names].map(message) }))
  }
})

test('names a part of a longer list given a history that was cut back to it', () => {
  const store = new ContentStore()
  const encoder = createBodyEncoder(store)
  const messages = Array.from({ length: 9 }, (_, i) => ({ role: 'user', content: `${i}`.repeat(900) }))
  const lines: string[] = []
  for (const length of [9, 4, 5]) {
    const body = JSON.stringify({ messages: messages.slice(0, length) })
    const structure = encoder.body(body) as string
    lines.push(...store.take())
    expect(resolve(lines, structure)).toBe(body)
  }
  const lists = lines
    .filter((line) => line.includes('"kind":"list"'))
    .map((line) => JSON.parse(`{${line}}`) as ListRecord)
  expect(lists.map(({ parent, keep, add }) => [parent, keep, add.length])).toEqual([
    [null, 0, 9],
    ['l1', 4, 0],
    ['l1', 5, 0],
  ])
})

test('keeps a body as text given one that only looks like the start of the last one', () => {
  const encoder = createBodyEncoder(new ContentStore())
  const head = `{"messages":[${Array.from({ length: 20 }, (_, i) => JSON.stringify({ content: `${i}`.repeat(300) })).join(',')}`
  expect(encoder.body(`${head}]}`)).not.toBeNull()
  expect(encoder.body(`${head},1],"n":2}`)).not.toBeNull()
  for (const tail of [',]}', ', 1]}', ' ]}', '] }', ',1]', '],"messages":[]}', ',1.0]}', ',1]}]', ']']) {
    expect(encoder.body(head + tail), tail).toBeNull()
  }
})
