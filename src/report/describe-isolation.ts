import { type ScenarioReport, WALLS, type Wall } from '../model/verdict.ts'

/** `guard + permission`; undefined when nothing ran. */
export function describeIsolation(walls: readonly Wall[]): string | undefined {
  return walls.length === 0 ? undefined : walls.join(' + ')
}

/** The walls that stood around every replay that ran: what the weakest of them had. */
export function commonIsolation(reports: readonly ScenarioReport[]): string | undefined {
  const all = reports
    .flatMap(({ baseline, candidates }) => [baseline, ...candidates])
    .map(({ isolation }) => isolation)
    .filter((walls) => walls.length > 0)
  return all.length === 0
    ? undefined
    : describeIsolation(WALLS.filter((wall) => all.every((walls) => walls.includes(wall))))
}
