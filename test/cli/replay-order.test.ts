import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { codesIn, openCourt, stormScenario } from './open-court.ts'

const court = openCourt([])
afterAll(() => court.close())

const AGENT = `
export async function run() {
  const order = []
  const ask = async (name) => {
    await (await fetch('http://tools.test/' + name)).text()
    order.push(name)
  }
  await Promise.all(['one', 'two', 'three'].map(ask))
  return { stop_reason: order[0] === 'one' ? 'tool_error' : 'completed', order }
}
`

/** A run of three tools at once, answered in the order in which they were asked. */
function recordingOfThree(): Recording {
  const interactions = ['one', 'two', 'three'].map((name, i): HttpInteraction => {
    const ms = 20 + 30 * i
    return {
      id: `c${i + 1}`,
      kind: 'http',
      door: 'fetch',
      started_ms: 1 + i,
      request: { method: 'GET', url: `http://tools.test/${name}`, headers: [], body: null },
      answer: { status: 200, status_text: 'OK', headers: [], headers_ms: ms, chunks: [[ms, { text: name }]] },
      end: { kind: 'complete', offset_ms: ms },
    }
  })
  return {
    format: 'retrial/1',
    run: { run_id: 'run_order', trace_id: '0af7651916cd43dd8448eb211c80319c', started_at: 1_764_000_000_000 },
    input: null,
    runtime: { node: '24.0.0', platform: 'linux-x64', timezone: 'UTC', env: {} },
    redaction: null,
    interactions,
    notes: [],
    finish: { at_ms: 90, stop_reason: 'tool_error', output: null, error: null },
    integrity: 'sealed',
  }
}

beforeAll(() => {
  court.write('agent.mjs', AGENT)
  saveRecording(join(court.folder, 'run.jsonl'), recordingOfThree())
  for (const [name, order] of [
    ['plain', undefined],
    ['ordered', ['c3', 'c1']],
  ] as const) {
    const scenario = {
      recording: 'run.jsonl',
      agent: 'agent.mjs#run',
      baseline: 'agent.mjs#run',
      candidates: [{ id: 'same', agent: 'agent.mjs#run' }],
      verify: {},
      ...(order && { replay: { order } }),
    }
    court.write(`${name}.yaml`, stormScenario(scenario))
  }
})

async function replay(...args: string[]) {
  const { code, stdout, stderr } = await court.run(['replay', ...args, '--json'])
  return { code, stderr, view: stdout === '' ? null : JSON.parse(stdout) }
}

test('answers come in the recorded order, and what was in flight together is listed, given no order', async () => {
  const { code, view } = await replay('plain.yaml')
  expect(view).toMatchObject({ order: null, concurrent: [['c1', 'c2', 'c3']], stop_reason: 'tool_error' })
  expect(code).toBe(0)
})

test.each([
  [
    ['plain.yaml', '--order', 'c3,c1'],
    ['c3', 'c2', 'c1'],
  ],
  [
    ['plain.yaml', '--order', 'c2,c1,c3'],
    ['c2', 'c1', 'c3'],
  ],
  [['ordered.yaml'], ['c3', 'c2', 'c1']],
])('answers come in the order that is asked for, and the agent meets it, given %j', async (args, order) => {
  const { code, view } = await replay(...args)
  expect(view).toMatchObject({ order: { calls: [order], met: true }, stop_reason: 'completed', outcome: 'finished' })
  expect(code).toBe(0)
})

test('the recorded order is had again given a scenario that sets another one', async () => {
  const { view } = await replay('ordered.yaml', '--order', 'recorded')
  expect(view).toMatchObject({ order: null, stop_reason: 'tool_error' })
})

test('an order is shown given a terminal, and drawn from a seed', async () => {
  const { stdout } = await court.run(['replay', 'plain.yaml', '--order', 'c3,c1'])
  expect(stdout).toMatch(/order +c3 c2 c1/)
  const drawn = await Promise.all(['a', 'b', 'c', 'd'].map((seed) => replay('plain.yaml', '--order', `seed:${seed}`)))
  expect(new Set(drawn.map(({ view }) => JSON.stringify(view.order))).size).toBeGreaterThan(1)
})

test('an order that cannot be is refused as a mistake in usage, given ids that are not there and what is no order', async () => {
  const unknown = await court.run(['replay', 'plain.yaml', '--order', 'c1,c9'])
  expect([unknown.code, codesIn(unknown.stderr)]).toEqual([2, ['ERR_REPLAY_ORDER']])
  for (const order of ['c1', 'seed:', 'any']) {
    const { code, stderr } = await court.run(['replay', 'plain.yaml', '--order', order])
    expect([code, codesIn(stderr)]).toEqual([2, ['ERR_CLI_ORDER']])
  }
})

test('the verdict lists the order as an assumption given a scenario that sets one', async () => {
  const { stdout } = await court.run(['verify', 'ordered.yaml', '--json'])
  expect(stdout).toContain('replay.order c3, c1')
  const plain = await court.run(['verify', 'plain.yaml', '--json'])
  expect(plain.stdout).not.toContain('replay.order')
})
