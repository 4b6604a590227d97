import type { ExportFormat } from './export-format.ts'
import { harExport } from './export-har.ts'
import { nockExport } from './export-nock.ts'
import { otlpExport } from './export-otlp.ts'

/** Every format that recordings can be written in. A new one is one file with an `ExportFormat`, and one line here. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [harExport, nockExport, otlpExport]
