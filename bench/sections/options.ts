/** What every section is given. */
export interface SectionOptions {
  /** A folder for files, removed at the end. */
  dir: string
  /** Few rounds: a look, no measurement. */
  quick: boolean
}
