import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../core/log.js'
import { Histogram } from '../core/metrics.js'
import type { Connections } from './connections.js'
import type { Dialect } from './dialect.js'
import { DatabaseError, driverReason } from './errors.js'
import type { Statements } from './statements.js'

/** What became of one write: its result, or why its own rules refuse it. A statement that fails throws instead. */
export type Outcome<T> = { readonly value: T } | { readonly refused: Error }

/** A kind of write. Those of the same kind that follow each other are done in one go. */
export interface Work<P, T> {
  /** Whether one statement changes all of it, and so it needs no transaction when nothing else is in the batch. */
  isSingle(payloads: readonly P[]): boolean
  /** The outcome of each, in order. */
  run(on: Statements, payloads: readonly P[]): Promise<readonly Outcome<T>[]>
}

export interface Write<P, T> {
  /** Reads of this owner wait for it. */
  readonly owner: string
  readonly work: Work<P, T>
  readonly payload: P
  /** About what it takes up in memory. */
  readonly bytes?: number
  /** Its result, when that is known before it is done. */
  readonly foreseen?: { readonly value: T }
}

/** A write in the queue. Every member is named where one is made: to spread an object costs more than all the rest. */
interface Job {
  readonly number: number
  readonly owner: string
  readonly work: Work<unknown, unknown>
  readonly payload: unknown
  readonly bytes: number
  readonly resolve: (value: unknown) => void
  readonly reject: (fault: unknown) => void
}

export interface WriterOptions {
  /** A single one, on which nothing else happens. */
  readonly connections: Connections
  readonly dialect: Pick<Dialect, 'begin' | 'isOutage' | 'isConflict'>
  readonly log: Log
  /** A batch was rolled back: what was remembered of its effects is not so. */
  readonly rolledBack?: () => void
}

/**
 * All writes of a process, in the order in which they were asked for. While a batch is being committed the next one
 * gathers: nothing waits when little happens, and many share a commit when a lot does. A promise resolves after its
 * commit. When a batch fails, its writes are tried one by one, so that only those that are to blame reject; when the
 * database itself fails, all reject that are in the batch, and the next batch tries again. What another process came in
 * between of is done again.
 */
