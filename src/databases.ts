import type { OwnCommand } from './admin/cli.js'
import { isAnswered } from './admin/socket.js'
import { storageCommands } from './admin/storage.js'
import { type Config, loadConfig } from './config.js'
import { systemClock } from './core/clock.js'
import { silentLog } from './core/log.js'
import { adminSocketIn } from './folder.js'
import { backUp, copyDatabase, restore } from './storage/index.js'

const databaseOf = ({ storage }: Config) => ({ ...storage, log: silentLog })

/** What operators do with the database as a whole. */
export const databaseCommands: readonly OwnCommand[] = storageCommands<Config>({
  load: loadConfig,
  isRunning: config => isAnswered(adminSocketIn(config)),
  copy: (from, to, say) => copyDatabase(databaseOf(from), databaseOf(to), say),
  backUp: (config, file, say) => backUp(databaseOf(config), file, say),
  restore: (config, file, say) =>
    restore({ file, target: databaseOf(config), folder: config.data, now: systemClock.now(), say }),
  say: line => void process.stdout.write(`${line}\n`),
})
