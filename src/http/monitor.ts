import type { Clock } from '../core/clock.js'
import type { Log } from '../core/log.js'
import type { Metrics } from '../core/metrics.js'
import { formatFor } from './exposition.js'
import type { HttpLimits } from './limits.js'
import { type ProcessWatch, watchProcess } from './process.js'
import type { Readiness } from './readiness.js'
import { get, HttpServer, type Route } from './server.js'

export interface MonitorParts {
  /** What there is to see; metrics of the process are added when somebody may look. */
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly limits: HttpLimits
  readonly clock: Clock
  readonly log: Log
}

/** What machines watch a server by: nothing of it is about a user, and nothing can be changed. */
export class Monitor {
  readonly #metrics: Metrics
  readonly #server: HttpServer
  #watch: ProcessWatch | undefined

  constructor(parts: MonitorParts) {
    this.#metrics = parts.metrics
    this.#server = new HttpServer({ ...parts, routes: routes(parts) })
  }

  /** What comes back ends it. */
  async listen(at: { readonly host?: string; readonly port: number }): Promise<() => void> {
    const end = await this.#server.listen(at)
    if (!this.#watch) {
      this.#watch = watchProcess()
      this.#metrics.add(...this.#watch.metrics)
    }
    return end
  }

  async close(): Promise<void> {
    this.#watch?.stop()
    await this.#server.close()
  }
}

const routes = ({ metrics, readiness, log }: MonitorParts): readonly Route[] => [
  get('/metrics', async ({ headers }) => {
    const format = formatFor(headers.accept)
    const families = await metrics.read((err, metric) => log.warn({ metric, err }, 'a metric cannot be read'))
    return { status: 200, body: format.write(families), headers: { 'Content-Type': format.contentType } }
  }),
  // whoever can answer lives
  get('/health', () => ({ status: 200, body: 'The server lives.\n' })),
  get('/ready', async () => {
    const problem = await readiness.problem()
    return problem === undefined
      ? { status: 200, body: 'The server is ready.\n' }
      : { status: 503, body: `${problem}\n` }
  }),
]
