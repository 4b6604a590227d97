import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Budget, MAX_BODY_BYTES, removeCoding } from '../../src/interchange/entries/remove-coding.ts'

const plenty = (): Budget => ({ left: Number.MAX_SAFE_INTEGER })

test('gives the bytes back given no coding or identity', () => {
  const bytes = Buffer.from('plain')
  expect(removeCoding(bytes, '', true, -1, plenty())).toEqual({ bytes })
  expect(removeCoding(bytes, ' identity , ', true, -1, plenty())).toEqual({ bytes })
})

test('refuses a body given that it unpacks to more than 64 MB, whatever the ratio', () => {
  const pack = (size: number) => gzipSync(Buffer.alloc(size, 'not so very repetitive'), { level: 1 })
  expect(removeCoding(pack(MAX_BODY_BYTES), 'gzip', true, -1, plenty())).toHaveProperty('bytes.length', MAX_BODY_BYTES)
  expect(removeCoding(pack(MAX_BODY_BYTES + 1), 'gzip', true, -1, plenty())).toHaveProperty('failure', 'bomb')
})

test('refuses a small body given that it unpacks to more than a thousand times its size', () => {
  const packed = brotliCompressSync(Buffer.alloc(2 * 1024 * 1024))
  expect(packed.length).toBeLessThan(2000)
  expect(removeCoding(packed, 'br', true, -1, plenty())).toHaveProperty('failure', 'bomb')
  expect(removeCoding(brotliCompressSync(Buffer.alloc(1024 * 1024)), 'br', true, -1, plenty())).toHaveProperty('bytes')
})

test('refuses a bomb given that the coding is not certain', () => {
  const packed = brotliCompressSync(Buffer.alloc(2 * 1024 * 1024))
  expect(removeCoding(packed, 'br', false, packed.length, plenty())).toHaveProperty('failure', 'bomb')
})

test('counts what is unpacked against what is left for the file', () => {
  const budget = { left: 25 }
  const packed = gzipSync(Buffer.alloc(10))
  expect(removeCoding(packed, 'gzip', true, -1, budget)).toHaveProperty('bytes')
  expect(removeCoding(packed, 'gzip', true, -1, budget)).toHaveProperty('bytes')
  expect(budget.left).toBe(5)
  expect(removeCoding(packed, 'gzip', true, -1, budget)).toHaveProperty('failure', 'bomb')
})
