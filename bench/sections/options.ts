/** What every section is given. */
export interface SectionOptions {
  /** A folder for files, removed at the end. */
  dir: string
  /** Few rounds: a look, no measurement. */
  quick: boolean
}

/** How long a peer runs before it is measured, ms. */
export function warmUpMs({ quick }: SectionOptions): number {
  return quick ? 300 : 1_500
}
