/** All scripts, against the server over each transport, and against others, which tell whether the scripts are fair. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { launch, SERVERS, type Server, type ServerName, startServer } from './servers/index.js'
import { requirePackages } from './servers/packages.js'
import { type More, parlance } from './servers/parlance.js'
import { stageOf } from './servers/stage.js'
import { TRANSPORTS, type Transport } from './wire/link.js'
import { count, table } from './wire/report.js'
import { readScripts, SCRIPTS, type Script } from './wire/script.js'
import { playAll, type Result } from './wire/suite.js'

const scripts = readScripts(SCRIPTS)

/** One client at a time would take minutes, and more than these get slow answers from a busy machine. */
const PLAYING = { jobs: 6 }

for (const transport of TRANSPORTS) {
  describe(`by the specifications, over ${transport}`, function () {
    this.timeout(300_000)
    let server: Server
    let results: ReadonlyMap<string, Result>

    before(async () => {
      server = await startServer('parlance', { requireTls: transport !== 'plain' })
      const stage = { ...stageOf(server, transport), has: ['registration_form', 'user_list_form'] }
      results = byName(await playAll(scripts, stage, PLAYING))
    })
    after(() => server?.dispose())

    for (const { name, title, sources } of scripts) {
      const [source] = sources
      it(`${title} (${source?.specification} §${source?.section}, ${name})`, () => {
        const result = results.get(name)
        assert.ok(result, 'it was not played')
        if (result.outcome === 'excluded' && isAllowed(result.reason, transport)) return
        assert.equal(result.outcome, 'passed', `${result.reason}\n${result.transcript.join('\n')}`)
      })
    }
  })
}

/** All else has to be there: no script may leave itself out. */
const isAllowed = (reason = '', transport: Transport) =>
  NOT_HERE.some(need => reason === `the server has no ${need}`) ||
  (transport === 'plain' && (reason === 'the server has no tls' || reason.endsWith('-PLUS'))) ||
  (transport !== 'plain' && reason === 'the server has tls') ||
  reason.startsWith('the server has no transport ')

const GUESTS = 'mechanism ANONYMOUS'

/** Those that others have below, and one that nobody has: requests of strangers reach whom they are for (a SHOULD NOT). */
const NOT_HERE = [GUESTS, 'delegation', 'privilege', 'requests of strangers are refused']

const otherwise: readonly { title: string; more: More; has: readonly string[]; isFor(script: Script): boolean }[] = [
  { title: 'for guests', more: { guests: true }, has: [], isFor: ({ needs }) => needs.includes(GUESTS) },
  {
    title: 'with a component that has rights',
    more: { privileged: true },
    has: ['delegation', 'privilege'],
    isFor: ({ name, needs }) => /^xep035[56]\//.test(name) && !needs.includes('no privilege'),
  },
]
for (const { title, more, has, isFor } of otherwise) {
  describe(`by the specifications, ${title}`, function () {
    this.timeout(120_000)
    const chosen = scripts.filter(isFor)
    let server: Server
    let results: ReadonlyMap<string, Result>

    before(async () => {
      server = await launch(place => parlance(place, more), { requireTls: true })
      results = byName(await playAll(chosen, { ...stageOf(server, 'starttls'), has }, PLAYING))
    })
    after(() => server?.dispose())

    for (const { name, title } of chosen)
      it(`${title} (${name})`, () => {
        const result = results.get(name)
        assert.equal(result?.outcome, 'passed', result?.reason)
      })
  })
}

/** What cannot be found out. */
const HAS = { prosody: ['user_list_form'], ejabberd: [] }

for (const name of ['prosody', 'ejabberd'] as const) {
  describe(`the scripts, against ${name}`, function () {
    this.timeout(600_000)
    let server: Server

    before(async function () {
      await requirePackages(this, SERVERS[name].packages)
      server = await startServer(name, { requireTls: true })
    })
    after(() => server?.dispose())

    it('are passed, but for differences in which the specification is with us', async () => {
      const results = await playAll(scripts, { ...stageOf(server, 'starttls'), has: HAS[name] }, PLAYING)

      console.log(table(results).split('\n').at(-1))
      const judged = differencesOf(name)
      const failed = results.filter(({ outcome }) => outcome === 'failed')
      const unjudged = failed.filter(({ script }) => !judged.has(script.name))
      assert.deepEqual(
        unjudged.map(({ script, reason }) => `${script.name}: ${reason}`),
        [],
      )
      assert.ok(count(results, 'passed') > scripts.length / 2)
    })

    it('are named rightly where they are judged', () => {
      const names = new Set(scripts.map(script => script.name))
      assert.deepEqual(
        [...differencesOf(name).keys()].filter(script => !names.has(script)),
        [],
      )
    })
  })
}

/** What it does, and why that is not what is asked for, by script. */
function differencesOf(name: ServerName): ReadonlyMap<string, string> {
  const file = path.join(SCRIPTS, '..', 'servers', `${name}-differences.yaml`)
  return new Map(Object.entries(parse(readFileSync(file, 'utf8')) ?? {}))
}

const byName = (results: readonly Result[]) => new Map(results.map(result => [result.script.name, result]))
