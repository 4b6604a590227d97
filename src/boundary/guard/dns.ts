import dns from 'node:dns'
import net from 'node:net'
import { type Exports, type Refuse, replace } from './refusal.ts'

const LOOKUPS = /^(lookup|lookupService|resolve|resolve[A-Z0-9].*|reverse)$/
const QUERIES = /^(query[A-Z]|getHostByAddr)/

/**
 * Closes name look-ups: those of the system, by callback and by promise, and those of c-ares, down to its channels.
 * A name is a message too: it would leave the machine.
 */
export function guardDns(refuse: Refuse): void {
  const byCallback = [dns, dns.Resolver.prototype] as unknown as Exports[]
  const byPromise = [dns.promises, dns.promises.Resolver.prototype] as unknown as Exports[]
  for (const owner of byCallback) guardLookups(owner, refuse, answerByCallback)
  for (const owner of byPromise) guardLookups(owner, refuse, (error) => Promise.reject(error))
  const channel = (new dns.Resolver() as unknown as { _handle: object })._handle
  guardChannels(Object.getPrototypeOf(channel) as Exports, refuse)
}

type Answer = (error: Error, args: unknown[]) => unknown

function guardLookups(owner: Exports, refuse: Refuse, answer: Answer): void {
  for (const name of Object.getOwnPropertyNames(owner).filter((key) => LOOKUPS.test(key))) {
    replace(owner, name, (base) => {
      return function (...args) {
        const host = String(args[0])
        // An address needs no look-up: nothing leaves.
        if (name === 'lookup' && net.isIP(host) !== 0) return base.apply(this, args)
        refuse('dns', host)
        const syscall = name.startsWith('lookup') ? 'getaddrinfo' : `query${name.slice('resolve'.length)}`
        const error = new Error(`${syscall} EACCES ${host}`)
        return answer(Object.assign(error, { code: 'EACCES', syscall, hostname: host }), args)
      }
    })
  }
}

function answerByCallback(error: Error, args: unknown[]): unknown {
  const callback = args.at(-1)
  if (typeof callback === 'function') process.nextTick(callback as () => void, error)
  return {}
}

/** Only code that kept a resolver's inner method comes here. */
function guardChannels(channel: Exports, refuse: Refuse): void {
  for (const name of Object.getOwnPropertyNames(channel).filter((key) => QUERIES.test(key))) {
    replace(channel, name, () => (_request, host) => {
      refuse('dns', String(host))
      return 'EACCES'
    })
  }
}
