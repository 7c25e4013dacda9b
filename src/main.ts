#!/usr/bin/env node
import path from 'node:path'
import { type OwnCommand, type Program, runCli } from './admin/cli.js'
import type { Ending } from './admin/lifecycle.js'
import { type Facts, welcome } from './admin/welcome.js'
import { check } from './check.js'
import { type Config, DEFAULT_FILE, loadConfig, parseConfig } from './config.js'
import { systemClock } from './core/clock.js'
import { ConfigError } from './core/config.js'
import type { Log } from './core/log.js'
import { CommandError } from './core/module.js'
import { ownVersion } from './core/own-version.js'
import { reasonOf } from './core/system-error.js'
import { databaseCommands } from './databases.js'
import { openNotify } from './notify.js'
import { openDoor, openDoorPastServer } from './operating.js'
import { type Server, startServer } from './server.js'
import { DatabaseError } from './storage/index.js'

const own: readonly OwnCommand[] = [
  { name: 'start', doc: 'Runs the server, until it is told to stop.', args: {}, act: start },
  { name: 'check', doc: 'Says what is wrong with the configuration, if anything is.', args: {}, act: checkConfig },
  ...databaseCommands,
]

const program: Program = {
  how: process.env.PARLANCE_CALLED ?? howCalled(process.argv[1]),
  version: ownVersion(),
  own,
  offline: openDoorPastServer(parseConfig('')).commands,
  openDoor,
  sentenceOn,
}

// somebody who has seen enough, `parlance user list | head`, is no fault
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

function sentenceOn(fault: unknown): string | undefined {
  const known = [ConfigError, CommandError, DatabaseError].some(kind => fault instanceof kind)
  return known && fault instanceof Error ? fault.message : undefined
}

async function start(file: string | undefined): Promise<number> {
  const told = toldToStop().then((): Ending => 'stop')
  let starting: Promise<Server> | undefined
  const notify = openNotify({
    env: process.env,
    clock: systemClock,
    complain: async reason => (await starting)?.log.warn({ reason: reasonOf(reason) }, 'systemd cannot be told'),
  })
  const begin = (config: Config, end: (how: Ending) => void) => {
    starting = startServer(config, { load: () => loadConfig(file), notify, end })
    return starting
  }
  // at once: without it, the signal would end the process
  process.on('SIGHUP', () => starting?.then(server => server.reload()).catch(() => {}))
  for (;;) {
    const config = loadConfig(file)
    const [server, asked] = await begun(end => begin(config, end))
    process.stdout.write(welcome(factsOn(config, server.certificates)))
    notify.ready()
    const how = await Promise.race([told, asked])
    if (how === 'restart') notify.reloading()
    else notify.stopping()
    const stopped = await Promise.race([server.stop().then(() => true), pause(STOP_MS)])
    if (!stopped) server.log.error({ after: STOP_MS }, 'not everything could be ended in time')
    if (!stopped || how === 'stop') return stopped ? 0 : 1
  }
}

/** A server that runs, and when an operator wants it to end. */
async function begun(begin: (end: (how: Ending) => void) => Promise<Server>) {
  let end = (_: Ending) => {}
  const asked = new Promise<Ending>(resolve => {
    end = resolve
  })
  const server = await begin(end)
  if (process.listenerCount('uncaughtException') === 0) survive(server.log)
  return [server, asked] as const
}

/** Whoever wants us to stop is patient for a few seconds: we are gone within five. */
const STOP_MS = 4500

const pause = (ms: number) => new Promise<false>(resolve => systemClock.after(ms, () => resolve(false)))

/** Resolves at the first signal. A second one ends the process at once. */
function toldToStop(): Promise<void> {
  return new Promise(resolve => {
    let first: number | undefined
    const hear = () => {
      first ??= systemClock.now()
      // Ctrl-C under `npm start` comes twice: from the terminal, and from npm
      if (systemClock.now() - first > SAME_MS) process.exit(1)
      resolve()
    }
    process.on('SIGINT', hear).on('SIGTERM', hear)
  })
}

const SAME_MS = 300

/**
 * A fault that nobody caught is ours, and concerns one stanza or stream, as what has to last is in the database, where
 * it changes as a whole or not at all. To end the process would cut everybody off for it, again and again if somebody
 * can cause it. Before the server runs, it does end it: nobody is there yet, and somebody looks.
 */
function survive(log: Log): void {
  process.on('uncaughtException', (err, origin) => log.error({ err, origin }, 'a fault that nobody caught'))
}

async function checkConfig(file: string | undefined): Promise<number> {
  const config = loadConfig(file)
  const { problems, advice } = await check(config)
  for (const problem of problems) process.stderr.write(`${sentenceOn(problem) ?? problem}\n`)
  if (problems.length > 0) return 1
  process.stdout.write(`The configuration is good${config.file ? '' : ': all is as it is by default'}.\n`)
  for (const sentence of advice) process.stdout.write(`Advice: ${sentence}\n`)
  return 0
}

function factsOn({ file, listen, data }: Config, domains: Facts['domains']): Facts {
  const { how, version } = program
  const options = file === undefined || file === path.resolve(DEFAULT_FILE) ? '' : `--config ${file}`
  const doors = [
    ...listen.c2s.map(at => ({ how: 'STARTTLS', ...at })),
    ...listen['c2s-tls'].map(at => ({ how: 'TLS', ...at })),
  ]
  return { how, options, version, domains, doors, data }
}

/** Where no script says it that calls us (PARLANCE_CALLED): `parlance` when it is installed, `node dist/main.js` when it is not. */
function howCalled(script = 'parlance'): string {
  if (!script.endsWith('.js')) return path.basename(script)
  const near = path.relative('', script)
  return `node ${near.startsWith('..') ? script : near}`
}

// at the end, for all that stands above is there by now; and an exit, for all that is still open is meant to go with us
process.exit(await runCli(process.argv.slice(2), program, process))
