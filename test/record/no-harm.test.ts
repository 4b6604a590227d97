import { spawn } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import axios from 'axios'
import * as undici from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { tool } from '../../src/boundary/doors/function-door.ts'
import { record } from '../../src/record/record.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { startServer } from './counting-server.ts'
import { errorOf, functionsOf, httpOf, makeFolder, onlyHttp, recordHere } from './record-here.ts'
import { fixture } from './run-cli.ts'

/** The recorder's warnings from here to the end of the test. */
function watchWarnings(): Error[] {
  const warnings: Error[] = []
  const onWarning = (warning: Error & { code?: string }): void => {
    if (warning.code?.startsWith('RETRIAL')) warnings.push(warning)
  }
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  return warnings
}

test('the agent runs as ever and the failure is said once, given a disk that fills up while it is recorded', async () => {
  const { base, hits } = await startServer((_hit, response) => response.end('x'.repeat(30_000)))
  const folder = makeFolder()
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const paths = ['a', 'b', 'c', 'd']
  const args = [main, 'record', '--out', 'run.jsonl', '--', 'node', fixture('agent.ts'), 'print', ...paths]
  const limited = `trap '' XFSZ; ulimit -f 32; exec "$@"`
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn('bash', ['-c', limited, 'bash', process.execPath, ...args], {
    cwd: folder,
    env: { ...env, BASE: base },
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, printed.stdout, hits.length]).toEqual([0, '{"answers":4}\n', 4])
  expect(printed.stderr.match(/is incomplete: .*EFBIG/g)).toHaveLength(1)
  const recording = await readRecording(join(folder, 'run.jsonl'), { mode: 'prefix' })
  expect(recording.integrity).not.toBe('sealed')
  expect(httpOf(recording)[0]?.end?.kind).toBe('complete')
})

test('the run gives what it gives and the failure is said once, given a folder that vanishes within it', async () => {
  const warnings = watchWarnings()
  const { base } = await startServer()
  const folder = makeFolder()
  const result = await record({ out: join(folder, 'recordings', 'run.jsonl') }, async () => {
    const first = await (await fetch(`${base}/1`)).text()
    rmSync(join(folder, 'recordings'), { recursive: true })
    return [first, await (await fetch(`${base}/2`)).text()]
  })
  expect(result.map((text) => JSON.parse(text).path)).toEqual(['/1', '/2'])
  await sleep(1)
  expect(warnings).toHaveLength(1)
  expect(readdirSync(folder)).toEqual([])
})

test('the error of the run is thrown and not that of the recorder, given both', async () => {
  const warnings = watchWarnings()
  const folder = makeFolder()
  const error = new RangeError('of the agent')
  const thrown = await errorOf(
    record({ out: join(folder, 'recordings', 'run.jsonl') }, () => {
      rmSync(join(folder, 'recordings'), { recursive: true })
      throw error
    }),
  )
  expect(thrown).toBe(error)
  await sleep(1)
  expect(warnings).toHaveLength(1)
})

const refuse = (): never => {
  throw new Error('do not look')
}

function makeRevoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Values that bite when they are looked at. */
const HOSTILE: Record<string, () => object> = {
  'a getter that throws': () => Object.defineProperty({}, 'stop_reason', { get: refuse, enumerable: true }),
  'a `then` that throws': () => Object.defineProperty({}, 'then', { get: refuse }),
  'a `toJSON` that throws': () => ({ toJSON: refuse }),
  'a proxy that refuses everything': () =>
    new Proxy(
      {},
      { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse },
    ),
  'a revoked proxy': makeRevoked,
  'an error whose message throws': () => Object.defineProperty(new Error('x'), 'message', { get: refuse }),
  'a very deep value': () => {
    let deep: object = {}
    for (let i = 0; i < 20_000; i++) deep = { deep }
    return deep
  },
}

