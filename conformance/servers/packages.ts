import { run } from './run.js'

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
  if (missing.length === 0) return
  const reason = `not installed: ${missing.join(', ')} (apt-get install ${missing.join(' ')})`
  if (process.env.CI) throw new Error(reason)
  console.log(`      skipped, ${reason}`)
  hook.skip()
}
