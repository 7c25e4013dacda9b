import path from 'node:path'
import { CommandError } from '../core/module.js'
import type { OwnCommand } from './cli.js'

type Say = (line: string) => void

/** What can be done with the databases that configurations name. What they reject with has a sentence for the operator. */
export interface StorageParts<Config> {
  /** Reads a configuration; without a file the one that is there. */
  load(file: string | undefined): Config
  /** Whether a server is running with it. */
  isRunning(config: Config): Promise<boolean>
  /** Copies everything into a database that is empty. */
  copy(from: Config, to: Config, say: Say): Promise<void>
  /** Makes a file with everything, whether or not a server is running. */
  backUp(config: Config, file: string, say: Say): Promise<void>
  /** Makes the database what a backup says; gives where all is kept that was in it, if there was anything. */
  restore(config: Config, file: string, say: Say): Promise<string | undefined>
  /** Prints a line. */
  readonly say: Say
}

const FILE = { type: 'text', doc: 'the file of the backup' } as const

/** What operators do with a database as a whole. A running server is not asked for it. */
export const storageCommands = <Config>(parts: StorageParts<Config>): readonly OwnCommand[] => [
  {
    name: 'backup',
    doc: 'Makes a backup of the database, while the server runs as well: one file, whatever database it is.',
    args: { file: FILE },
    act: async (file, args) => {
      const backup = path.resolve(args.file ?? '')
      await parts.backUp(parts.load(file), backup, parts.say)
      parts.say(`The backup is ${backup}.`)
      return 0
    },
  },
  {
    name: 'restore',
    doc: 'Makes the database what a backup says, of whatever database that is, and keeps what it was before.',
    args: { file: FILE },
    act: async (file, args) => {
      const backup = path.resolve(args.file ?? '')
      const config = parts.load(file)
      await refuseRunning(parts, config)
      const former = await parts.restore(config, backup, parts.say)
      parts.say(`The database is what ${backup} says.`)
      if (former !== undefined) parts.say(`What it was before is in ${former}.`)
      return 0
    },
  },
  {
    name: 'storage copy',
    doc: 'Copies everything into another database, which is empty, and checks that every row is there.',
    args: { to: { type: 'text', named: 'FILE', doc: 'the configuration that names the other database' } },
    act: async (file, args) => {
      const [from, to] = [parts.load(file), parts.load(args.to)]
      await refuseRunning(parts, from)
      await refuseRunning(parts, to)
      await parts.copy(from, to, parts.say)
      return 0
    },
  },
]

async function refuseRunning<Config>(parts: StorageParts<Config>, config: Config): Promise<void> {
  if (await parts.isRunning(config))
    throw new CommandError('A server is running with this database, and has to be stopped first.')
}
