import { isJsonObject } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { readExport } from './import-otlp.ts'
import { groupSpans } from './trace/group-spans.ts'
import { importSpans } from './trace/import-spans.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads a trace as Grafana Tempo gives it: `batches`, ids in hex or base64. Each trace is a run.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, `ERR_INTERCHANGE_NO_STEPS`, and those of `parseTraceFile`
 */
function readTempo(text: string, options: ImportOptions): ImportResult[] {
  const spans = parseTraceFile(text, options.path).flatMap((value) => (isJsonObject(value) ? readExport(value) : []))
  if (spans.length === 0) throw notOfFormat('a Tempo trace', options.path, 'it holds no batches with spans')
  return importSpans(groupSpans(spans), 'tempo', text, options)
}

/** Grafana Tempo's JSON. */
export const tempoFormat: ForeignFormat = traceFormat(
  'tempo',
  'Grafana Tempo trace',
  (text) => /^\uFEFF?\s*\{\s*(?:"trace"\s*:\s*\{\s*)?"batches"\s*:\s*\[/.test(text.slice(0, 4096)),
  readTempo,
)
