/**
 * What is written about the program by the program itself: `node dist/docs.js write` puts it into the files that
 * `node dist/docs.js check` compares, and `node dist/docs.js hooks` prints the order in which modules see stanzas.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { settings } from './config.js'
import { LocalBus } from './core/bus.js'
import { systemClock } from './core/clock.js'
import type { Field, Fields } from './core/config.js'
import { LocalDirectory } from './core/directory.js'
import { Host } from './core/host.js'
import { silentLog } from './core/log.js'
import { MemoryAccounts, MemoryStorage } from './core/memory-storage.js'
import { type AnyModule, type Flows, STAGES, type Stage } from './core/module.js'
import { ownVersion } from './core/own-version.js'
import { modules } from './modules/index.js'
import type { Setting } from './settings.js'
import { countScripts, doap, supportTable } from './support.js'

/** A configuration that says what holds anyway, and what each key is for. */
export function exampleConfig(): string {
  const sections = Object.entries(settings).map(([name, setting]) =>
    (name === 'modules' ? modulesSection(setting) : settingLines(name, setting)).join('\n'),
  )
  const head = comment(
    'What Parlance does when nothing else is said. Leave out what you do not change: an empty file will do.',
    '',
  )
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`
}

function settingLines(name: string, { doc, fields, written }: Setting<unknown>): readonly string[] {
  if (!fields) return [...comment(doc, ''), `${name}: ${written}`]
  return [...comment(doc, ''), `${name}:`, ...fieldLines(fields, '  ')]
}

function modulesSection({ doc }: Setting<unknown>): readonly string[] {
  const sections = modules.map(module => {
    const fields = Object.keys(module.config ?? {}).length > 0 ? fieldLines(module.config ?? {}, '    ') : undefined
    return ['', ...comment(module.doc, '  '), `  ${module.name}:${fields ? '' : ' true'}`, ...(fields ?? [])]
  })
  return [...comment(doc, ''), 'modules:', ...sections.flat()]
}

const fieldLines = (fields: Fields, indent: string): readonly string[] =>
  Object.entries(fields).flatMap(([name, field]) => [
    ...comment(field.doc, indent),
    `${indent}${assignment(name, field)}`,
  ])

/** A key that is not there by default only shows what it could be. */
const assignment = (name: string, field: Field<unknown>): string =>
  `${field.default === undefined ? '# ' : ''}${name}: ${field.format(field.default)}`

const WIDTH = 110

function comment(text: string, indent: string): readonly string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = `${indent}#`
    for (const word of paragraph.split(' ')) {
      if (line.length + word.length >= WIDTH) {
        lines.push(line)
        line = `${indent}#`
      }
      line += ` ${word}`
    }
    lines.push(line)
  }
  return lines
}

/** In which order modules see a stanza, with all of them switched on. */
export function hookOrder(list: readonly AnyModule[] = modules): string {
  const host = loaded(list)
  const flows: readonly (keyof Flows)[] = ['fromClient', 'fromComponent', 'request', 'toAccount']
  const stages = Object.keys(STAGES) as Stage[] // the type has no others
  const met = flows.filter(flow => host.steps(flow, stages).length > 0)
  const lines = met.flatMap(flow => [
    flow,
    ...stages.map(
      stage =>
        `  ${stage.padEnd(9)} ${
          host
            .steps(flow, [stage])
            .map(step => step.module)
            .join(', ') || '-'
        }`,
    ),
  ])
  return `${lines.join('\n')}\n`
}

/** Modules in a world where nothing happens. */
function loaded(list: readonly AnyModule[]): Host {
  const host = new Host(silentLog)
  const storage = new MemoryStorage()
  const bus = new LocalBus()
  host.load(
    list,
    {},
    {
      domains: new Set(['localhost']),
      administration: { commands: () => [], isAdmin: () => false, admins: () => [] },
      sessions: new LocalDirectory(),
      accounts: new MemoryAccounts({ bus, storage }),
      router: { route() {} },
      bus,
      clock: systemClock,
      log: silentLog,
      randomId: () => '',
      storage,
    },
  )
  return host
}

const FILES: readonly (readonly [file: string, write: () => string])[] = [
  ['config.example.yaml', exampleConfig],
  ['docs/xeps.md', () => supportTable(countScripts())],
  ['docs/doap.xml', () => doap(ownVersion())],
]

function main(word: string | undefined): number {
  if (word === 'hooks') {
    process.stdout.write(hookOrder())
    return 0
  }
  if (word !== 'write' && word !== 'check') {
    process.stderr.write('write, check or hooks was expected.\n')
    return 2
  }
  const outdated = FILES.filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text())
  for (const [file, text] of outdated) {
    if (word === 'check') process.stderr.write(`${file} does not say what the program does: run "npm run docs".\n`)
    else {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text())
      process.stdout.write(`${file} written\n`)
    }
  }
  return word === 'check' && outdated.length > 0 ? 1 : 0
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv[2])
