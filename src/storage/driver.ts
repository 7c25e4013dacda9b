import { hasCode } from '../core/system-error.js'
import type { DatabaseOptions } from './database.js'
import { dialects } from './dialect.js'
import { DatabaseError } from './errors.js'

/** Loads the database's driver: only here is it seen whether it works on this machine. Rejects with a DatabaseError. */
export async function checkDriver(
  client: DatabaseOptions['client'],
  load: (name: string) => Promise<unknown> = name => import(name),
): Promise<void> {
  const { driver } = dialects[client]
  try {
    await load(driver)
  } catch (cause) {
    throw new DatabaseError(complaint(driver, cause), { cause })
  }
}

function complaint(driver: string, fault: unknown): string {
  if (hasCode(fault, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'))
    return `The database driver ${driver} is not installed: run "npm install ${driver}".`
  if (hasCode(fault, 'ERR_DLOPEN_FAILED'))
    return `The native part of ${driver} does not fit this machine: run "npm rebuild ${driver} --build-from-source".`
  // npm 12 runs a package's install script only where it is allowed to
  return (
    `The native part of ${driver} is missing, for npm did not run its install script: run "npm rebuild ${driver}", ` +
    `or install with "--allow-scripts=${driver}".`
  )
}
