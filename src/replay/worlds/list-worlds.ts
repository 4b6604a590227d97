import { canonicalJson } from '../../core/canonical-json.ts'
import { sha256 } from '../../core/hash.ts'
import type { Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { nameWorld, type World } from '../../model/world.ts'
import type { Perturbation } from '../../scenario/perturbation.ts'
import { deriveFault } from './derive-fault.ts'
import { type GivenTimes, giveWorld } from './give-world.ts'
import { listOrdersOfRun } from './list-orders-of-run.ts'

/** The recorded world, and what is known of the runs in it. */
export interface WorldsRequest {
  recording: Recording
  perturb: Perturbation
  /** What the scenario sets for every replay. */
  base: Pick<GivenTimes, 'order'> & {
    seed?: string | undefined
    clock: 'virtual' | 'real'
    time_zone?: string | undefined
  }
  /** Calls whose answers make up the trigger. */
  trigger: readonly string[]
  /** Whether chance was drawn from. */
  draws: boolean
}

export interface ListedWorlds {
  /** Distinct worlds, the cheapest first; none is the recorded one. */
  worlds: World[]
  /** What was asked for and is no other world, or cannot be. */
  skipped: { name: string; reason: string }[]
  /** How many distinct worlds were left out because there are too many. */
  left_out: number
  /** In how many other orders answers could come; see `listOrdersOfRun`. */
  orders: number
}

/** Lists the worlds that a scenario asks for: each kind in turn, until there are as many as are allowed. */
export function listWorlds(request: WorldsRequest): ListedWorlds {
  const { recording, perturb } = request
  const { max_worlds, pairs } = perturb
  const limit = Math.min(max_worlds, perturb.orders === 'all' ? max_worlds : (perturb.orders ?? 0))
  const seed = request.base.seed ?? recording.run.run_id
  const found = listOrdersOfRun(recording, limit, seed)
  const recorded = request.base.order === undefined ? [] : [[]]
  const orders = perturb.orders === undefined ? [] : [...recorded, ...found.orders]
  const kinds = listKinds(request, orders)
  const collector = new Collector(request)
  const distinct = kinds.map((worlds) => worlds.filter((world) => collector.add(world)))
  const single = inTurn(distinct)
  const all = pairs ? [...single, ...listPairs(distinct).filter((world) => collector.add(world, false))] : single
  const worlds = all.slice(0, max_worlds).toSorted((a, b) => costOf(a) - costOf(b))
  const unlisted = perturb.orders === undefined ? 0 : Math.max(0, found.total - found.orders.length)
  return {
    worlds,
    skipped: collector.skipped,
    left_out: all.length - worlds.length + unlisted,
    orders: found.total,
  }
}

/** The worlds that change one thing, by what they change; those that cost least first. */
function listKinds({ perturb, recording, trigger }: WorldsRequest, orders: readonly string[][]): World[][] {
  const { latency = [], seeds = [], clock = [], time_zones = [], faults = [] } = perturb
  return [
    orders.map((order) => ({ order })),
    latency.map((factor) => ({ latency: factor })),
    seeds.map((seed) => ({ seed })),
    time_zones.map((time_zone) => ({ time_zone })),
    clock.map((begin) => ({
      started_at: 'at_ms' in begin ? begin.at_ms : recording.run.started_at + begin.shift_ms,
    })),
    faults.map((kind) => ({ fault: { kind, at: [...trigger] } })),
  ]
}

function inTurn(kinds: readonly World[][]): World[] {
  const longest = Math.max(0, ...kinds.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => kinds.flatMap((worlds) => worlds.slice(i, i + 1))).flat()
}

/** Each world of one kind with each of another, the simplest first. */
function listPairs(kinds: readonly World[][]): World[] {
  return kinds.flatMap((worlds, i) =>
    kinds.slice(i + 1).flatMap((others) => worlds.flatMap((one) => others.map((other) => ({ ...one, ...other })))),
  )
}

/** A fault takes a recording of its own, a slower world more virtual time. */
function costOf(world: World): number {
  const parts = Object.values(world).filter((part) => part !== undefined).length
  return (world.fault === undefined ? 0 : 100) + 10 * (parts - 1) + (world.latency === undefined ? 0 : world.latency)
}

/** Keeps worlds apart by what an agent could see of them. */
class Collector {
  readonly skipped: ListedWorlds['skipped'] = []
  readonly #request: WorldsRequest
  readonly #seen = new Map<string, string>()

  constructor(request: WorldsRequest) {
    this.#request = request
    this.#seen.set(this.#viewOf({}) ?? '', 'the recorded one')
  }

  /** Whether it is another world than those before. */
  add(world: World, tell = true): boolean {
    const name = nameWorld(world)
    const reason = this.#refuse(world) ?? this.#compare(world, name)
    if (reason !== null && tell) this.skipped.push({ name, reason })
    return reason === null
  }

  #refuse({ fault, seed, started_at }: World): string | null {
    const { draws, base } = this.#request
    if (fault?.at.length === 0) return 'no call of the recording is seen to be the trigger'
    if (seed !== undefined && !draws) return 'nothing is drawn at random'
    if (started_at !== undefined && base.clock === 'real') return 'the clock is that of the machine'
    return null
  }

  #compare(world: World, name: string): string | null {
    const view = this.#viewOf(world)
    if (view === null) return 'it cannot be in this recording'
    const twin = this.#seen.get(view)
    if (twin !== undefined) return `it is ${twin}`
    this.#seen.set(view, `the same as ${name}`)
    return null
  }

  /** All that an agent could see of a world; null when there is no such world. */
  #viewOf(world: World): string | null {
    const { recording, base } = this.#request
    const failing = world.fault === undefined ? recording : deriveFault(recording, world.fault)
    if (failing === null) return null
    try {
      const given = giveWorld(failing, { order: world.order ?? base.order, latency: world.latency })
      const zone = canonicalZone(world.time_zone ?? base.time_zone)
      const seen = given.recording.interactions.map((one) => viewOf(one, world.fault?.at.includes(one.id) === true))
      return sha256(
        canonicalJson([seen, world.seed ?? base.seed ?? null, world.started_at ?? recording.run.started_at, zone]),
      )
    } catch {
      return null
    }
  }
}

/** What can be seen of an answer; its content only where that was made up. */
function viewOf(interaction: Interaction, isMadeUp: boolean) {
  const { id, end } = interaction
  const parts = interaction.kind === 'http' ? interaction.answer : null
  const when = parts && [parts.headers_ms, parts.chunks.map(([offset]) => offset)]
  const { started_ms } = interaction
  const what = isMadeUp ? JSON.stringify([parts?.status, parts?.headers, parts?.chunks, end?.kind, end?.error]) : null
  return [id, started_ms, end && [end.kind, end.offset_ms], when, what]
}

function canonicalZone(name: string | undefined): string | null {
  if (name === undefined) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return name
  }
}
