import dgram from 'node:dgram'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { call, HOST, type ProbeTarget } from './probe.ts'

/** What is watched for one probe, real and of its own. */
export interface Witness {
  target: ProbeTarget
  /** What reached it: `tcp`, `udp`, `unix`, `listen`, `file`; none when nothing did. */
  contacts(): string[]
  close(): Promise<void>
}

/** How often it is looked whether somebody listens, ms. */
const LOOK_MS = 60

/** Opens listeners and makes files that count who reaches them. */
export async function openWitness(folder: string, listens: boolean): Promise<Witness> {
  mkdirSync(folder, { recursive: true, mode: 0o777 })
  const heard = new Set<string>()
  const tcp = net.createServer((socket) => {
    heard.add('tcp')
    socket.on('error', () => undefined).destroy()
  })
  const unix = net.createServer((socket) => {
    heard.add('unix')
    socket.on('error', () => undefined).destroy()
  })
  const udp = dgram.createSocket('udp4').on('message', () => heard.add('udp'))
  const path = join(folder, 's')
  await new Promise<void>((resolve) => tcp.listen(0, HOST, resolve))
  await new Promise<void>((resolve, reject) => unix.once('error', reject).listen(path, resolve))
  await new Promise<void>((resolve) => udp.bind(0, HOST, resolve))
  const free = listens ? await findFreePort() : 0
  const target = { ...makeFiles(folder), tcp: portOf(tcp), udp: udp.address().port, unix: path, free }
  writeFileSync(target.script, call(target.tcp))
  for (const open of [folder, path, target.folder, target.file]) chmodSync(open, open === target.file ? 0o666 : 0o777)
  const before = describeFolder(target.folder)
  const knocking = setInterval(() => {
    if (listens) knock(free, () => heard.add('listen'))
  }, LOOK_MS)
  return {
    target,
    contacts: () => [...heard, ...(describeFolder(target.folder) === before ? [] : ['file'])],
    async close() {
      clearInterval(knocking)
      udp.close()
      await Promise.all([tcp, unix].map((server) => new Promise((resolve) => server.close(resolve))))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeFiles(folder: string): Pick<ProbeTarget, 'folder' | 'file' | 'script'> {
  const kept = join(folder, 'kept')
  mkdirSync(join(kept, 'empty'), { recursive: true })
  const file = join(kept, 'file')
  writeFileSync(file, 'kept')
  return { folder: kept, file, script: join(folder, 'call.cjs') }
}

/** Everything in a folder that can be changed, in one text. */
function describeFolder(folder: string): string {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => {
        const path = join(folder, name)
        const stat = lstatSync(path)
        return `${name} ${stat.mode} ${stat.mtimeMs} ${stat.nlink} ${stat.isFile() ? readFileSync(path, 'utf8') : ''}`
      })
      .join('\n')
  } catch {
    return 'gone'
  }
}

function portOf(server: net.Server): number {
  return (server.address() as AddressInfo).port
}

/** A port that the system gives to nobody who asks for any. */
async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = net.createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, HOST, () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}

function knock(port: number, then: () => void): void {
  const socket = net.connect(port, HOST)
  socket
    .on('error', () => undefined)
    .on('connect', () => {
      // A connection to a free port may come from that very port.
      if (socket.localPort !== port) then()
      socket.destroy()
    })
}
