import { readdirSync } from 'node:fs'
import { isPure, ROOMS, type Room, roomsBelow, WORLD_GLOBALS } from './rooms.ts'

/** The part of a Biome override that the rooms need. */
export interface Override {
  includes: string[]
  linter: { rules: { style: Record<string, unknown> } }
}

/**
 * The Biome overrides that keep the rooms apart, from the one table in `rooms.ts`.
 * Each denies every import and then names what is allowed, so a new room or package is closed until the table opens it.
 */
export function roomOverrides(): Override[] {
  return [
    override(['src/*.ts'], 'the library index', ['!./**'], ['./**/../**']),
    ...ROOMS.flatMap((room) => [
      // Patterns match the specifier as written, so each depth of a room has its own.
      override(
        [`src/${room.name}/*.ts`],
        room.name,
        ['!./**', ...below(room, '../')],
        ['./**/../**', '../**/../**'],
        room,
      ),
      override(
        [`src/${room.name}/*/**/*.ts`],
        room.name,
        ['!./**', '!../*', ...foldersOf(room).map((name) => `!../${name}/**`), ...below(room, '../../')],
        ['./**/../**', '../../**/../**', ...foldersOf(room).map((name) => `../${name}/**/../**`)],
        room,
      ),
    ]),
  ]
}

function override(includes: string[], name: string, allowed: string[], detours: string[], room?: Room): Override {
  const packages = (room?.packages ?? []).flatMap((it) => [`!${it}`, `!${it}/**`])
  const node = room?.node === 'any' ? ['!node:*', '!node:*/**'] : (room?.node ?? []).map((it) => `!node:${it}`)
  const patterns = [
    { group: ['**', ...allowed, ...packages, ...node], message: `${name} may not import this: ${describe(room)}` },
    { group: detours, message: 'Write the shortest path to the file.' },
  ]
  const style: Record<string, unknown> = { noRestrictedImports: { level: 'error', options: { patterns } } }
  if (room !== undefined && isPure(room)) {
    const deniedGlobals = Object.fromEntries(WORLD_GLOBALS.map((it) => [it, `${name} does no I/O.`]))
    style.noRestrictedGlobals = { level: 'error', options: { deniedGlobals } }
  }
  return { includes, linter: { rules: { style } } }
}

/** The folders within a room, which are no rooms of their own. */
function foldersOf({ name }: Room): string[] {
  const entries = readdirSync(`src/${name}`, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

function below(room: Room, up: string): string[] {
  return roomsBelow(room).map((name) => `!${up}${name}/**`)
}

function describe(room: Room | undefined): string {
  if (room === undefined) return 'it exports from the rooms and knows no packages.'
  const node = room.node === 'any' ? 'any Node module' : `of Node only ${(room.node ?? []).join(', ') || 'nothing'}`
  const rooms = roomsBelow(room).join(', ') || 'none'
  const packages = room.packages?.join(', ') ?? 'none'
  return `rooms: ${rooms}; packages: ${packages}; ${node}.`
}
