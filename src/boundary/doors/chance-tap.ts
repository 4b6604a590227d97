import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { currentContext, type DrawObserver } from '../tape.ts'

const INSTALLED = Symbol.for('retrial.chance-tap')

/**
 * Tells the tape of a run what is drawn in it by `Math.random` and `crypto.randomUUID`: back-offs, ids and choices follow from
 * these. Random bytes are left alone: keys are made of them. Idempotent; draws outside of a run pass untouched.
 */
export function installChanceTap(): void {
  if (Object.hasOwn(Math.random, INSTALLED)) return
  const draw = Math.random
  const random = (): number => {
    const value = draw()
    tell((draws) => draws.random(value))
    return value
  }
  Object.defineProperty(random, INSTALLED, { value: true })
  Object.defineProperty(random, 'name', { value: 'random' })
  Math.random = random
  crypto.randomUUID = tapped(crypto.randomUUID)
  const { Crypto } = globalThis as unknown as { Crypto: { prototype: { randomUUID: typeof crypto.randomUUID } } }
  Crypto.prototype.randomUUID = tapped(Crypto.prototype.randomUUID)
  syncBuiltinESMExports()
}

type RandomUuid = typeof crypto.randomUUID

function tapped(draw: RandomUuid): RandomUuid {
  return function randomUUID(this: unknown, ...args: Parameters<RandomUuid>) {
    const value = draw.apply(this, args)
    tell((draws) => draws.uuid(value))
    return value
  }
}

function tell(what: (draws: DrawObserver) => void): void {
  try {
    const context = currentContext()
    // What is drawn within a wrapped tool is part of its answer: a replay does not run it.
    if (context !== null && context.parent === undefined && context.tape.draws !== undefined) what(context.tape.draws)
  } catch {
    // The recorder's trouble is not the agent's.
  }
}
