import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { hashJson } from '../core/hash.ts'
import type { JsonValue } from '../core/json.ts'
import type { Recording } from '../model/recording.ts'
import { nameWorld, type World } from '../model/world.ts'
import { readRecording } from '../recording/read-recording.ts'
import { saveRecording } from '../recording/save-recording.ts'
import { resolveOrder } from '../replay/order/resolve-order.ts'
import { deriveFault } from '../replay/worlds/derive-fault.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { ReplayRequest } from './run-replay.ts'

/** A recording in which an answer goes wrong that went otherwise, and where it is kept. */
export interface DerivedRecording {
  path: string
  recording: Recording
}

/** The folder in which the worlds of a scenario are kept. */
export function worldsFolder(outDir: string, scenario: Pick<Scenario, 'id'>): string {
  return join(outDir, 'worlds', scenario.id)
}

/** Tells worlds apart in file names; equal for equal worlds. */
function idOfWorld(world: World): string {
  return hashJson(world as JsonValue).slice(0, 12)
}

/** The world with what the scenario sets for every replay, so that it stands for itself. */
export function completeWorld(world: World, recording: Recording, { replay }: Pick<Scenario, 'replay'>): World {
  const order = world.order ?? (replay.order === undefined ? undefined : resolveOrder(recording, replay.order).flat())
  const seed = world.seed ?? replay.seed
  return { ...world, ...(order !== undefined && { order }), ...(seed !== undefined && { seed }) }
}

/**
 * Writes the recording that a world's fault makes of the original, as it was recorded in all else. Null for a world whose
 * answers are the recorded ones, or where the fault cannot be.
 */
export async function deriveRecording(
  recording: Recording,
  fault: World['fault'],
  folder: string,
): Promise<DerivedRecording | null> {
  const derived = fault === undefined ? null : deriveFault(recording, fault)
  if (fault === undefined || derived === null) return null
  await mkdir(folder, { recursive: true })
  const path = join(folder, `fault-${idOfWorld({ fault })}.jsonl`)
  saveRecording(path, derived, { overwrite: true, sync: false })
  const read = await readRecording(path)
  return { path, recording: { ...read, integrity: recording.integrity } }
}

/**
 * The same replay in another world.
 *
 * @throws RetrialError `ERR_TRIAL_WORLD` for a fault that cannot be.
 */
export function enterWorld(request: ReplayRequest, world: World, derived: DerivedRecording | null): ReplayRequest {
  if (world.fault !== undefined && derived === null) {
    throw new RetrialError('ERR_TRIAL_WORLD', `The world cannot be replayed: ${nameWorld(world)} cannot be.`, {
      hint: 'Name calls of the recording to which this fault can happen.',
    })
  }
  const { scenario, agent, recording, name } = request
  const { order, seed, latency, started_at, time_zone } = world
  const replay = {
    ...scenario.replay,
    ...(order !== undefined && { order: order.length === 0 ? undefined : order }),
    ...(seed !== undefined && { seed }),
  }
  return {
    ...request,
    scenario: { ...scenario, recording: derived?.path ?? scenario.recording, replay },
    recording: derived?.recording ?? recording,
    agent: time_zone === undefined ? agent : { ...agent, env: { ...agent.env, TZ: time_zone } },
    times: { latency, started_at },
    name: `${name}-${idOfWorld(world)}`,
  }
}
