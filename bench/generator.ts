/**
 * The load: a process of its own that logs in pairs of accounts, lets each pair chat in both directions with a
 * fixed number of messages in flight. An `Order` as JSON comes in by stdin, a `Report` goes out by stdout.
 */
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Histogram } from './histogram.js'
import { Ledger } from './ledger.js'
import { Flow, Scanner } from './message.js'
import { usage } from './proc.js'
import { type Account, joinRelay, logIn, type Wire } from './session.js'

export interface Order {
  readonly port: number
  /** Whose CPU time and memory to read, at the edges of the measured window. */
  readonly serverPid: number
  readonly framing: 'xmpp' | 'line'
  /** Neighbours are pairs: the first chats with the second, the third with the fourth. */
  readonly accounts: readonly Account[]
  /** Messages in flight per direction of a pair. */
  readonly window: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface Report {
  readonly seconds: number
  readonly messages: number
  /** CPU time in microseconds, within the window. */
  readonly serverCpu: number
  readonly generatorCpu: number
  readonly otherCpu: number
  readonly serverRssKiB: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  /** Messages of ours at the wrong connection: sent back as an error, or leaked. */
  readonly misrouted: number
  /** The window on the monotonic clock in microseconds, as in a V8 CPU profile. */
  readonly from: number
  readonly to: number
}

const main = async (order: Order): Promise<Report> => {
  const wires = await connectAll(order)
  for (const { socket } of wires) socket.once('close', () => fail('the server closed a connection'))
  const load = startLoad(order, wires)
  await sleep(order.warmUpSeconds * 1000)
  load.measuring = true
  const before = snapshot(order.serverPid)
  await sleep(order.seconds * 1000)
  const after = snapshot(order.serverPid)
  load.measuring = false
  load.stopping = true
  await drained(load)
  for (const { socket } of wires) socket.removeAllListeners('close').destroy()

  const latency = (share: number) => load.latency.percentile(share) / 1000
  const serverCpu = after.cpu - before.cpu
  const generatorCpu = after.ownCpu - before.ownCpu
  return {
    seconds: (after.at - before.at) / 1e6,
    messages: load.measured,
    serverCpu,
    generatorCpu,
    otherCpu: Math.max(0, after.machineCpu - before.machineCpu - serverCpu - generatorCpu),
    serverRssKiB: after.rssKiB,
    latencyMs: { p50: latency(0.5), p95: latency(0.95), p99: latency(0.99), max: load.latency.max / 1000 },
    lost: sum(load.ends.map(end => end.ledger.lost(end.partner().flow.sent))),
    doubled: sum(load.ends.map(end => end.ledger.doubled)),
    reordered: sum(load.ends.map(end => end.ledger.reordered)),
    misrouted: load.misrouted,
    from: before.at,
    to: after.at,
  }
}

const connectAll = async ({ port, framing, accounts }: Order): Promise<Wire[]> => {
  const wires: Wire[] = []
  // a few at a time, in pairs: the relay answers when both have come
  for (let i = 0; i < accounts.length; i += LOGINS_AT_ONCE) {
    const group = accounts.slice(i, i + LOGINS_AT_ONCE)
    const connected = group.map((account, j) =>
      framing === 'xmpp' ? logIn(port, account) : joinRelay(port, Math.floor((i + j) / 2)),
    )
    wires.push(...(await Promise.all(connected)))
  }
  return wires
}

interface Load {
  measuring: boolean
  stopping: boolean
  measured: number
  misrouted: number
  readonly latency: Histogram
  readonly ends: readonly End[]
}

/** One connection: it sends `flow` and books what its partner sent. */
interface End {
  readonly wire: Wire
  readonly flow: Flow
  readonly ledger: Ledger
  readonly partner: () => End
}

const startLoad = ({ accounts, window, framing }: Order, wires: readonly Wire[]): Load => {
  const run = process.pid % 1_000_000
  const ends = wires.map((wire, index): End => {
    const partner = () => ends[index ^ 1] as End // there are only whole pairs
    const { user, domain } = accounts[index ^ 1] as Account
    const flow = new Flow({ run, flow: index, to: `${user}@${domain}`, window, framing })
    return { wire, flow, ledger: new Ledger(), partner }
  })
  const load: Load = { measuring: false, stopping: false, measured: 0, misrouted: 0, latency: new Histogram(), ends }
  for (const [index, end] of ends.entries()) end.wire.receive = receiver(load, end, index ^ 1, run)
  const now = clock()
  for (const end of ends) send(end, window, now)
  return load
}

/** Books every message and lets the partner send as many new ones, in one write. */
const receiver = (load: Load, end: End, from: number, run: number): Wire['receive'] => {
  const partner = end.partner()
  let now = 0
  let arrived = 0
  const scanner = new Scanner((itsRun, flow, sequence, time) => {
    if (itsRun !== run || flow !== from) {
      load.misrouted++
      return
    }
    if (!end.ledger.take(sequence)) return
    arrived++
    if (load.measuring) load.latency.add(now - time)
  })
  return chunk => {
    now = clock()
    arrived = 0
    scanner.scan(chunk)
    if (load.measuring) load.measured += arrived
    if (arrived > 0 && !load.stopping) send(partner, arrived, now)
  }
}

const send = ({ wire, flow }: End, count: number, now: number): void => {
  const pieces = flow.stamp(count, now)
  if (pieces.length > 1) wire.socket.cork()
  for (const piece of pieces) wire.socket.write(piece)
  if (pieces.length > 1) wire.socket.uncork()
}

const drained = async ({ ends }: Load): Promise<void> => {
  const waiting = () => ends.some(end => end.ledger.lost(end.partner().flow.sent) > 0)
  for (let waited = 0; waiting() && waited < DRAIN_LIMIT; waited += 50) await sleep(50)
}

const snapshot = (serverPid: number) => {
  const own = process.cpuUsage()
  const at = Number(process.hrtime.bigint() / 1000n)
  return { ...usage(serverPid), ownCpu: own.user + own.system, at }
}

/** Whole microseconds since the generator started. */
const clock = (): number => Math.floor(performance.now() * 1000)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const fail = (error: unknown): void => {
  console.error(error)
  process.exit(1)
}

const LOGINS_AT_ONCE = 16
const DRAIN_LIMIT = 10_000

// the order comes from run.ts
main(JSON.parse(await text(process.stdin)) as Order).then(report => console.log(JSON.stringify(report)), fail)
