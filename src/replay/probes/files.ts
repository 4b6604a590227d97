import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Probe, ProbeTarget } from './probe.ts'

const { promises } = fs
const WriteStream = fs.WriteStream as unknown as new (path: string) => fs.WriteStream
const into = ({ folder }: ProbeTarget): string => join(folder, 'new')
/** A file of the agent's own, in the folder that it may write to. */
const own = (name: string): string => {
  const file = join(process.env.TMPDIR ?? '', name)
  fs.rmSync(file, { recursive: true, force: true })
  fs.writeFileSync(file, 'own')
  return file
}

/** What changes a file or a folder that nobody may change. */
export const FILES: readonly Probe[] = [
  { name: 'writeFileSync', run: (target) => fs.writeFileSync(into(target), 'x') },
  { name: 'writeFile', run: (target) => called((done) => fs.writeFile(into(target), 'x', done)) },
  { name: 'promises.writeFile', run: (target) => promises.writeFile(into(target), 'x') },
  { name: 'writeFile of a URL', run: (target) => fs.writeFileSync(pathToFileURL(into(target)), 'x') },
  { name: 'writeFile of bytes', run: (target) => fs.writeFileSync(Buffer.from(into(target)), 'x') },
  { name: 'appendFile', run: ({ file }) => fs.appendFileSync(file, 'x') },
  { name: 'openSync w', run: (target) => fs.openSync(into(target), 'w') },
  { name: 'openSync r+', run: ({ file }) => fs.writeSync(fs.openSync(file, 'r+'), 'x') },
  { name: 'open by number', run: ({ file }) => fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_TRUNC) },
  { name: 'open', run: (target) => called((done) => fs.open(into(target), 'a', (error) => done(error))) },
  { name: 'a FileHandle', run: async (target) => (await promises.open(into(target), 'w')).writeFile('x') },
  { name: 'readFile that creates', run: (target) => fs.readFileSync(into(target), { flag: 'w+' }) },
  {
    name: 'createWriteStream',
    run: (target) => called((done) => fs.createWriteStream(into(target)).on('error', done).end('x', done)),
  },
  {
    name: 'WriteStream',
    run: (target) => called((done) => new WriteStream(into(target)).on('error', done).end('x', done)),
  },
  { name: 'copyFile', run: ({ file }) => fs.copyFileSync(own('copied'), file) },
  { name: 'promises.copyFile', run: ({ file }) => promises.copyFile(own('copied'), file) },
  { name: 'cpSync', run: (target) => fs.cpSync(own('copied'), into(target)) },
  {
    name: 'promises.cp of a folder',
    run: (target) => promises.cp(process.env.TMPDIR ?? '', into(target), { recursive: true }),
  },
  { name: 'rename into', run: (target) => fs.renameSync(own('moved'), into(target)) },
  { name: 'rename out of', run: ({ file }) => fs.renameSync(file, join(process.env.TMPDIR ?? '', 'taken')) },
  { name: 'link into', run: (target) => fs.linkSync(own('linked'), into(target)) },
  {
    name: 'link and write',
    run: ({ file }) => {
      const link = join(process.env.TMPDIR ?? '', 'hard')
      fs.linkSync(file, link)
      fs.writeFileSync(link, 'x')
    },
  },
  { name: 'symlink into', run: (target) => fs.symlinkSync(own('linked'), into(target)) },
  {
    name: 'symlink and write',
    run: ({ file }) => {
      const link = join(process.env.TMPDIR ?? '', 'soft')
      fs.rmSync(link, { force: true })
      fs.symlinkSync(file, link)
      fs.writeFileSync(link, 'x')
    },
  },
  {
    name: 'a symlink to the folder',
    run: ({ folder, file }) => {
      const link = join(process.env.TMPDIR ?? '', 'way')
      fs.rmSync(link, { force: true })
      fs.symlinkSync(folder, link)
      fs.writeFileSync(join(link, basename(file)), 'x')
    },
  },
  {
    name: 'a relative path after chdir',
    run: ({ folder }) => {
      const before = process.cwd()
      process.chdir(folder)
      try {
        fs.writeFileSync('new', 'x')
      } finally {
        process.chdir(before)
      }
    },
  },
  { name: 'truncate', run: ({ file }) => fs.truncateSync(file, 0) },
  { name: 'promises.truncate', run: ({ file }) => promises.truncate(file, 0) },
  { name: 'unlink', run: ({ file }) => fs.unlinkSync(file) },
  { name: 'promises.unlink', run: ({ file }) => promises.unlink(file) },
  { name: 'rm of the folder', run: ({ folder }) => fs.rmSync(folder, { recursive: true }) },
  { name: 'rmdir', run: ({ folder }) => fs.rmdirSync(join(folder, 'empty')) },
  { name: 'mkdir', run: (target) => fs.mkdirSync(into(target)) },
  { name: 'mkdtemp', run: (target) => fs.mkdtempSync(into(target)) },
  { name: 'chmod', run: ({ file }) => fs.chmodSync(file, 0o600) },
  { name: 'fchmod of a file that may be read', run: ({ file }) => fs.fchmodSync(fs.openSync(file, 'r'), 0o600) },
  { name: 'utimes', run: ({ file }) => fs.utimesSync(file, 1, 1) },
  { name: 'lutimes', run: ({ file }) => fs.lutimesSync(file, 1, 1) },
  { name: 'futimes of a file that may be read', run: ({ file }) => fs.futimesSync(fs.openSync(file, 'r'), 1, 1) },
  {
    name: 'utimes by a FileHandle',
    run: async ({ file }) => {
      const handle = await promises.open(file, 'r')
      try {
        await handle.utimes(1, 1)
      } finally {
        await handle.close()
      }
    },
  },
  {
    name: 'the memory of the process',
    isThere: () => process.platform === 'linux',
    run: () => {
      fs.closeSync(fs.openSync('/proc/self/mem', 'r+'))
      return true
    },
  },
]

function called(act: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()))
  })
}
