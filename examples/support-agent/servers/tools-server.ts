import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Order } from '../types.ts'
import { type LoopbackServer, listen } from './listen.ts'

export interface ToolsServerOptions {
  port: number
  /** True for a world without incidents. */
  healthy?: boolean
  /** Factor on all latencies; 0 answers at once. @default 1 */
  pace?: number
}

export interface ToolsServer extends LoopbackServer {
  /** `GET /path?query` of every request, in order of arrival. */
  requests: string[]
}

interface Article {
  title: string
  text: string
  keywords: string[]
}

const ORDERS: Order[] = [
  {
    order_id: 'A-20417',
    item: 'Aria wireless headphones',
    price: '89.90 EUR',
    status: 'delivered',
    carrier: 'Parcelbird',
    delivery_date: '2026-02-11',
  },
  {
    order_id: 'A-30988',
    item: 'Halo desk lamp',
    price: '44.50 EUR',
    status: 'in_transit',
    carrier: 'Parcelbird',
    delivery_date: '2026-03-06',
  },
]

const ARTICLES: Article[] = [
  {
    title: 'Refund policy',
    text: 'Any item can be returned within 30 days of delivery, opened or not.',
    keywords: ['refund', 'return', 'opened'],
  },
  {
    title: 'Shipping times',
    text: 'Parcels leave our warehouse within one working day.',
    keywords: ['shipping', 'delivery', 'parcel'],
  },
]

/** Fell out of the index when release 2.5.1 moved it. */
const LOST_ARTICLE: Article = {
  title: 'Gift cards',
  text: 'The balance of a gift card never expires.',
  keywords: ['gift'],
}

/**
 * Starts the orders and docs services. Unless the world is healthy, searches about refunds never answer
 * and the article about gift cards is missing.
 */
export async function startToolsServer(options: ToolsServerOptions): Promise<ToolsServer> {
  const { port, healthy = false, pace = 1 } = options
  const requests: string[] = []
  const server = await listen(port, async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(`${request.method} ${url.pathname}${url.search}`)
    if (url.pathname === '/search') {
      const query = url.searchParams.get('q') ?? ''
      if (!healthy && query.includes('refund')) return
      await sleep((140 + query.length * 3) * pace)
      return sendJson(response, 200, { query, hits: search(query, healthy) })
    }
    const order = ORDERS.find(({ order_id }) => url.pathname === `/orders/${order_id}`)
    await sleep(110 * pace)
    if (order) return sendJson(response, 200, order)
    return sendJson(response, 404, { error: 'not_found', message: `Nothing at ${url.pathname}` })
  })
  return { ...server, requests }
}

function search(query: string, healthy: boolean): { title: string; text: string }[] {
  const words = query.toLowerCase().split(/\s+/)
  const index = healthy ? [...ARTICLES, LOST_ARTICLE] : ARTICLES
  return index
    .filter(({ keywords }) => keywords.some((keyword) => words.includes(keyword)))
    .map(({ title, text }) => ({ title, text }))
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
