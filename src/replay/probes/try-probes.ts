import { PROBES } from './catalogue.ts'
import type { Probe, ProbeTarget } from './probe.ts'

export interface ProbeJob {
  /** Probes to try, in order, each with what it is to reach. */
  probes: { name: string; target: ProbeTarget }[]
  /** Whether each probe is announced by an attempt of its own, which a guard counts like any other. */
  announce: boolean
}

/** What a probe says of itself. `missing`: there is no such way on this Node. `through`: it got through. */
export type ProbeAccount = 'missing' | 'through' | 'tried' | `refused: ${string}`

/** What an announcement is for. */
export const ANNOUNCED = 'announce:'

/** How long one probe may take, ms. */
const PATIENCE_MS = 10_000

/** Tries ways out as a careless agent would: what is refused is swallowed. */
export async function run({ probes, announce }: ProbeJob): Promise<Record<string, ProbeAccount>> {
  const accounts: Record<string, ProbeAccount> = {}
  // A probe whose refusal comes by an event that nobody hears must not end the others.
  process.on('uncaughtException', () => undefined)
  for (const { name, target } of probes) {
    const probe = PROBES.find((one) => one.name === name)
    if (probe === undefined) continue
    if (announce) announceProbe(name)
    accounts[name] = await attempt(probe, target)
    await new Promise(setImmediate)
  }
  return accounts
}

async function attempt(probe: Probe, target: ProbeTarget): Promise<ProbeAccount> {
  if (probe.isThere?.() === false) return 'missing'
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS)
    })
    return (await Promise.race([probe.run(target), late])) === true ? 'through' : 'tried'
  } catch (error) {
    const { code, message } = (error ?? {}) as { code?: string; message?: string }
    return `refused: ${code ?? message ?? String(error)}`
  } finally {
    clearTimeout(timer)
  }
}

function announceProbe(name: string): void {
  try {
    process.dlopen({ exports: {} }, `${ANNOUNCED}${name}`)
  } catch {
    // As it should be.
  }
}
