import dgram from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runInWorld } from './run-world.ts'

test('no way out leads anywhere, and each attempt is reported with its place, given an agent that swallows the refusals', async () => {
  let contacts = 0
  const tcp = createServer((socket) => {
    contacts++
    socket.destroy()
  })
  const unix = createServer((socket) => {
    contacts++
    socket.destroy()
  })
  const udp = dgram.createSocket('udp4').on('message', () => contacts++)
  const path = join(tmpdir(), `retrial-test-${process.pid}.sock`)
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  await new Promise<void>((resolve) => unix.listen(path, resolve))
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  try {
    const { value, attempts } = await runInWorld('escapes', 'all', {
      PORT: String((tcp.address() as AddressInfo).port),
      UDP: String(udp.address().port),
      SOCKET: path,
    })
    const tried = value as string[]
    expect(contacts).toBe(0)
    expect(attempts).toHaveLength(tried.length)
    expect(new Set(attempts.map(({ layer }) => layer))).toEqual(
      new Set(['tcp', 'pipe', 'udp', 'dns', 'listen', 'child_process', 'worker']),
    )
    const unplaced = attempts
      .filter(({ at }) => !at?.includes('escapes.ts'))
      .map(({ layer, target }) => `${layer} ${target}`)
    expect(unplaced).toEqual([])
  } finally {
    tcp.close()
    unix.close()
    udp.close()
  }
})
