import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../servers/run.js'
import { FEATURES, LIBRARIES, TRANSPORTS } from './library.js'

describe('the README of the libraries', () => {
  it('says what is tried with each', () => {
    const readme = readFileSync(path.join(projectRoot, 'conformance/libraries/README.md'), 'utf8')
    const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`
    const rows = [
      `| ${row(...LIBRARIES.map(({ name }) => name))}`,
      `|${'---|'.repeat(LIBRARIES.length + 1)}`,
      ...TRANSPORTS.map(transport =>
        row(transport, ...LIBRARIES.map(({ bridged }) => (bridged.includes(transport) ? 'bridge' : 'yes'))),
      ),
      ...FEATURES.map(feature =>
        row(feature, ...LIBRARIES.map(({ lacks }) => (lacks.includes(feature) ? '–' : 'yes'))),
      ),
    ]

    assert.ok(readme.includes(`\n${rows.join('\n')}\n`), rows.join('\n'))
  })
})
