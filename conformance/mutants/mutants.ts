/** Puts deliberate defects into the server, one at a time, and tells which of the suites notice: `npm run mutants`. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { projectRoot } from '../servers/run.js'

interface Defect {
  readonly file: string
  readonly find: string
  readonly put: string
}

/** What may notice, cheapest first: a program, and how it names what failed. */
const SUITES: readonly (readonly [name: string, specs: readonly string[]])[] = [
  ['scripts', ['conformance/wire.test.js', '--grep', 'over starttls']],
  ['faults', ['test/clients/resume.test.js', 'test/clients/durability.test.js']],
  ['attacks', ['conformance/hostile.test.js']],
]

function main(only: string | undefined): number {
  const defects: Record<string, Defect> = parse(
    readFileSync(path.join(projectRoot, 'conformance/mutants/mutants.yaml'), 'utf8'),
  )
  const chosen = Object.entries(defects).filter(([name]) => only === undefined || name.includes(only))
  let caught = 0
  for (const [name, defect] of chosen) {
    const by = noticed(defect)
    if (by) caught++
    console.log(`${by ? '✔' : '✖'} ${name}\n    ${by ?? 'nobody noticed'}`)
  }
  console.log(`${caught} of ${chosen.length} noticed`)
  return caught === chosen.length ? 0 : 1
}

/** By whom; undefined when all suites are content. */
function noticed(defect: Defect): string | undefined {
  const folder = path.join(projectRoot, '.build', 'mutant')
  try {
    build(folder, defect)
    for (const [suite, args] of SUITES) {
      const failures = failuresOf(args, path.join(folder, 'dist', 'main.js'))
      if (failures.length > 0) return `${suite}: ${failures.slice(0, 3).join('; ')} (${failures.length} in all)`
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function build(folder: string, { file, find, put }: Defect): void {
  rmSync(folder, { recursive: true, force: true })
  cpSync(path.join(projectRoot, 'src'), path.join(folder, 'src'), { recursive: true })
  const changed = path.join(folder, 'src', file)
  const text = readFileSync(changed, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${file}: this should stand there once: ${find}`)
  writeFileSync(
    changed,
    text.replace(find, () => put),
  )
  const options = {
    extends: path.join(projectRoot, 'tsconfig.json'),
    compilerOptions: { rootDir: 'src', outDir: 'dist', noUnusedLocals: false, noUnusedParameters: false },
  }
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ ...options, include: ['src', path.join(projectRoot, 'types')], exclude: ['src/**/*.test.ts'] }),
  )
  const { status, stdout } = spawnSync('npx', ['tsc', '-p', path.join(folder, 'tsconfig.json')], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${file} does not compile with the defect:\n${stdout}`)
}

function failuresOf(args: readonly string[], main: string): readonly string[] {
  const built = path.dirname(path.dirname(import.meta.dirname))
  const specs = args.map(arg => (arg.endsWith('.js') ? path.join(built, arg) : arg))
  const { stdout } = spawnSync(
    'npx',
    ['mocha', '--no-config', '--timeout', '60000', '--exit', '--reporter', 'json', ...specs],
    {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, PARLANCE_TEST_MAIN: main },
      maxBuffer: 1 << 30,
    },
  )
  const { failures }: { failures: readonly { title: string }[] } = JSON.parse(
    stdout.slice(stdout.indexOf('{\n  "stats"')),
  )
  return failures.map(({ title }) => title)
}

process.exitCode = main(process.argv[2])
