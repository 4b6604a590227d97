import crypto, { type KeyObject } from 'node:crypto'

type Fill = (target: Buffer) => Buffer

/** The beginnings of PKCS #8 documents that end in the bytes of the private key, by type. */
const RAW_KEYS: Record<string, { prefix: string; size: number }> = {
  ed25519: { prefix: '302e020100300506032b657004220420', size: 32 },
  x25519: { prefix: '302e020100300506032b656e04220420', size: 32 },
  ed448: { prefix: '3047020100300506032b6571043b0439', size: 57 },
  x448: { prefix: '3046020100300506032b656f043a0438', size: 56 },
}

const CURVES: Record<string, { name: string; ecdh: string; size: number }> = {
  'P-256': { name: 'P-256', ecdh: 'prime256v1', size: 32 },
  'P-384': { name: 'P-384', ecdh: 'secp384r1', size: 48 },
  'P-521': { name: 'P-521', ecdh: 'secp521r1', size: 66 },
  secp256k1: { name: 'secp256k1', ecdh: 'secp256k1', size: 32 },
}
for (const curve of Object.values(CURVES)) CURVES[curve.ecdh] = curve

export interface PairOptions {
  namedCurve?: string
  modulusLength?: number
  publicExponent?: number
}

/**
 * A private key that follows from what `fill` gives; null for a type that cannot be made so (DSA, DH, curves and exponents
 * that hardly anybody uses).
 */
export function makePrivateKey(type: string, options: PairOptions, fill: Fill): KeyObject | null {
  const raw = RAW_KEYS[type]
  if (raw !== undefined) {
    const key = Buffer.concat([Buffer.from(raw.prefix, 'hex'), fill(Buffer.alloc(raw.size))])
    return crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  }
  if (type === 'ec') return makeEcKey(options.namedCurve ?? '', fill)
  const { modulusLength = 0, publicExponent = 65_537 } = options
  const isUsual =
    publicExponent === 65_537 && modulusLength >= 512 && modulusLength <= 8_192 && modulusLength % 16 === 0
  return type === 'rsa' && isUsual ? makeRsaKey(modulusLength, fill) : null
}

function makeEcKey(namedCurve: string, fill: Fill): KeyObject | null {
  const curve = CURVES[namedCurve]
  if (curve === undefined) return null
  const { name, ecdh: ecdhName, size } = curve
  const d = fill(Buffer.alloc(size))
  // The top bits are left out, so that the number is below the order of every curve; the last makes sure that it is not zero.
  d[0] = name === 'P-521' ? 0 : (d[0] ?? 0) & 0x7f
  d[size - 1] = (d[size - 1] ?? 0) | 1
  const ecdh = crypto.createECDH(ecdhName)
  ecdh.setPrivateKey(d)
  const point = ecdh.getPublicKey()
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)]
  return fromJwk({ kty: 'EC', crv: name, d, x, y })
}

function makeRsaKey(bits: number, fill: Fill): KeyObject {
  const e = 65_537n
  for (;;) {
    const [p, q] = [makePrime(bits / 2, fill), makePrime(bits / 2, fill)]
    const totient = (p - 1n) * (q - 1n)
    if (p === q || totient % e === 0n) continue
    const d = invert(e, totient)
    const parts = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: invert(q, p) }
    return fromJwk({ kty: 'RSA', ...parts })
  }
}

/** A prime of exactly so many bits, the upper two of which are set, so that the product of two has its full length. */
function makePrime(bits: number, fill: Fill): bigint {
  for (;;) {
    const bytes = fill(Buffer.alloc(bits / 8))
    bytes[0] = (bytes[0] ?? 0) | 0xc0
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1
    const candidate = BigInt(`0x${bytes.toString('hex')}`)
    if (crypto.checkPrimeSync(candidate)) return candidate
  }
}

/** The inverse of `a` modulo `m`. */
function invert(a: bigint, m: bigint): bigint {
  let [r, next, x, nextX] = [m, a % m, 0n, 1n]
  while (next !== 0n) {
    const quotient = r / next
    ;[r, next] = [next, r - quotient * next]
    ;[x, nextX] = [nextX, x - quotient * nextX]
  }
  return ((x % m) + m) % m
}

function fromJwk(parts: Record<string, string | Buffer | bigint>): KeyObject {
  const encode = (part: string | Buffer | bigint): string => {
    if (typeof part === 'string') return part
    const hex = typeof part === 'bigint' ? part.toString(16) : part.toString('hex')
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
  }
  const key = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, encode(part)]))
  return crypto.createPrivateKey({ key, format: 'jwk' })
}
