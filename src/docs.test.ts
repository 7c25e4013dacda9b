import assert from 'node:assert/strict'
import { parseConfig, settings } from './config.js'
import { readModules } from './core/host.js'
import { defineModule } from './core/module.js'
import { exampleConfig, hookOrder } from './docs.js'
import { modules } from './modules/index.js'

describe('generated documents', () => {
  it('have an example configuration that says what holds anyway', () => {
    const { modules: said, ...example } = parseConfig(exampleConfig())
    const { modules: unsaid, ...defaults } = parseConfig('')

    assert.deepEqual(example, defaults)
    assert.deepEqual(readModules(modules, said), readModules(modules, unsaid))
  })

  it('have every key in the example configuration', () => {
    const example = exampleConfig()
    const keys = Object.entries(settings).flatMap(([name, setting]) => [name, ...Object.keys(setting.fields ?? {})])

    for (const key of [...keys, ...modules.map(({ name }) => name)])
      assert.match(example, new RegExp(`^ *(# )?${key}:`, 'm'))
  })

  it('have lines that fit on a screen', () => {
    for (const line of exampleConfig().split('\n')) assert.ok(line.length <= 120, line)
  })

  it('show the order of hooks by stage and then by the list of modules', () => {
    const nothing = () => {}
    const guard = defineModule({
      name: 'guard',
      doc: '',
      implements: [],
      setup: () => ({ hooks: { toAccount: { check: nothing, copy: nothing } } }),
    })
    const archive = defineModule({
      name: 'archive',
      doc: '',
      implements: [],
      setup: () => ({ hooks: { toAccount: { record: nothing, check: nothing }, fromClient: { rewrite: nothing } } }),
    })

    assert.equal(
      hookOrder([guard, archive]),
      [
        ...['fromClient', '  check     -', '  rewrite   archive', '  record    -', '  copy      -', '  fallback  -'],
        ...['toAccount', '  check     guard, archive', '  rewrite   -', '  record    archive', '  copy      guard'],
        ...['  fallback  -', ''],
      ].join('\n'),
    )
  })
})
