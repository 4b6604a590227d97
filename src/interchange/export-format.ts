import type { Recording } from '../model/recording.ts'
import type { RunTrace } from '../model/trace.ts'

/** What an export may use beside the recording. */
export interface ExportContext {
  /** Version of retrial, for formats that name their writer. */
  version: string
  /** The run as spans and log events, for formats that hold these. */
  trace(): RunTrace
}

/** A recording in another tool's format. */
export interface ExportResult {
  text: string
  /** What the file holds, for people: one clause an item. */
  kept: string[]
  /** What the recording holds and the file does not. */
  lost: string[]
}

/** Another tool's file format that recordings can be written in. */
export interface ExportFormat {
  /** What users call it: the word after `retrial export`. */
  name: string
  title: string
  export(recording: Recording, context: ExportContext): ExportResult
}
