import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import axios from 'axios'
import got from 'got'
import OpenAI from 'openai'
import * as undici from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import type { Recording } from '../../src/model/recording.ts'
import { record } from '../../src/record/record.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { type CountingServer, startServer, wait } from './counting-server.ts'
import { answerBytes, httpOf, makeFolder, recordHere } from './record-here.ts'

type Ask = (url: string) => Promise<string>

/** Clients as a program has them: built once, shared by all runs, connections kept alive. */
function buildShared(): Record<string, Ask> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  const dispatcher = new undici.Agent({ connections: 2 })
  onTestFinished(() => {
    agent.destroy()
    void dispatcher.destroy()
  })
  const client = axios.create({ httpAgent: agent })
  const gotten = got.extend({ agent: { http: agent }, retry: { limit: 0 } })
  const openai = new OpenAI({ apiKey: 'none', baseURL: 'http://set.later', maxRetries: 0 })
  return {
    fetch: async (url) => (await fetch(url)).text(),
    undici: async (url) => (await undici.request(url, { dispatcher })).body.text(),
    http: (url) =>
      new Promise((resolve, reject) => {
        http
          .get(url, { agent }, (response) => {
            let text = ''
            response.setEncoding('utf8').on('data', (piece) => {
              text += piece
            })
            response.on('end', () => resolve(text))
          })
          .on('error', reject)
      }),
    axios: async (url) => (await client.get(url, { responseType: 'text' })).data,
    got: (url) => gotten(url).text(),
    openai: async (url) => {
      const response = await openai.withOptions({ baseURL: url }).models.list().asResponse()
      return response.text()
    },
  }
}

/** Answers in pieces, so that the answers of several runs come interleaved, and counts connections. */
async function startInterleaving(): Promise<CountingServer & { connections: () => number }> {
  let connections = 0
  const server = await startServer(async ({ path }, response) => {
    for (let i = 0; i < 3; i++) {
      response.write(`${path} piece ${i};`)
      await wait(2)
    }
    response.end()
  })
  server.server.on('connection', () => connections++)
  return { ...server, connections: () => connections }
}

function pathsOf(recording: Recording): string[] {
  return httpOf(recording).map(({ request }) => new URL(request.url).pathname)
}

test('every call is in the recording of its run and nowhere else, given runs at once that share their clients', async () => {
  const server = await startInterleaving()
  const folder = makeFolder()
  const clients = Object.entries(buildShared())
  const ask = async (path: string, one: Ask): Promise<void> => {
    expect(await one(server.base + path)).toContain(`${path}`)
  }
  const run = async (name: string): Promise<void> => {
    // Half of the calls one after the other, half at once.
    for (const [client, one] of clients) await ask(`/${name}/${client}/alone`, one)
    await Promise.all(clients.map(([client, one]) => ask(`/${name}/${client}/together`, one)))
  }
  const names = Array.from({ length: 8 }, (_, i) => `run${i}`)
  await Promise.all([
    run('outside'),
    ...names.map((name) => record({ out: join(folder, `${name}.jsonl`) }, () => run(name))),
    run('elsewhere'),
  ])
  const asked = server.hits.map(({ path }) => path.replace(/\/models$/, ''))
  for (const name of names) {
    const recording = await readRecording(join(folder, `${name}.jsonl`))
    const own = clients.flatMap(([client]) => [`/${name}/${client}/alone`, `/${name}/${client}/together`])
    const recorded = pathsOf(recording).map((path) => path.replace(/\/models$/, ''))
    expect(recorded.toSorted()).toEqual(own.toSorted())
    for (const one of httpOf(recording)) {
      const path = new URL(one.request.url).pathname
      expect(answerBytes(one).toString()).toBe([0, 1, 2].map((i) => `${path} piece ${i};`).join(''))
      expect(one.end?.kind).toBe('complete')
    }
  }
  expect(asked.filter((path) => /^\/(outside|elsewhere)\//.test(path))).toHaveLength(4 * clients.length)
  expect(asked).toHaveLength((names.length + 2) * 2 * clients.length)
})

for (const name of ['fetch', 'undici', 'http', 'axios', 'got', 'openai']) {
  test(`connections are kept alive across runs as ever, given ${name}`, async () => {
    const server = await startInterleaving()
    const shared = buildShared()[name] as Ask
    const ask = async (url: string): Promise<void> => {
      await shared(url)
      // undici gives a connection back a moment after it has given the answer.
      await wait(20)
    }
    await ask(`${server.base}/before`)
    const first = await recordHere(() => ask(`${server.base}/first`))
    await ask(`${server.base}/between`)
    const second = await recordHere(() => ask(`${server.base}/second`))
    expect(server.hits).toHaveLength(4)
    expect(server.connections()).toBe(1)
    const paths = [first, second].map(({ recording }) => pathsOf(recording)[0]?.replace(/\/models$/, ''))
    expect(paths).toEqual(['/first', '/second'])
  })
}

test('a call that waits for the connection of another run is recorded in its own, given a pool of one', async () => {
  const server = await startInterleaving()
  const dispatcher = new undici.Agent({ connections: 1 })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    agent.destroy()
    void dispatcher.destroy()
  })
  const ask = async (name: string): Promise<void> => {
    const url = (client: string, i: number) => `${server.base}/${name}/${client}/${i}`
    await Promise.all(
      [1, 2, 3].flatMap((i) => [
        undici.request(url('undici', i), { dispatcher }).then(({ body }) => body.text()),
        axios.get(url('axios', i), { httpAgent: agent }),
      ]),
    )
  }
  const runs = await Promise.all(['a', 'b', 'c'].map((name) => recordHere(() => ask(name))))
  for (const [i, { recording }] of runs.entries()) {
    const name = 'abc'[i]
    const own = [1, 2, 3].flatMap((n) => [`/${name}/undici/${n}`, `/${name}/axios/${n}`])
    expect(pathsOf(recording).toSorted()).toEqual(own.toSorted())
  }
  expect(server.connections()).toBe(2)
})

