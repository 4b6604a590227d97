import fs from 'node:fs'

/** The file system calls of a writer; replaceable, so that each of them can be made to fail. */
export interface RecordingIo {
  openSync(path: string, flags: number, mode?: number): number
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number
  ftruncateSync(fd: number, length: number): void
  fdatasync(fd: number, done: (error: Error | null) => void): void
  fdatasyncSync(fd: number): void
  fsyncSync(fd: number): void
  closeSync(fd: number): void
  readFileSync(path: string): Buffer
  renameSync(from: string, to: string): void
  linkSync(from: string, to: string): void
  unlinkSync(path: string): void
  mkdirSync(path: string): void
  existsSync(path: string): boolean
}

const makeDirectory = fs.mkdirSync

/** The machine's file system, captured when this module is loaded: what an agent or a test patches later does not reach it. */
export const machineIo: RecordingIo = {
  openSync: fs.openSync,
  writeSync: fs.writeSync,
  ftruncateSync: fs.ftruncateSync,
  fdatasync: fs.fdatasync,
  fdatasyncSync: fs.fdatasyncSync,
  fsyncSync: fs.fsyncSync,
  closeSync: fs.closeSync,
  readFileSync: fs.readFileSync,
  renameSync: fs.renameSync,
  linkSync: fs.linkSync,
  unlinkSync: fs.unlinkSync,
  mkdirSync: (path) => void makeDirectory(path, { recursive: true }),
  existsSync: fs.existsSync,
}