for (const [name, make] of Object.entries(HOSTILE)) {
  test(`the agent hands it around as ever, given ${name}`, async () => {
    const warnings = watchWarnings()
    const value = make()
    const echo = tool('echo', (...args: unknown[]) => args[0])
    const fail = tool('fail', (error: unknown) => {
      throw error
    })
    const { recording } = await recordHere(
      () => {
        expect(Object.is(echo(value, 1), value)).toBe(true)
        let caught: unknown
        try {
          fail(value)
        } catch (error) {
          caught = error
        }
        expect(Object.is(caught, value)).toBe(true)
        // In an object: a promise would look for `then`, recorded or not.
        return { value }
      },
      { input: value },
    )
    expect(functionsOf(recording).map(({ end }) => end?.kind)).toEqual(['complete', 'failed'])
    await sleep(1)
    expect(warnings).toEqual([])
  })
}

test('what the run throws is thrown on, given an error that bites', async () => {
  const error = HOSTILE['a revoked proxy']?.()
  const out = join(makeFolder(), 'run.jsonl')
  let caught: unknown
  await record({ out }, () => Promise.reject(error)).catch((one: unknown) => {
    caught = one
  })
  expect(Object.is(caught, error)).toBe(true)
  expect((await readRecording(out)).finish?.stop_reason).toBe('error')
})

test('the run ends as ever, given an output whose stop reason cannot be read', async () => {
  const output = HOSTILE['a getter that throws']?.()
  const { result, recording } = await recordHere(() => output)
  expect(Object.is(result, output)).toBe(true)
  expect(recording.finish?.stop_reason).toBe('completed')
})

test('the client gets all of it and what could not be kept is said, given an answer that no line can hold', async () => {
  const piece = Buffer.alloc(1024 * 1024, 'large ')
  const count = 70
  const { base } = await startServer(async (_hit, response) => {
    for (let i = 0; i < count; i++) {
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  })
  const warnings = watchWarnings()
  const { result, recording } = await recordHere(async () => {
    const { byteLength } = await (await fetch(base)).arrayBuffer()
    return byteLength
  })
  expect(result).toBe(count * piece.byteLength)
  await sleep(1)
  expect(warnings).toHaveLength(1)
  expect(recording.notes.map(({ code }) => code)).toContain('dropped')
  expect(onlyHttp(recording).end).toBeNull()
})

test('headers reach the server and the recording, given an iterator that can be read only once', async () => {
  const { base, hits } = await startServer()
  const headers = function* (): Generator<[string, string]> {
    yield ['x-one', '1']
    yield ['x-two', '2']
  }
  const { recording } = await recordHere(() => undici.request(base, { headers: headers() as never }))
  expect(hits[0]?.headers).toMatchObject({ 'x-one': '1', 'x-two': '2' })
  const sent = onlyHttp(recording).request.headers.filter(([name]) => name.startsWith('x-'))
  expect(sent).toEqual([
    ['x-one', '1'],
    ['x-two', '2'],
  ])
})

test('mistakes of the agent are what they are unrecorded, given calls that no client accepts', async () => {
  const mistakes: Record<string, () => unknown> = {
    'no URL': () => fetch('not a url'),
    'no such method': () => fetch('http://127.0.0.1:1/', { method: 'NOT VALID' }),
    'a header that is none': () => undici.request('http://127.0.0.1:1/', { headers: { 'bad name': '1' } }),
    'a path with a space': () => http.get({ host: '127.0.0.1', port: 1, path: '/a b' }),
    'no protocol': () => axios.get('foo://127.0.0.1/'),
  }
  const seen = async (): Promise<unknown[]> => {
    const errors: unknown[] = []
    for (const make of Object.values(mistakes)) {
      const { name, message, code } = await errorOf((async () => make())())
      errors.push({ name, message, code })
    }
    return errors
  }
  const plain = await seen()
  const { result } = await recordHere(seen)
  expect(result).toEqual(plain)
})
