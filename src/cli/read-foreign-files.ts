import { readFile, stat } from 'node:fs/promises'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import { decodeFile } from '../interchange/decode-file.ts'
import { detectFormat, FOREIGN_FORMATS } from '../interchange/detect-format.ts'
import { MAX_FILE_LENGTH, tooLarge } from '../interchange/entries/read-json-file.ts'
import type { ForeignFile, ForeignFormat, ImportFilesOptions, ImportResult } from '../interchange/foreign-format.ts'
import { suggest } from '../scenario/checks/suggest.ts'

/** Files to import, and what they are. */
export interface FoundFiles {
  format: ForeignFormat
  files: ForeignFile[]
}

/**
 * Reads the files of one run, and tells their format by their look when no name is given.
 *
 * @throws RetrialError `ERR_CLI_IMPORT_FILE`, `ERR_CLI_IMPORT_RECORDING`, `ERR_CLI_IMPORT_FORMAT`,
 * `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_ENCODING`
 */
export async function readForeignFiles(paths: readonly string[], name: string | undefined): Promise<FoundFiles> {
  if (paths.length === 0) {
    throw new RetrialError('ERR_CLI_IMPORT_FILE', 'Failed to import: no file is named', {
      hint: 'Name the files of one run, e.g. retrial import session.har.',
    })
  }
  const files: ForeignFile[] = []
  for (const path of paths) files.push({ path, text: await readText(path) })
  const detected = files.map(({ path, text }) => ({ path, name: detectFormat(text) }))
  const own = detected.find((one) => one.name === 'retrial')
  if (own) throw recordingError(own.path)
  const format = name === undefined ? agree(detected) : FOREIGN_FORMATS.find((one) => one.name === name)
  return { format: format as ForeignFormat, files }
}

/**
 * Reads files as one run, or a file as all the runs that it holds.
 *
 * @throws RetrialError what the format refuses; `ERR_CLI_IMPORT_SEVERAL` for several files of a format of which each is a run
 */
export function readRuns(
  format: ForeignFormat,
  files: readonly ForeignFile[],
  options: ImportFilesOptions,
): ImportResult[] {
  const [file] = files
  if (files.length === 1 && file !== undefined) {
    const own = { ...options, path: file.path }
    return format.importRuns === undefined ? [format.import(file.text, own)] : format.importRuns(file.text, own)
  }
  if (format.importFiles !== undefined) return [format.importFiles(files, options)]
  throw new RetrialError(
    'ERR_CLI_IMPORT_SEVERAL',
    `Failed to import: each file of ${format.title} is a run of its own`,
    {
      hint: 'Import the files one by one.',
    },
  )
}

/** The one format that all files are of. */
function agree(detected: readonly { path: string; name: string }[]): ForeignFormat {
  const [first] = detected
  const other = detected.find(({ name }) => name !== first?.name)
  const format = FOREIGN_FORMATS.find(({ name }) => name === first?.name)
  if (format !== undefined && other === undefined) return format
  const path = format === undefined ? first?.path : other?.path
  const reason =
    format === undefined ? 'it looks like no format that is known' : `it is not ${format.title}, as ${first?.path} is`
  throw new RetrialError('ERR_CLI_IMPORT_FORMAT', `Failed to tell what ${path} is: ${reason}`, {
    hint: `Name the format before the file: ${formatNames()}.`,
    location: { path: path ?? '' },
  })
}

function formatNames(): string {
  return FOREIGN_FORMATS.map(({ name }) => name).join(', ')
}

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path)
    // Whatever else there is may never end, or never begin.
    if (!found.isFile()) throw unreadable(path, found.isDirectory() ? 'it is a folder' : 'it is no regular file')
    if (found.size > MAX_FILE_LENGTH) throw tooLarge(path, found.size)
    const text = decodeFile(await readFile(path), path)
    if (text.trim() === '') throw unreadable(path, 'it is empty')
    return text
  } catch (cause) {
    if (isRetrialError(cause)) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw unreadable(path, code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause)), cause)
  }
}

function unreadable(path: string, reason: string, cause?: unknown): RetrialError {
  const names = FOREIGN_FORMATS.map(({ name }) => name)
  // A word without a dot or a slash may be a format that is misspelt.
  const meant = cause !== undefined && /^[\w-]+$/.test(path) ? suggest(path, names) : null
  const hint = meant === null ? `Formats are ${formatNames()}.` : `Did you mean the format ${meant}?`
  return new RetrialError('ERR_CLI_IMPORT_FILE', `Failed to read ${path}: ${reason}`, {
    hint: `Pass the path of a file that holds something and may be read; save what comes from a pipe. ${hint}`,
    location: { path },
    cause,
  })
}

function recordingError(path: string): RetrialError {
  return new RetrialError('ERR_CLI_IMPORT_RECORDING', `Failed to import ${path}: it is a recording already`, {
    hint: 'Use it as it is, e.g. retrial debug FILE.',
    location: { path },
  })
}
