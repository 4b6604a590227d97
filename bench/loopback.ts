/** A model's server on the loopback interface, forked by the benchmark: answers `/<workload>/<index>`. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Exchange, exchangesOf, type WorkloadName } from './support/workloads.ts'

const MEASURED: WorkloadName[] = ['small', 'large', 'large_new', 'sse', 'slow']
const RECORDED = 10
/** Between the chunks of the slow stream, ms. */
const PAUSE_MS = 10

const exchanges = new Map(
  MEASURED.flatMap((name) =>
    exchangesOf(name, RECORDED).map((exchange): [string, Exchange] => [exchange.key, exchange]),
  ),
)

const server = http.createServer((request, response) => {
  const exchange = exchanges.get((request.url ?? '').slice(1))
  request.resume()
  request.once('end', () => {
    answer(exchange, response).catch(() => response.destroy())
  })
})

async function answer(exchange: Exchange | undefined, response: http.ServerResponse): Promise<void> {
  if (exchange === undefined) {
    response.writeHead(404).end()
    return
  }
  const { headers, chunks } = exchange.answer
  response.writeHead(200, Object.fromEntries(headers))
  if (chunks.length === 1) {
    response.end(exchange.text)
    return
  }
  const slow = exchange.key.startsWith('slow')
  for (const chunk of chunks) {
    response.write(chunk)
    await (slow ? setTimeout(PAUSE_MS) : setImmediate())
  }
  response.end()
}

process.once('message', () => {
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  })
})
process.once('disconnect', () => process.exit(0))
