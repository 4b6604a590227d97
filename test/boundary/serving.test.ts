import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { runInWorld } from './run-world.ts'

/** Which door takes which client in a replay. */
const DOORS = [
  'fetch GET /fetch',
  'fetch GET /early-fetch',
  'fetch POST /openai/chat/completions',
  'fetch POST /early/chat/completions',
  'fetch POST /anthropic/v1/messages',
  'undici GET /undici-fetch',
  'undici GET /undici-request',
  'undici GET /undici-agent',
  'http GET /axios',
  'fetch GET /axios-fetch',
  'http GET /got',
  'http GET /http-get',
  'http GET /named-get',
]

test('every client is answered by the tape and none reaches a real server, given a server that counts', async () => {
  let contacts = 0
  const server = createServer((_request, response) => response.end('{"real":true}'))
  server.on('connection', () => contacts++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const { value, asks, attempts } = await runInWorld('clients', 'all', { BASE: base })
    expect(Object.values(value as Record<string, string>)).toEqual(DOORS.map(() => 'answered'))
    expect(asks.map((ask) => ask.replace(base, ''))).toEqual(DOORS)
    expect(attempts).toEqual([])
    expect(contacts).toBe(0)
  } finally {
    server.close()
  }
})
