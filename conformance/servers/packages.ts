import { existsSync } from 'node:fs'
import path from 'node:path'
import { projectRoot, run } from './run.js'

/** The version that Debian installed, or undefined. */
export function packageVersion(name: string): Promise<string | undefined> {
  return run('dpkg', ['-s', name]).then(
    text => (text.includes('\nStatus: install ok installed\n') ? /^Version: (.*)$/m.exec(text)?.[1] : undefined),
    () => undefined,
  )
}

/**
 * Skips the calling hook's suite, saying why, where the programs it drives are not installed. In CI they have to be, so
 * there it fails.
 */
export async function requirePackages(hook: Mocha.Context, names: readonly string[]): Promise<void> {
  const versions = await Promise.all(names.map(packageVersion))
  const missing = names.filter((_, i) => versions[i] === undefined)
  if (missing.length > 0) skipFor(hook, `${missing.join(', ')} (apt-get install ${missing.join(' ')})`)
}

/** The same for packages of npm, which are looked for beside the ones of this project. */
export function requireModules(hook: Mocha.Context, names: readonly string[]): void {
  const missing = names.filter(name => !existsSync(path.join(projectRoot, 'node_modules', name)))
  if (missing.length > 0) skipFor(hook, `${missing.join(', ')} (npm install --save-dev ${missing.join(' ')})`)
}

function skipFor(hook: Mocha.Context, missing: string): void {
  if (process.env.CI) throw new Error(`not installed: ${missing}`)
  console.log(`      skipped, not installed: ${missing}`)
  hook.skip()
}
