import type { JsonValue } from '../core/json.ts'
import type { HttpInteraction } from '../model/interaction.ts'
import type { Note } from '../model/recording.ts'
import type { RunContext, RunFinish, Runtime } from '../model/run.ts'

/** A file to import. */
export interface ForeignFile {
  /** Only for naming it in errors and for its place among several files. */
  path: string
  text: string
}

/** How several files become one run. */
export interface ImportFilesOptions {
  /**
   * Id of the imported run.
   *
   * @default `run_` and the first 12 hex digits of the text's SHA-256, so the same file gives the same run.
   */
  run_id?: string | undefined
  /**
   * When the run began, milliseconds since the epoch; not later than the first request.
   *
   * @default the start of the first request
   */
  started_at?: number | undefined
  /**
   * True to leave out what cannot be decoded, with a note each, instead of refusing the file.
   *
   * @default false
   */
  skipBad?: boolean | undefined
  /** Of a file that holds several runs: the one to take, by the id that the file has for it, or by its number from 1. */
  pick?: string | undefined
}

export interface ImportOptions extends ImportFilesOptions {
  /** The file the text came from; only for naming it in errors. */
  path: string
}

/** The item of `ImportReport.unknown` that a caller may be able to fill in. */
export const UNKNOWN_INPUT = 'what the agent was called with'

/** What an import found, for people: one clause an item. */
export interface ImportReport {
  got: string[]
  /** What the format does not tell. */
  unknown: string[]
  /** False when a replay would miss something that the run had: then the recording can only be debugged. */
  replayable: boolean
  /** Why it can be replayed, or why not. */
  reason: string
}

/** A run read from another tool's file. Secrets are still in it: the writer of the recording replaces them. */
export interface ImportResult {
  run: RunContext
  runtime: Runtime
  /** In order of their start; ids `c1`, `c2`, … */
  interactions: HttpInteraction[]
  /** In order of time. */
  notes: Note[]
  /** What the agent was called with; missing or null where the format does not tell. */
  input?: JsonValue | undefined
  /** How the run ended, where the format tells; null when it tells that the run did not end. Missing: nothing is known. */
  finish?: RunFinish | null | undefined
  report: ImportReport
}

/** Another tool's file format that runs can be read from. */
export interface ForeignFormat {
  /** What users call it: the word after `retrial import`. */
  name: string
  title: string
  /** True when a text is very likely of this format; cheap, and not a check. */
  detect(text: string): boolean
  /** Reads one file as a run. */
  import(text: string, options: ImportOptions): ImportResult
  /**
   * Reads several files as one run, in the order of their times, or where times are unknown in the order given;
   * the report says which. Missing where each file is a run of its own.
   */
  importFiles?(files: readonly ForeignFile[], options: ImportFilesOptions): ImportResult
  /**
   * All runs of a file, for formats whose files may hold several. `run_id` is for a file that holds one; else each run has an id
   * made of its content and of the id that the file has for it.
   */
  importRuns?(text: string, options: ImportOptions): ImportResult[]
}
