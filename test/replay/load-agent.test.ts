import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, type Court, type LiveRun, openCourt, outputOf } from './court.ts'

let court: Court
let live: LiveRun
beforeAll(async () => {
  court = openCourt()
  live = await court.record(court.agent('export const run = () => 1'), { text: 'Hi' })
})
afterAll(() => court.close())

function write(file: string, source: string): Agent {
  const module = join(court.folder, file)
  writeFileSync(module, source)
  return { module, export: 'run' }
}

test.each([
  ['an object of CommonJS', 'object.cjs', 'module.exports = { run: (input) => input.text }'],
  ['a method that uses its object', 'method.cjs', 'module.exports = { name: "Hi", run() { return this.name } }'],
  ['an instance', 'instance.cjs', 'class Agent { run(input) { return input.text } }\nmodule.exports = new Agent()'],
  ['a class', 'class.cjs', 'module.exports = class { static run(input) { return input.text } }'],
  ['exports that are made', 'made.cjs', 'Object.assign(exports, { ["r" + "un"]: (input) => input.text })'],
  ['a default export', 'default.mjs', 'export default { run: (input) => input.text }'],
  ['a named one beside it', 'both.mjs', 'export default { run: () => 0 }\nexport const run = (input) => input.text'],
])('the agent is found given %s', async (_title, file, source) => {
  const replay = await court.replay(write(file, source), live)
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(outputOf(replay)).toBe('Hi')
})

test('what every function has is no agent, and those that are there are named', async () => {
  const { end } = await court.replay(
    { ...write('other.cjs', 'module.exports = { walk() {}, stand() {}, run: 5 }'), export: 'call' },
    live,
  )
  expect(end).toMatchObject({ outcome: 'not_loaded', hint: 'Name one of its functions: walk, stand.' })
  const named = { ...write('function.cjs', 'module.exports = function agent() {}'), export: 'call' }
  expect((await court.replay(named, live)).end).toMatchObject({ hint: 'Name one of its functions: default.' })
})

test.each([
  [
    'an error while it is loaded',
    'throws.mjs',
    '\nthrow new Error("at the top")',
    /: at the top, at \S+throws\.mjs:2:7\.$/,
  ],
  ['a syntax error', 'syntax.cjs', 'const a = 1\nexports.run = (', /Unexpected end of input, at \S+syntax\.cjs:2\.$/],
  ['an enum', 'enum.ts', '\nexport enum A { B }', /enum is not supported in strip-only mode, at \S+enum\.ts:2\.$/],
  ['something thrown that is no error', 'text.mjs', 'throw "text"', /cannot be loaded: text\.$/],
])('the file and the place are told, in a sentence, given %s', async (_title, file, source, failure) => {
  const { end } = await court.replay(write(file, source), live)
  expect(end).toMatchObject({
    outcome: 'not_loaded',
    code: 'ERR_REPLAY_AGENT',
    failure: expect.stringMatching(failure),
  })
})
