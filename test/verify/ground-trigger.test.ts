import { expect, test } from 'vitest'
import type { Trigger } from '../../src/model/incident.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { findIncident } from '../../src/verify/find-incident.ts'
import { findToldSpans, groundTrigger } from '../../src/verify/roles/ground-trigger.ts'
import { asks, type Call, chat, http, recordingOf, tells, user, wrapped } from '../trace/build-recording.ts'
import { INCIDENT } from './runs.ts'

const TIMEOUT: Trigger = { span: 'tool_call:search', error_class: 'timeout', at_least: 1 }
const CALL: Call = ['call_1', 'search', '{"q":"refund"}']
const OTHER: Call = ['call_2', 'price', '{"sku":"A-1"}']
const SAID = '{"error":"timeout"}'
const FAILURE = { name: 'TimeoutError', message: 'timed out' }

/** A model that asks for tools, what is called between, and the telling of what came of them. */
function runOf(between: Interaction[], calls: Call[] = [CALL], said = SAID): Interaction[] {
  const told = calls.map(([id]) => tells(id, id === 'call_1' ? said : '{"price":3}'))
  return [
    chat('m1', [user], { calls }, { at: 0 }),
    ...between,
    chat('m2', [user, asks(...calls), ...told], { text: 'ok' }, { at: 500 }),
  ]
}

/** The same as a replay has it: each call answered as one of the recording. */
function served(interactions: Interaction[], sources: Record<string, string> = {}, grade = 'exact' as const) {
  return interactions.map((one): Interaction => ({ ...one, evidence: { grade, source: sources[one.id] ?? one.id } }))
}

function observe(recorded: Interaction[], replayed: Interaction[], trigger = TIMEOUT): string {
  const ground = groundTrigger(trigger, projectRun(recordingOf(recorded)).spans, recorded)
  const trace = projectRun(recordingOf(replayed))
  const told = findToldSpans(trigger, ground, trace.spans, replayed)
  const { present, observed } = findIncident(trace, computeSignals(trace), { ...INCIDENT, trigger }, told).trigger
  return `${present ? 'met' : 'not met'}: ${observed}`
}

const hangs = (id: string, at = 110) =>
  http(id, 'https://docs.test/search?q=refund', {
    at,
    took: 200,
    status: 0,
    end: { kind: 'aborted', offset_ms: 200, error: FAILURE },
  })
const prices = (id: string) => http(id, 'https://shop.test/price/A-1', { at: 120 })

test('counts a failure given the recorded request that failed', () => {
  const run = runOf([hangs('c1'), hangs('c2', 320)])
  expect(observe(run, served(run))).toBe('met: search timeout ×2')
  expect(observe(run, served(runOf([hangs('c1')])))).toBe('met: search timeout ×1')
})

test('counts no failure that is only told given a recorded tool that asked the world', () => {
  expect(observe(runOf([hangs('c1')]), served(runOf([])))).toBe('not met: search timeout ×0, only told ×1')
})

test('counts no failure that is only told given another request that is served in its place', () => {
  const recorded = runOf([http('c0', 'https://log.test/x', { at: 105 }), hangs('c1')])
  const replayed = served(runOf([http('c0', 'https://log.test/x', { at: 105 })]))
  expect(observe(recorded, replayed)).toBe('not met: search timeout ×0, only told ×1')
})

test('counts no failure that is only told given a tool beside it that is called', () => {
  const recorded = runOf([hangs('c1'), prices('c2')], [CALL, OTHER])
  expect(observe(recorded, served(recorded))).toBe('met: search timeout ×1')
  expect(observe(recorded, served(runOf([prices('c2')], [CALL, OTHER])))).toBe(
    'not met: search timeout ×0, only told ×1',
  )
})

test('finds the request between the asking and the telling given one that cannot be told to be the tool’s', () => {
  const asked = http('c1', 'https://gate.test/rpc', { at: 110, method: 'POST', body: 'x', status: 504 })
  const recorded = runOf([asked], [CALL, OTHER])
  expect(observe(recorded, served(recorded))).toBe('met: search timeout ×1')
  expect(observe(recorded, served(runOf([], [CALL, OTHER])))).toBe('not met: search timeout ×0, only told ×1')
})

test('counts what the agent tells given a local tool that left nothing in the recording', () => {
  expect(observe(runOf([]), served(runOf([])))).toBe('met: search timeout ×1')
})

test('counts no failure that is only told given a wrapped tool, also one that the model knows by another name', () => {
  for (const name of ['search', 'find_docs']) {
    const recorded = runOf([wrapped('tool', 'c1', name, [{ q: 'refund' }], { at: 110, error: FAILURE })])
    expect(observe(recorded, served(recorded))).toBe('met: search timeout ×1')
    expect(observe(recorded, served(runOf([])))).toBe('not met: search timeout ×0, only told ×1')
  }
})

test('counts a wrapped tool that ran given that what it asked within was served', () => {
  const tool = wrapped('tool', 'c1', 'search', [{ q: 'refund' }], { at: 110, took: 250, error: FAILURE })
  const request = { ...hangs('c2', 120), parent: 'c1' }
  const recorded = runOf([tool, request])
  const ran = { ...tool, ran: true }
  const [from, to] = served(runOf([])) as [Interaction, Interaction]
  expect(observe(recorded, [from, ran, ...served([request]), to])).toBe('met: search timeout ×1')
  expect(observe(recorded, [from, ran, to])).toBe('not met: search timeout ×0, only told ×1')
  expect(observe(runOf([tool]), [from, ran, to])).toBe('met: search timeout ×1')
})

test('counts an answer of other evidence given the recorded question, and none given another', () => {
  const recorded = runOf([hangs('c1')])
  const pooled = (one: Interaction): Interaction[] => {
    const [from, to] = served(runOf([])) as [Interaction, Interaction]
    return [from, { ...one, evidence: { grade: 'pooled', source: 'other.jsonl#c7' } }, to]
  }
  const other = http('c9', 'https://log.test/x', { at: 110 })
  expect(observe(recorded, pooled(hangs('c9')))).toBe('met: search timeout ×1')
  expect(observe(recorded, pooled(other))).toBe('not met: search timeout ×0, only told ×1')
})

test('counts no answer that is no evidence', () => {
  const recorded = runOf([hangs('c1')])
  const stale = recorded.map((one): Interaction => ({ ...one, evidence: { grade: 'stale', source: one.id } }))
  expect(observe(recorded, stale)).toBe('not met: search timeout ×0, only told ×1')
})

test('allows as many told failures as were recorded given one that rests on a call', () => {
  const again: Call = ['call_3', 'search', '{"q":"refund"}']
  const twice = (between: Interaction[]) => [
    chat('m1', [user], { calls: [CALL] }, { at: 0 }),
    ...between,
    chat('m2', [user, asks(CALL), tells('call_1', SAID)], { calls: [again] }, { at: 500 }),
    chat(
      'm3',
      [user, asks(CALL), tells('call_1', SAID), asks(again), tells('call_3', SAID)],
      { text: 'ok' },
      { at: 900 },
    ),
  ]
  const trigger = { ...TIMEOUT, at_least: 2 }
  expect(observe(twice([hangs('c1')]), served(twice([hangs('c1')])), trigger)).toBe('met: search timeout ×2')
  expect(observe(twice([hangs('c1')]), served(twice([])), trigger)).toBe('not met: search timeout ×0, only told ×2')
})
