#!/usr/bin/env node
import path from 'node:path'
import { type OwnCommand, type Program, runCli } from './admin/cli.js'
import { type Facts, welcome } from './admin/welcome.js'
import { check } from './check.js'
import { type Config, DEFAULT_FILE, loadConfig, parseConfig } from './config.js'
import { systemClock } from './core/clock.js'
import { ConfigError } from './core/config.js'
import type { Log } from './core/log.js'
import { CommandError } from './core/module.js'
import { ownVersion } from './core/own-version.js'
import { openDoor, openDoorPastServer, startServer } from './server.js'
import { DatabaseError } from './storage/index.js'

const own: readonly OwnCommand[] = [
  { name: 'start', doc: 'Runs the server, until it is told to stop.', args: {}, act: start },
  { name: 'check', doc: 'Says what is wrong with the configuration, if anything is.', args: {}, act: checkConfig },
]

const program: Program = {
  how: howCalled(process.argv[1]),
  version: ownVersion(),
  own,
  offline: openDoorPastServer(parseConfig('')).commands,
  openDoor: async file => openDoor(loadConfig(file)),
  sentenceOn,
}

// somebody who has seen enough, `parlance user list | head`, is no fault
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

function sentenceOn(fault: unknown): string | undefined {
  const known = [ConfigError, CommandError, DatabaseError].some(kind => fault instanceof kind)
  return known && fault instanceof Error ? fault.message : undefined
}

async function start(file: string | undefined): Promise<number> {
  const config = loadConfig(file)
  const told = toldToStop()
  const server = await startServer(config)
  survive(server.log)
  process.stdout.write(welcome(factsOn(config, server.certificates)))
  await told
  const stopped = await Promise.race([server.stop().then(() => true), pause(STOP_MS)])
  if (!stopped) server.log.error({ after: STOP_MS }, 'not everything could be ended in time')
  return stopped ? 0 : 1
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
  const problems = await check(config)
  for (const problem of problems) process.stderr.write(`${sentenceOn(problem) ?? problem}\n`)
  if (problems.length > 0) return 1
  process.stdout.write(`The configuration is good${config.file ? '' : ': all is as it is by default'}.\n`)
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

/** `parlance` when it is installed, `node dist/main.js` when it is not. */
function howCalled(script = 'parlance'): string {
  if (!script.endsWith('.js')) return path.basename(script)
  const near = path.relative('', script)
  return `node ${near.startsWith('..') ? script : near}`
}

// at the end, for all that stands above is there by now; and an exit, for all that is still open is meant to go with us
process.exit(await runCli(process.argv.slice(2), program, process))
