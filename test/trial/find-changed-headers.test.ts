import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Evidence } from '../../src/model/evidence.ts'
import type { HeaderList, HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readCountingHeaders } from '../../src/replay/counting-headers.ts'
import { findChangedHeaders, findFreeHeaders } from '../../src/trial/find-changed-headers.ts'
import { buildRecording } from '../scenario/build-run.ts'

const URL = 'https://tools.test/search'

function asking(headers: HeaderList, evidence?: Evidence): HttpInteraction {
  const request = { method: 'POST', url: URL, headers, body: null }
  return { id: 'c1', kind: 'http', door: 'fetch', started_ms: 0, request, answer: null, end: null, evidence }
}

function recorded(headers: HeaderList, node = '24.0.0'): Recording {
  const recording = buildRecording(undefined)
  return { ...recording, runtime: { ...recording.runtime, node }, interactions: [asking(headers)] }
}

const EXACT: Evidence = { grade: 'exact', source: 'c1' }

interface Case {
  was: HeaderList
  unfixed?: HeaderList
  is: HeaderList
  node?: string
  uuids?: string[]
  evidence?: Evidence
}

/** Names of the headers that a candidate alone sends otherwise. */
function changed({ was, unfixed, is, node, uuids, evidence = EXACT }: Case): string[] {
  const chance = uuids && ({ uuids } as unknown as Recording['chance'])
  const baseline = unfixed === undefined ? [] : [asking(unfixed, EXACT)]
  const replay = { interactions: [asking(is, evidence)], chance }
  return findChangedHeaders(replay, baseline, recorded(was, node)).map(({ name }) => name)
}

const TENANT: HeaderList = [['X-Tenant', 'a']]
const OTHER: HeaderList = [['x-tenant', 'b']]

test('finds what is added, dropped and changed given an unfixed agent that asks as recorded', () => {
  expect(changed({ was: TENANT, unfixed: TENANT, is: OTHER })).toEqual(['x-tenant'])
  expect(changed({ was: TENANT, unfixed: TENANT, is: [] })).toEqual(['x-tenant'])
  expect(changed({ was: [], unfixed: [], is: OTHER })).toEqual(['x-tenant'])
  expect(changed({ was: TENANT, unfixed: TENANT, is: [['x-tenant', 'a']] })).toEqual([])
  expect(
    changed({
      was: [
        ['a', '1'],
        ['a', '2'],
      ],
      unfixed: [['a', '1, 2']],
      is: [
        ['A', '1'],
        ['a', '2'],
      ],
    }),
  ).toEqual([])
})

test('takes nothing for changed given an unfixed agent that sends it otherwise than recorded', () => {
  expect(changed({ was: TENANT, unfixed: OTHER, is: [['x-tenant', 'c']] })).toEqual([])
  expect(changed({ was: [], unfixed: TENANT, is: OTHER, node: 'unknown' })).toEqual([])
})

test('compares with the recording given a call that the unfixed agent does not make, unless somebody else recorded it', () => {
  expect(changed({ was: TENANT, is: OTHER })).toEqual(['x-tenant'])
  expect(changed({ was: [], is: OTHER, node: 'unknown' })).toEqual([])
})

test('takes times, and ids that were drawn, for the same given a value around them that is', () => {
  const [one, two] = ['0b0f4d3e-7c1a-4d55-9f0e-1a2b3c4d5e6f', '9c8b7a6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d']
  const was: HeaderList = [['x-run', `run ${one} at 2026-01-02T03:04:05Z`]]
  const is: HeaderList = [['x-run', `run ${two} at 2026-01-02T03:04:09Z`]]
  expect(changed({ was, unfixed: was, is, uuids: [two] })).toEqual([])
  expect(changed({ was, unfixed: was, is })).toEqual(['x-run'])
})

test('compares with all calls of its target given an answer of another recording', () => {
  const evidence: Evidence = { grade: 'pooled', source: 'other.jsonl#c7' }
  expect(changed({ was: TENANT, unfixed: TENANT, is: OTHER, evidence })).toEqual(['x-tenant'])
  expect(changed({ was: TENANT, unfixed: TENANT, is: TENANT, evidence })).toEqual([])
  expect(changed({ was: TENANT, unfixed: TENANT, is: OTHER, evidence: { grade: 'none', source: null } })).toEqual([])
})

test('lets a header go that chance or the clock fills with what was never recorded', () => {
  const elsewhere = [asking([...TENANT, ['x-nonce', '7']], EXACT)]
  expect(findFreeHeaders(['x-tenant', 'x-nonce'], elsewhere, recorded([...TENANT, ['x-nonce', '1']]))).toEqual([
    'x-nonce',
  ])
  const stale = [asking([['x-tenant', 'c']], { grade: 'stale', source: 'c1' })]
  expect(findFreeHeaders(['x-tenant'], stale, recorded(TENANT))).toEqual([])
})

test('counts none of the headers that the documents list, and others', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/normalised.md'), 'utf8')
  const [, section = ''] = text.split('These never count, whoever sends them:')
  const table = section.split('\n\n')[1] ?? ''
  const names = [...table.matchAll(/`([a-z][\w*-]*)`/g)].map(([, name = '']) => name.replace('*', 'any'))
  expect(names.length).toBeGreaterThan(40)
  expect([...readCountingHeaders(names.map((name) => [name, '1']))]).toEqual([])
  const counted = ['accept', 'content-type', 'openai-organization', 'x-portkey-config', 'x-dry-run', 'baggage']
  expect([...readCountingHeaders(counted.map((name) => [name, 'x'])).keys()]).toEqual(counted)
  const nothing: HeaderList = [
    ['accept', '*/*'],
    ['accept-language', '*'],
    ['authorization', 'Bearer x'],
    ['idempotency-key', 'k'],
  ]
  expect(readCountingHeaders(nothing).size).toBe(0)
  const type = (value: string) => readCountingHeaders([['content-type', value]]).get('content-type')
  expect(type('multipart/form-data; boundary=abc')).toBe('multipart/form-data')
  expect(type('Application/JSON;charset=UTF-8')).toBe('application/json')
  expect(type('text/plain; charset=latin1')).toBe('text/plain; charset=latin1')
})
