import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Awaitable } from '../core/awaitable.js'
import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { HttpLimits } from './limits.js'

/** What somebody is answered who came by HTTP. */
export interface Answer {
  readonly status: number
  /** A text, unless the headers say otherwise. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What is to be had at one path. */
export interface Route {
  readonly path: string
  readonly method: 'GET'
  readonly answer: (request: IncomingMessage) => Awaitable<Answer>
}

export const get = (path: string, answer: Route['answer']): Route => ({ path, method: 'GET', answer })

export interface HttpParts {
  readonly routes: readonly Route[]
  readonly limits: HttpLimits
  readonly clock: Clock
  readonly log: Log
}

/** One set of routes, offered at one or several places. */
export class HttpServer {
  readonly #parts: HttpParts
  readonly #listeners = new Set<http.Server>()

  constructor(parts: HttpParts) {
    this.#parts = parts
  }

  /** What comes back ends it; what is being answered is. */
  async listen({ host, port }: { readonly host?: string; readonly port: number }): Promise<() => void> {
    const { limits, log } = this.#parts
    const listener = http.createServer(
      {
        maxHeaderSize: limits.headerSize,
        requestTimeout: limits.requestTime,
        headersTimeout: limits.requestTime,
        keepAliveTimeout: limits.idle,
        connectionsCheckingInterval: CHECKING_MS,
      },
      (request, response) => void this.#serve(request, response),
    )
    listener.maxConnections = limits.connections
    listener.listen({ port, ...(host !== undefined && { host }) })
    await once(listener, 'listening')
    listener.on('error', fault => log.error({ err: fault }, 'a listener failed'))
    this.#listeners.add(listener)
    return () => void this.#closeOne(listener)
  }

  /** Takes no more requests; resolves when those that are there are answered, or have been given up. */
  async close(): Promise<void> {
    await Promise.all([...this.#listeners].map(listener => this.#closeOne(listener)))
  }

  async #closeOne(listener: http.Server): Promise<void> {
    if (!this.#listeners.delete(listener)) return
    const closed = once(listener, 'close')
    listener.close()
    listener.closeIdleConnections()
    const patience = this.#parts.clock.after(FAREWELL_MS, () => listener.closeAllConnections())
    await closed
    patience.cancel()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.#answer(request)
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    response.end(request.method === 'HEAD' ? '' : body)
  }

  /** Never rejects: a fault of ours is one of the answers. */
  async #answer(request: IncomingMessage): Promise<Answer> {
    const { routes, log } = this.#parts
    const [path] = (request.url ?? '').split('?', 1)
    const there = routes.filter(route => route.path === path)
    const method = request.method === 'HEAD' ? 'GET' : request.method // RFC 9110 §9.3.2
    const route = there.find(route => route.method === method)
    try {
      if (route) return await route.answer(request)
    } catch (err) {
      log.error({ path, err }, 'a request failed')
      return { status: 500, body: 'Something went wrong; the log says what.\n' }
    }
    if (there.length === 0) return { status: 404, body: 'There is nothing here.\n' }
    const allowed = there.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    return { status: 405, body: 'That cannot be done here.\n', headers: { Allow: allowed.join(', ') } }
  }
}

/** How often connections are looked at for what takes too long. */
const CHECKING_MS = 1000

/** How long answers that are under way may take when the server stops. */
const FAREWELL_MS = 1000