export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Job[] = []
  /** The number of each owner's last write that is not through. */
  readonly #last = new Map<string, number>()
  #readers: { readonly after: number; readonly go: () => void }[] = []
  #asked = 0
  #through = 0
  #bytes = 0
  #running = false
  #closed = false
  /** How long commits took, in seconds, and how many writes they had. */
  readonly commits = new Histogram(SECONDS)
  readonly batches = new Histogram(WRITES)
  /** Writes that the database could not do. */
  failed = 0
  /*
   * For the test that shows how a server would be caught that acknowledges what it has not kept yet
   * (test/clients/durability.test.ts): promises resolve at once, and the commit comes too late.
   */
  readonly #lies = process.env.PARLANCE_TEST_ACK_BEFORE_COMMIT === '1'

  constructor(options: WriterOptions) {
    this.#options = options
  }

  write<P, T>(write: Write<P, T>): Promise<T> {
    const refusal = this.#refusal()
    if (refusal) return Promise.reject(refusal)
    const { owner, work, payload, bytes = 0, foreseen } = write
    const done = new Promise<T>((resolve, reject) =>
      this.#enqueue({
        number: ++this.#asked,
        owner,
        work,
        payload,
        bytes,
        resolve: resolve as (value: unknown) => void, // its own work makes what it is resolved with
        reject,
      }),
    )
    if (!this.#lies || !foreseen) return done
    done.catch(() => {})
    return Promise.resolve(foreseen.value)
  }

  /** Resolves when all that was asked for so far is through, of one owner or of all; undefined when it is already. */
  settled(owner?: string): Promise<void> | undefined {
    const after = owner === undefined ? this.#asked : (this.#last.get(owner) ?? 0)
    if (after <= this.#through) return undefined
    return new Promise(go => this.#readers.push({ after, go }))
  }

  /** What was asked for and is not through. */
  get waiting(): { readonly writes: number; readonly bytes: number } {
    return { writes: this.#asked - this.#through, bytes: this.#bytes }
  }

  /** Takes no more writes; resolves when the last is through. */
  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
  }

  #refusal(): DatabaseError | undefined {
    if (this.#closed) return new DatabaseError('The database has been closed.')
    if (this.#queue.length < MAX_QUEUE && this.#bytes < MAX_QUEUE_BYTES) return undefined
    return new DatabaseError('Too much waits to be written: the database does not keep up.')
  }

  #enqueue(job: Job): void {
    this.#queue.push(job)
    this.#bytes += job.bytes
    this.#last.set(job.owner, job.number)
    if (this.#running) return
    this.#running = true
    // what else this turn of the event loop brings shares the commit
    setImmediate(() => void this.#run())
  }

  /** Never rejects: whatever happens, the next batch gets its turn. */
  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      if (this.#lies) await pause(50)
      await this.#commit(this.#nextBatch())
      this.#wakeReaders()
    }
    this.#running = false
  }

  #nextBatch(): readonly Job[] {
    let count = 0
    let bytes = 0
    for (const job of this.#queue) {
      bytes += job.bytes
      if (count === MAX_BATCH || (count > 0 && bytes > MAX_BATCH_BYTES)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    try {
      this.#finish(batch, await this.#tryPerform(batch))
    } catch (fault) {
      if (batch.length > 1 && !this.#options.dialect.isOutage(fault)) await this.#commitOneByOne(batch)
      else this.#reject(batch, fault)
    }
  }

  async #commitOneByOne(batch: readonly Job[]): Promise<void> {
    for (const [index, job] of batch.entries()) {
      try {
        this.#finish([job], await this.#tryPerform([job]))
      } catch (fault) {
        if (this.#options.dialect.isOutage(fault)) return this.#reject(batch.slice(index), fault)
        this.#reject([job], fault)
      }
    }
  }

  async #tryPerform(batch: readonly Job[]): Promise<readonly Outcome<unknown>[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#measure(batch)
      } catch (fault) {
        this.#options.rolledBack?.()
        if (tries === MAX_TRIES || !this.#options.dialect.isConflict(fault)) throw fault
      }
    }
  }

  async #measure(batch: readonly Job[]): Promise<readonly Outcome<unknown>[]> {
    const began = performance.now()
    const outcomes = await this.#perform(batch)
    this.commits.observe((performance.now() - began) / 1000)
    this.batches.observe(batch.length)
    return outcomes
  }

  async #perform(batch: readonly Job[]): Promise<readonly Outcome<unknown>[]> {
    const { connections, dialect } = this.#options
    const runs = runsOf(batch)
    const perform = async (on: Statements) => {
      const outcomes: Outcome<unknown>[] = []
      for (const { work, payloads } of runs) outcomes.push(...(await work.run(on, payloads)))
      return outcomes
    }
    const [run] = runs
    const alone = runs.length === 1 && run?.work.isSingle(run.payloads)
    return alone ? connections.use(perform) : connections.transact(dialect.begin, perform)
  }

  #finish(batch: readonly Job[], outcomes: readonly Outcome<unknown>[]): void {
    for (const [index, job] of batch.entries()) {
      this.#leave(job)
      const outcome = outcomes[index]
      if (outcome && 'value' in outcome) job.resolve(outcome.value)
      else job.reject(outcome?.refused ?? new TypeError('a write without an outcome'))
    }
  }

  #reject(batch: readonly Job[], fault: unknown): void {
    const reason = driverReason(fault)
    this.failed += batch.length
    this.#options.log.error({ writes: batch.length, reason }, 'the database failed to write')
    for (const job of batch) {
      this.#leave(job)
      job.reject(new DatabaseError(`The database failed to write: ${reason}.`, { cause: fault }))
    }
  }

  #leave({ number, owner, bytes }: Job): void {
    this.#through = number
    this.#bytes -= bytes
    if (this.#last.get(owner) === number) this.#last.delete(owner)
  }

  #wakeReaders(): void {
    const ready = this.#readers.filter(({ after }) => after <= this.#through)
    this.#readers = this.#readers.filter(({ after }) => after > this.#through)
    for (const { go } of ready) go()
  }
}

/** A kind of write for what happens one at a time. */
export const once = <T>(run: (on: Statements) => Promise<T>, { single = false } = {}): Work<undefined, T> => ({
  isSingle: () => single,
  run: async on => [{ value: await run(on) }],
})

interface Run {
  readonly work: Work<unknown, unknown>
  readonly payloads: unknown[]
}

/** The writes of a batch, those of a kind that follow each other together. */
function runsOf(batch: readonly Job[]): readonly Run[] {
  const runs: Run[] = []
  for (const { work, payload } of batch) {
    const last = runs.at(-1)
    if (last?.work === work) last.payloads.push(payload)
    else runs.push({ work, payloads: [payload] })
  }
  return runs
}

const MAX_TRIES = 3
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const WRITES = [1, 2, 5, 10, 20, 50, 100, 200]

const MAX_BATCH = 500
const MAX_BATCH_BYTES = 4 * 1024 ** 2
const MAX_QUEUE = 100_000
const MAX_QUEUE_BYTES = 256 * 1024 ** 2
