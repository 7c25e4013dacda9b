/**
 * What the suites of kit.ts say of modules, rosters and delivery, once more with every client on an XML stream: each
 * sentence beside a feature is about a server in memory there, and about bytes here.
 */
import { readdirSync } from 'node:fs'
import type { Suite, Test } from 'mocha'
import { overStreams } from './over-streams.js'

const SUITES =
  /^(?!.*(?:fixture|throttle|worth-storing|states))(?:(?:modules|offline|roster)\/.*|core\/router-(?!order).*)\.test\.js$/

/** Sentences about what is in memory, of which nothing is to be seen on a stream. */
const INSIDE: ReadonlySet<string> = new Set([
  // the session itself
  'is made from all that the request says',
  'in a session costs its own user alone',
  'that come too late find a session that is over, and say nothing of it',
  'gives it to the next when a client has vanished without anybody noticing',
  'what was stored arrives, and no two clients say that they have it',
  // the same objects
  'shares its children between all who get it',
  // hundreds of logins, which take longer than what is said of them
  'is shown bit by bit where it is much, and what is over by then is not shown',
  // a session whose account is gone: on a stream it is over
  'of an account that was removed keep nothing more',
])

const verona = describe('over XML streams', () => {
  let end: () => void

  before(() => {
    end = overStreams()
  })

  after(() => end())
})

const src = new URL('../src/', import.meta.url)
const all = verona.parent
for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!SUITES.test(file)) continue
  const from = all?.suites.length ?? 0
  // another instance of the same file, which describes itself once more
  await import(`${new URL(file, src)}?over=streams`)
  for (const suite of all?.suites.splice(from) ?? []) verona.addSuite(withoutInside(suite))
}

function withoutInside(suite: Suite): Suite {
  suite.tests = suite.tests.filter(({ title }: Test) => !INSIDE.has(title))
  suite.suites.forEach(withoutInside)
  return suite
}
