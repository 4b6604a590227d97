import { lstat, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { RetrialError } from '../core/errors.ts'

/** A place for a report, and nothing in it yet. */
export interface ReportFile {
  /** Writes the report: all of it or nothing. */
  write(text: string): Promise<void>
}

/**
 * Makes room for a report before there is one: its folder is made, and a report of an earlier run is removed, so that a run
 * that is interrupted leaves none that could be taken for its own. A device or a pipe is written to as it is.
 *
 * @throws RetrialError `ERR_CLI_OUTPUT`
 */
export async function openReport(file: string): Promise<ReportFile> {
  return explain(file, async () => {
    await mkdir(dirname(resolve(file)), { recursive: true })
    // A link stays one: what it leads to is replaced.
    const path = await realpath(file).catch(() => resolve(file))
    const kind = await lstat(path).catch(() => null)
    if (kind?.isDirectory()) throw new Error('it is a folder')
    if (kind !== null && !kind.isFile()) {
      return { write: (text) => explain(file, () => writeFile(path, text)) }
    }
    await rm(path, { force: true })
    return { write: (text) => explain(file, () => replace(path, text)) }
  })
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.part`
  try {
    await writeFile(draft, text)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

async function explain<T>(file: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (cause) {
    throw new RetrialError('ERR_CLI_OUTPUT', `The report could not be written: ${(cause as Error).message}`, {
      hint: 'Give --output a file in a folder that can be written to.',
      location: { path: file },
      cause,
    })
  }
}
