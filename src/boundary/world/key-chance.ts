import crypto, { type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { makePrivateKey, type PairOptions } from './seeded-keys.ts'

type Fill = (target: Buffer) => Buffer
type AnyFunction = (...args: unknown[]) => unknown
type Pair = { publicKey: unknown; privateKey: unknown }
type Algorithm = {
  name: string
  length?: number
  namedCurve?: string
  modulusLength?: number
  publicExponent?: Uint8Array
}

interface GenerateOptions extends PairOptions {
  publicKeyEncoding?: Parameters<KeyObject['export']>[0]
  privateKeyEncoding?: Parameters<KeyObject['export']>[0]
}

const OF_PRIVATE = ['sign', 'decrypt', 'unwrapKey', 'deriveKey', 'deriveBits']

/**
 * Makes the keys that an agent generates follow from `fill`, as all its chance does. What is no valid request Node itself
 * refuses. Keys that cannot be made so, and signatures that are drawn anew each time (ECDSA, RSA-PSS), stay the machine's.
 */
export function installKeyChance(fill: Fill): void {
  const { generateKeySync, generateKeyPairSync } = crypto
  const secret = (...args: Parameters<typeof generateKeySync>): KeyObject => {
    const { symmetricKeySize = 0 } = generateKeySync(...args)
    return crypto.createSecretKey(fill(Buffer.alloc(symmetricKeySize)))
  }
  const pair = (type: string, options: GenerateOptions = {}): Pair => {
    const privateKey = makePrivateKey(type, options, fill)
    if (privateKey === null) return (generateKeyPairSync as unknown as (...args: unknown[]) => Pair)(type, options)
    const { publicKeyEncoding, privateKeyEncoding } = options
    const publicKey = crypto.createPublicKey(privateKey)
    return {
      publicKey: publicKeyEncoding === undefined ? publicKey : publicKey.export(publicKeyEncoding),
      privateKey: privateKeyEncoding === undefined ? privateKey : privateKey.export(privateKeyEncoding),
    }
  }
  const generateKey = (type: 'hmac' | 'aes', options: { length: number }, done: AnyFunction): void => {
    const key = secret(type as 'hmac', options)
    setImmediate(() => done(null, key))
  }
  const generateKeyPair = (type: string, ...rest: unknown[]): void => {
    const done = rest.at(-1) as AnyFunction
    const { publicKey, privateKey } = pair(type, rest.length > 1 ? (rest[0] as GenerateOptions) : {})
    setImmediate(() => done(null, publicKey, privateKey))
  }
  Object.defineProperty(generateKeyPair, promisify.custom, {
    value: async (type: string, options?: GenerateOptions) => pair(type, options),
  })
  Object.assign(crypto, { generateKeySync: secret, generateKeyPairSync: pair, generateKey, generateKeyPair })
  installWebKeys(fill)
}

function installWebKeys(fill: Fill): void {
  const prototype = Object.getPrototypeOf(crypto.webcrypto.subtle) as { generateKey: AnyFunction }
  const { generateKey } = prototype
  prototype.generateKey = async function (this: unknown, ...args: unknown[]) {
    // Made by Node first: it knows what it refuses, and what such a key looks like.
    const real = (await generateKey.apply(this, args)) as CryptoKeys
    const [algorithm, extractable, usages] = args as [string | Algorithm, boolean, string[]]
    if (!('publicKey' in real)) return seedSecret(real, extractable, usages, fill)
    const privateKey = makePrivateKey(typeOf(real.privateKey), optionsOf(algorithm), fill)
    if (privateKey === null) return real
    const web = real.privateKey.algorithm
    const ofPrivate = usages.filter((usage) => OF_PRIVATE.includes(usage))
    const ofPublic = usages.filter((usage) => !OF_PRIVATE.includes(usage))
    return {
      publicKey: toCryptoKey(
        crypto.createPublicKey(privateKey),
        web,
        true,
        real.publicKey.usages.length ? ofPublic : [],
      ),
      privateKey: toCryptoKey(privateKey, web, extractable, ofPrivate),
    }
  }
}

type CryptoKeys = crypto.webcrypto.CryptoKey | crypto.webcrypto.CryptoKeyPair

function seedSecret(real: crypto.webcrypto.CryptoKey, extractable: boolean, usages: string[], fill: Fill): unknown {
  const { symmetricKeySize = 0 } = crypto.KeyObject.from(real)
  const key = crypto.createSecretKey(fill(Buffer.alloc(symmetricKeySize)))
  return toCryptoKey(key, real.algorithm, extractable, usages)
}

function toCryptoKey(key: KeyObject, algorithm: object, extractable: boolean, usages: string[]): unknown {
  const make = (key as unknown as { toCryptoKey: AnyFunction }).toCryptoKey
  return make.call(key, algorithm, extractable, usages)
}

function typeOf(key: crypto.webcrypto.CryptoKey): string {
  return crypto.KeyObject.from(key).asymmetricKeyType ?? ''
}

function optionsOf(algorithm: string | Algorithm): PairOptions {
  if (typeof algorithm === 'string') return {}
  const { namedCurve, modulusLength, publicExponent } = algorithm
  return {
    ...(namedCurve !== undefined && { namedCurve }),
    ...(modulusLength !== undefined && { modulusLength }),
    ...(publicExponent !== undefined && { publicExponent: Number(`0x${Buffer.from(publicExponent).toString('hex')}`) }),
  }
}
