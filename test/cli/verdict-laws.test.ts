import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { openCourt, stormScenario } from './open-court.ts'
import { openWorlds, recordingOfWorlds, verifyWorlds, worldsScenario } from './open-worlds.ts'
import { readReport } from './report-schema.ts'

const court = openWorlds()
const storm = openCourt()
afterAll(() => {
  court.close()
  storm.close()
})

/** Each has another verdict, and none of them looks at the order of answers. */
const STYLES = ['sound', 'unfixed', 'brittle', 'telling']
/** A run costs some seconds; a failure prints its seed and its counterexample. */
const FEW = { numRuns: 4, endOnFailure: true }

let runs = 0
async function verdictsIn(recording: Recording): Promise<Record<string, string>> {
  const name = `law-${++runs}`
  saveRecording(join(court.folder, `${name}.jsonl`), recording)
  court.write(`${name}.yaml`, worldsScenario(name, STYLES, { recording: `${name}.jsonl` }))
  const { of } = await verifyWorlds(court, `${name}.yaml`)
  return Object.fromEntries(Object.entries(of).map(([id, { verdict, codes }]) => [id, `${verdict} ${codes[0]}`]))
}

test('the verdicts are the same given concurrent calls whose answers come at each other’s times', async () => {
  const recording = recordingOfWorlds()
  const before = await verdictsIn(recording)
  expect(new Set(Object.values(before)).size).toBeGreaterThan(1)
  const isConcurrent = ({ id }: Interaction): boolean => ['c4', 'c5', 'c6'].includes(id)
  const concurrent = recording.interactions.filter(isConcurrent) as HttpInteraction[]
  const orders = fc
    .shuffledSubarray(concurrent, { minLength: 3 })
    .filter((order) => order.some((one, i) => one !== concurrent[i]))
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      const moved = order.map((one, i): HttpInteraction => {
        const { started_ms, answer, end } = concurrent[i] as HttpInteraction
        const ms = answer?.headers_ms ?? 0
        const chunks = one.answer?.chunks.map(([, data]): [number, typeof data] => [ms, data]) ?? []
        return { ...one, started_ms, answer: one.answer && { ...one.answer, headers_ms: ms, chunks }, end }
      })
      const rest = recording.interactions.filter((one) => !isConcurrent(one))
      const interactions = [...rest, ...moved].toSorted((a, b) => a.started_ms - b.started_ms)
      expect(await verdictsIn({ ...recording, interactions })).toEqual(before)
    }),
    FEW,
  )
})

test('the verdicts are the same given one more interaction that nobody asks for', async () => {
  const recording = recordingOfWorlds()
  const before = await verdictsIn(recording)
  const extra = fc.record({
    started_ms: fc.integer({ min: 0, max: 130 }),
    path: fc.stringMatching(/^[a-z]{8}$/),
    status: fc.constantFrom(200, 404, 500),
  })
  await fc.assert(
    fc.asyncProperty(extra, async ({ started_ms, path, status }) => {
      const last = recording.interactions.at(-1) as HttpInteraction
      const unused: HttpInteraction = {
        ...last,
        id: 'c99',
        started_ms,
        request: { ...last.request, url: `http://tools.test/unused-${path}` },
        answer: last.answer && { ...last.answer, status },
      }
      const interactions = [...recording.interactions, unused].toSorted((a, b) => a.started_ms - b.started_ms)
      expect(await verdictsIn({ ...recording, interactions })).toEqual(before)
    }),
    FEW,
  )
})

test('no candidate is fixed on exact evidence given one byte of a request on its path that is another', async () => {
  const verify = async (name: string, recording: string) => {
    storm.write(`scenarios/${name}.yaml`, stormScenario({ id: name, recording }))
    const { stdout } = await storm.run(['verify', `scenarios/${name}.yaml`, '--json'])
    const candidate = readReport(stdout).scenarios[0]?.candidates[0]
    if (candidate === undefined) throw new Error(stdout)
    return candidate
  }
  const original = await readRecording(join(storm.folder, 'recordings/run_9fd2.jsonl'))
  const plain = await verify('law-plain', '../recordings/run_9fd2.jsonl')
  expect([plain.verdict, plain.evidence.worst]).toEqual(['fixed', 'exact'])
  const used = original.interactions.filter(({ id }) => !plain.evidence.unused.includes(id)) as HttpInteraction[]
  expect(used.length).toBeGreaterThan(2)
  mkdirSync(join(storm.folder, 'changed'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...used), fc.nat(), fc.constantFrom('x', '7'), async (call, at, letter) => {
      const changed = changeByte(call, at, letter)
      fc.pre(canonicaliseInteraction(changed).text !== canonicaliseInteraction(call).text)
      const name = `law-${++runs}`
      const interactions = original.interactions.map((one) => (one === call ? changed : one))
      saveRecording(join(storm.folder, `changed/${name}.jsonl`), { ...original, interactions })
      const { verdict, evidence } = await verify(name, `../changed/${name}.jsonl`)
      expect(verdict === 'fixed' && evidence.worst === 'exact').toBe(false)
    }),
    { ...FEW, numRuns: 6 },
  )
})

function changeByte(call: HttpInteraction, at: number, letter: string): HttpInteraction {
  const { request } = call
  const change = (text: string): string => {
    const place = at % text.length
    return text.slice(0, place) + (text[place] === letter ? 'y' : letter) + text.slice(place + 1)
  }
  if (request.body !== null && 'text' in request.body) {
    return { ...call, request: { ...request, body: { text: change(request.body.text) } } }
  }
  const url = new URL(request.url)
  return { ...call, request: { ...request, url: `${url.origin}/${change(url.pathname.slice(1) || '/')}${url.search}` } }
}

test('no candidate is fixed, in any world, given a baseline that is not red', async () => {
  const perturb = { orders: 'all', latency: [2], faults: ['reset'] }
  for (const style of ['sound', 'brittle']) {
    const more = { baseline: { params: { style } }, verify: { perturb } }
    court.write('green.yaml', worldsScenario('green', ['sound', 'racy', 'brittle'], more))
    const { of } = await verifyWorlds(court, 'green.yaml')
    for (const tried of Object.values(of)) expect(tried).toMatchObject({ verdict: 'not_reproduced', worlds: undefined })
  }
})