test('a run holds what it sets off by any road, given timers, ticks, events, generators and streams', async () => {
  const server = await startInterleaving()
  const ask = async (path: string): Promise<unknown> => (await fetch(server.base + path)).text()
  const roads: Record<string, (path: string) => Promise<unknown>> = {
    timeout: (path) => new Promise((resolve) => setTimeout(() => resolve(ask(path)), 1)),
    interval: (path) =>
      new Promise((resolve) => {
        const timer = setInterval(() => {
          clearInterval(timer)
          resolve(ask(path))
        }, 1)
      }),
    immediate: (path) => immediate().then(() => ask(path)),
    tick: (path) => new Promise((resolve) => process.nextTick(() => resolve(ask(path)))),
    microtask: (path) => new Promise((resolve) => queueMicrotask(() => resolve(ask(path)))),
    sleep: (path) => sleep(1).then(() => ask(path)),
    event: (path) => {
      const emitter = new EventEmitter()
      setTimeout(() => emitter.emit('go', path), 1)
      return once(emitter, 'go').then(([at]) => ask(at))
    },
    generator: async (path) => {
      const paths = (async function* () {
        await sleep(1)
        yield path
      })()
      for await (const one of paths) await ask(one)
    },
    stream: async (path) => {
      const stream = new ReadableStream<string>({ pull: (controller) => controller.enqueue(path) })
      const { value = '' } = await stream.getReader().read()
      return ask(value)
    },
    answer: (path) =>
      new Promise((resolve) => {
        http.get(`${server.base}${path}/outer`, (response) => {
          response.resume().on('end', () => resolve(ask(path)))
        })
      }),
  }
  const run = (name: string): Promise<unknown> =>
    Promise.all(Object.entries(roads).map(([road, go]) => go(`/${name}/${road}`)))
  const [a, b] = await Promise.all([recordHere(() => run('a')), recordHere(() => run('b')), run('outside')])
  const expected = (name: string) => [...Object.keys(roads), 'answer/outer'].map((road) => `/${name}/${road}`)
  expect(pathsOf(a.recording).toSorted()).toEqual(expected('a').toSorted())
  expect(pathsOf(b.recording).toSorted()).toEqual(expected('b').toSorted())
})

test('a run within a run has its own recording, given one that records a part of itself', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  const outer = await recordHere(async () => {
    await fetch(`${base}/outer/1`)
    await record({ out: join(folder, 'inner.jsonl') }, () => fetch(`${base}/inner`))
    await fetch(`${base}/outer/2`)
  })
  expect(pathsOf(outer.recording)).toEqual(['/outer/1', '/outer/2'])
  expect(pathsOf(await readRecording(join(folder, 'inner.jsonl')))).toEqual(['/inner'])
})

test('a sealed recording does not change, given a run that leaves work behind', async () => {
  const { base, hits } = await startServer()
  let goOn: () => void = () => undefined
  const sealing = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let late: Promise<unknown> = Promise.resolve()
  const { folder } = await recordHere(() => {
    late = sealing.then(() => fetch(`${base}/late`))
    return fetch(`${base}/in-time`).then((response) => response.text())
  })
  const path = join(folder, 'run.jsonl')
  const sealed = readFileSync(path)
  const next = await recordHere(async () => {
    goOn()
    await late
    await fetch(`${base}/next`)
  })
  expect(hits.map((hit) => hit.path)).toEqual(['/in-time', '/late', '/next'])
  expect(readFileSync(path)).toEqual(sealed)
  expect(pathsOf(await readRecording(path))).toEqual(['/in-time'])
  expect(pathsOf(next.recording)).toEqual(['/next'])
})
