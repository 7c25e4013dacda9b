/** `npm run fuzz`: conversations changed by chance against a server of its own. See README.md. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Fuzzer, record } from './hostile/fuzz.js'
import { Target } from './hostile/target.js'
import { readScripts, SCRIPTS } from './wire/script.js'

const USAGE = `npm run fuzz -- [options]
  --seconds N  how long: 60
  --seed S     the same seed does the same
  --only TEXT  of scripts whose name has this in it
  --keep DIR   where findings are written to, as scripts: conformance/hostile/scripts/found`

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    only: { type: 'string', default: '' },
    keep: { type: 'string', default: path.join(SCRIPTS, '..', 'hostile', 'scripts', 'found') },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE)
  const [seed, seconds] = [Number(options.seed), Number(options.seconds)]
  console.log(`--seed ${seed}`)
  const target = await Target.start({ config: { log: { level: 'warn' } } })
  try {
    const scripts = readScripts(SCRIPTS).filter(({ name }) => name.includes(options.only))
    const sessions = await record(scripts, target)
    console.log(`${sessions.length} conversations of ${scripts.length} scripts`)
    let count = 0
    const { played, found } = await new Fuzzer(target, sessions).run(seed, seconds * 1000, {
      most: 20,
      report({ reason, script }) {
        mkdirSync(options.keep, { recursive: true })
        const file = path.join(options.keep, `seed-${seed}-${++count}.script`)
        writeFileSync(file, script)
        console.log(`✖ ${file}\n  ${reason.slice(0, 500).replaceAll('\n', '\n  ')}`)
      },
    })
    console.log(`${played} played, ${found.length} found`)
    process.exitCode = found.length > 0 ? 1 : 0
  } finally {
    await target.dispose()
  }
}

await main()
