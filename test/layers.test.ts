import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The folders of each layer: what is in them imports its own folder and the layers below (docs/architecture.md). */
const LAYERS: readonly (readonly string[])[] = [
  ['xml'],
  ['xmpp'],
  ['core'],
  ['modules', 'roster', 'muc', 'offline', 'archive', 'pubsub'],
  ['c2s', 's2s', 'component', 'http', 'storage', 'cluster', 'admin', 'tls'],
]
const FEATURES = 3
const EDGES = 4

interface Import {
  readonly from: string
  readonly to: string
  readonly types: boolean
}

/** What is wrong with an import between files of `src`; undefined when nothing is. */
function offence({ from, to, types }: Import): string | undefined {
  const [folder, target] = [folderOf(from), folderOf(to)]
  // the composition root: it puts together what the others do not know of each other
  if (folder === '') return undefined
  if (target === '') return 'nobody knows the composition root'
  const [layer, targetLayer] = [layerOf(folder), layerOf(target)]
  if (layer < 0 || targetLayer < 0) return `${layer < 0 ? folder : target} has no layer`
  if (from === 'c2s/stream.ts' || from === 'component/stream.ts') {
    // a function: it may not even know whom the server is made of
    const isVocabulary = targetLayer <= 1 || (types && to.startsWith('c2s/sasl/'))
    return isVocabulary ? undefined : 'the stream machine sees layers 0 and 1, and types of sasl/'
  }
  if (folder === target) return undefined
  // the list of all modules
  if (from === 'modules/index.ts' && targetLayer === FEATURES) return undefined
  if (layer === EDGES && targetLayer === FEATURES) return 'an edge does not know features'
  return targetLayer < layer ? undefined : `layer ${layer} does not see ${target}, of layer ${targetLayer}`
}

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')

const layerOf = (folder: string): number => LAYERS.findIndex(folders => folders.includes(folder))

const IMPORT = /^(import|export)( type)?\b(?:[^'"]*?\bfrom)? '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** The files of `src` that a text imports. */
const importsOf = (from: string, text: string): readonly Import[] =>
  [...text.matchAll(IMPORT)].map(([, , type, stated, asked]) => ({
    from,
    to: path.posix.join(path.posix.dirname(from), (stated ?? asked ?? '').replace(/\.js$/, '.ts')),
    types: type !== undefined,
  }))

describe('the layers', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map(file => file.split(path.sep).join('/'))
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const imports = sources.flatMap(file => importsOf(file, readFileSync(path.join('src', file), 'utf8')))

  it('are kept to by every import', () => {
    const offences = imports.flatMap(one => {
      const problem = offence(one)
      return problem ? [`${one.from} imports ${one.to}: ${problem}`] : []
    })

    assert.deepEqual(offences, [])
  })

  it('are looked at whole: all files are found, and so is what they import', () => {
    const files = new Set(sources)

    assert.ok(sources.length > 50 && imports.length > sources.length)
    assert.deepEqual(
      imports.filter(({ to }) => !files.has(to)),
      [],
    )
  })

  it('are unknown to what tests them from outside', () => {
    const files = readdirSync('conformance', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
    const inside = files.filter(file =>
      / from '(?:\.\.\/)+src\//.test(readFileSync(path.join('conformance', file), 'utf8')),
    )

    assert.ok(files.length > 10)
    assert.deepEqual(inside, [])
  })

  it('have a place for every folder', () => {
    const folders = new Set(sources.map(folderOf))

    assert.deepEqual(
      [...folders].filter(folder => folder !== '' && layerOf(folder) < 0),
      [],
    )
  })

  const allowed: readonly (readonly [from: string, to: string, types?: boolean])[] = [
    ['xmpp/jid.ts', 'xmpp/precis/index.ts'],
    ['xmpp/errors.ts', 'xml/index.ts'],
    ['core/router.ts', 'xmpp/jid.ts'],
    ['roster/index.ts', 'roster/states.ts'],
    ['muc/room.ts', 'core/module.ts'],
    ['modules/index.ts', 'muc/index.ts'],
    ['storage/database.ts', 'core/stores.ts'],
    ['c2s/sasl/scram.ts', 'core/accounts.ts'],
    ['c2s/stream.ts', 'c2s/sasl/mechanism.ts', true],
    ['server.ts', 'muc/index.ts'],
    ['config.ts', 'settings.ts'],
  ]
  for (const [from, to, types = false] of allowed)
    it(`let ${from} import ${types ? 'types of ' : ''}${to}`, () =>
      assert.equal(offence({ from, to, types }), undefined))

  const forbidden: readonly (readonly [from: string, to: string, types?: boolean])[] = [
    ['xml/parser.ts', 'xmpp/ns.ts'],
    ['xmpp/incoming.ts', 'core/session.ts', true],
    ['core/router.ts', 'roster/index.ts'],
    ['core/host.ts', 'storage/index.ts', true],
    ['muc/room.ts', 'roster/index.ts'],
    ['modules/ping.ts', 'offline/offline.ts'],
    ['muc/index.ts', 'modules/index.ts'],
    ['muc/room.ts', 'storage/index.ts'],
    ['c2s/index.ts', 'modules/ping.ts', true],
    ['c2s/index.ts', 'tls/certificates.ts', true],
    ['storage/index.ts', 'cluster/index.ts'],
    ['c2s/stream.ts', 'core/clock.ts', true],
    ['c2s/stream.ts', 'c2s/sasl/mechanism.ts'],
    ['c2s/stream.ts', 'c2s/limits.ts', true],
    ['storage/index.ts', 'config.ts', true],
    ['core/host.ts', 'wherever/index.ts'],
    ['wherever/index.ts', 'xml/index.ts'],
  ]
  for (const [from, to, types = false] of forbidden)
    it(`do not let ${from} import ${types ? 'types of ' : ''}${to}`, () => assert.ok(offence({ from, to, types })))

  it('are read from all forms of import', () => {
    const text = [
      "import { one } from './one.js'",
      "import type { Two } from '../xml/two.js'",
      "import {\n  three,\n  type Three,\n} from './sub/three.js'",
      "import './four.js'",
      "export * from './five.js'",
      "export type { Six } from './six.js'",
      "const seven = await import('./seven.js')",
      "import fs from 'node:fs'",
      "export const no = 'import'",
    ].join('\n')

    assert.deepEqual(
      importsOf('core/zero.ts', text).map(({ to, types }) => (types ? `type ${to}` : to)),
      [
        ...['core/one.ts', 'type xml/two.ts', 'core/sub/three.ts', 'core/four.ts', 'core/five.ts'],
        ...['type core/six.ts', 'core/seven.ts'],
      ],
    )
  })
})
