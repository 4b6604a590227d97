import dgram from 'node:dgram'
import dns from 'node:dns'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import inspector from 'node:inspector'
import net from 'node:net'
import tls from 'node:tls'
import vm from 'node:vm'
import { HOST, type Probe, settled } from './probe.ts'

const connect = net.Socket.prototype.connect as (this: net.Socket, port: number, host: string) => net.Socket
const EventSource = (globalThis as { EventSource?: new (url: string) => Listening }).EventSource

interface Listening {
  onopen: unknown
  onerror: unknown
}

/** Connections, datagrams and names: by Node's modules, by its globals, and by what an agent kept or went around. */
export const NETWORK: readonly Probe[] = [
  { name: 'fetch', alone: true, door: true, run: ({ tcp }) => fetch(`http://${HOST}:${tcp}/`) },
  {
    name: 'http.request',
    alone: true,
    door: true,
    run: ({ tcp }) => settled(http.request({ host: HOST, port: tcp }).end()),
  },
  {
    name: 'https.request',
    alone: true,
    door: true,
    run: ({ tcp }) => settled(https.request({ host: HOST, port: tcp }).end()),
  },
  {
    name: 'http over a Unix socket',
    alone: true,
    door: true,
    run: ({ unix }) => settled(http.request({ socketPath: unix }).end()),
  },
  { name: 'net.connect', run: ({ tcp }) => settled(net.connect(tcp, HOST)) },
  { name: 'new net.Socket', run: ({ tcp }) => settled(new net.Socket().connect(tcp, HOST)) },
  { name: 'a saved connect', run: ({ tcp }) => settled(connect.call(new net.Socket(), tcp, HOST)) },
  { name: 'tls.connect', run: ({ tcp }) => settled(tls.connect(tcp, HOST)) },
  { name: 'http2.connect', run: ({ tcp }) => settled(http2.connect(`http://${HOST}:${tcp}`)) },
  { name: 'WebSocket', run: ({ tcp }) => heard(new WebSocket(`ws://${HOST}:${tcp}`)) },
  {
    name: 'EventSource',
    alone: true,
    door: true,
    isThere: () => EventSource !== undefined,
    run: ({ tcp }) => EventSource && heard(new EventSource(`http://${HOST}:${tcp}`)),
  },
  {
    name: 'a dynamic import',
    run: async ({ tcp }) => settled((await import(String('node:net'))).connect(tcp, HOST)),
  },
  {
    name: 'another vm context',
    run: ({ tcp }) => {
      const escaped = vm.runInNewContext(`this.constructor.constructor('return process')()`) as NodeJS.Process
      return settled(escaped.getBuiltinModule('node:net').connect(tcp, HOST))
    },
  },
  { name: 'a Unix socket', run: ({ unix }) => settled(net.connect(unix)) },
  { name: 'net.listen', listens: true, run: ({ free }) => opened(net.createServer().listen(free, HOST)) },
  {
    name: 'http.listen',
    listens: true,
    run: ({ free }) => opened(http.createServer((_request, response) => response.end()).listen(free, HOST)),
  },
  {
    name: 'dgram send',
    run: ({ udp }) => new Promise((resolve) => dgram.createSocket('udp4').send('x', udp, HOST, () => resolve(null))),
  },
  {
    name: 'dgram connect',
    run: ({ udp }) => {
      const socket = dgram.createSocket('udp4')
      socket.on('connect', () => socket.send('x'))
      socket.connect(udp, HOST)
      return settled(socket)
    },
  },
  {
    name: 'dns.lookup',
    run: () => new Promise((resolve) => dns.lookup('localhost', (error) => resolve(error === null))),
  },
  {
    name: 'dns.promises.lookup',
    run: async () => (await dns.promises.lookup('localhost')) !== null,
  },
  { name: 'a dns.Resolver', run: ({ udp }) => ask(new dns.Resolver(), udp) },
  {
    name: 'a dns.promises.Resolver',
    run: async ({ udp }) => {
      const resolver = new dns.promises.Resolver({ timeout: 200, tries: 1 })
      resolver.setServers([`${HOST}:${udp}`])
      await resolver.resolve4('world.invalid')
    },
  },
  {
    name: 'dns.resolve',
    run: ({ udp }) => {
      dns.setServers([`${HOST}:${udp}`])
      return ask(dns as unknown as dns.Resolver, udp)
    },
  },
  {
    name: 'inspector.open',
    listens: true,
    run: ({ free }) => {
      inspector.open(free, HOST)
      return new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_MS))
    },
  },
]

/** For somebody who looks every few ms whether a port is open, ms. */
const LONG_ENOUGH_MS = 300

async function opened(server: net.Server): Promise<void> {
  await settled(server)
  await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_MS))
  server.close()
}

function heard(source: Listening): Promise<unknown> {
  return new Promise((resolve) => {
    source.onopen = resolve
    source.onerror = resolve
  })
}

function ask(resolver: Pick<dns.Resolver, 'setServers' | 'resolve4'>, udp: number): Promise<unknown> {
  resolver.setServers([`${HOST}:${udp}`])
  return new Promise((resolve) => {
    setTimeout(resolve, LONG_ENOUGH_MS)
    resolver.resolve4('world.invalid', resolve)
  })
}
