/** A folder of `src/`, its floor in the house, and the outside packages that live in it and nowhere else. */
export interface Room {
  name: string
  /** Rooms import from lower floors only; rooms of one floor do not know each other. Floor 1b is 1.5. */
  floor: number
  packages?: readonly string[]
  /** Node modules the room may import: a list for a room that does no I/O, `any` for the others. */
  node?: readonly string[] | 'any'
}

/** Node modules that only compute. */
const COMPUTING = ['buffer', 'path', 'string_decoder', 'url', 'util']

/** The house, top floor first; `docs/architecture.md` says what lives where. */
export const ROOMS: readonly Room[] = [
  { name: 'cli', floor: 7, packages: ['commander'], node: 'any' },
  { name: 'adapters', floor: 7, node: 'any' },
  { name: 'suite', floor: 6, packages: ['p-limit'], node: 'any' },
  { name: 'trial', floor: 5, node: 'any' },
  { name: 'record', floor: 4, node: 'any' },
  { name: 'replay', floor: 4, packages: ['diff'], node: 'any' },
  { name: 'boundary', floor: 3, packages: ['msw', '@mswjs/interceptors'], node: 'any' },
  { name: 'trace', floor: 3, node: 'any' },
  { name: 'recording', floor: 2, packages: ['zod'], node: 'any' },
  { name: 'scenario', floor: 2, packages: ['yaml', 'zod'], node: 'any' },
  { name: 'config', floor: 2, packages: ['zod'], node: 'any' },
  { name: 'providers', floor: 2, packages: ['eventsource-parser', 'zod'], node: 'any' },
  { name: 'interchange', floor: 2, packages: ['fflate', 'yaml', 'zod'], node: 'any' },
  { name: 'signals', floor: 1.5, node: COMPUTING },
  { name: 'verify', floor: 1.5, node: COMPUTING },
  { name: 'fleet', floor: 1.5, node: COMPUTING },
  { name: 'report', floor: 1.5, packages: ['diff'], node: COMPUTING },
  { name: 'model', floor: 1, packages: ['zod'], node: COMPUTING },
  { name: 'core', floor: 0, node: ['crypto'] },
]

/** Globals that reach the world, denied to the rooms that only compute. */
export const WORLD_GLOBALS = [
  'EventSource',
  'WebSocket',
  'fetch',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
] as const

/** The names of the rooms that `room` may import from. */
export function roomsBelow(room: Room): string[] {
  return ROOMS.filter((other) => other.floor < room.floor).map((other) => other.name)
}

/** True for a room that does no I/O: everything below floor 2. */
export function isPure(room: Room): boolean {
  return room.node !== 'any'
}
