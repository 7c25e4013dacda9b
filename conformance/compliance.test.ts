/** Which suites of XEP-0479 the server complies with: what the table says of it is what it shows. */
import assert from 'node:assert/strict'
import { complianceTable, missingOf, readFeatures } from './compliance/suites.js'
import { type Server, startServer } from './servers/index.js'
import { stageOf } from './servers/stage.js'
import { type Abilities, learn } from './wire/needs.js'

describe('compliance with XEP-0479', function () {
  this.timeout(60_000)
  let server: Server
  let abilities: readonly Abilities[]
  const features = readFeatures()

  before(async () => {
    server = await startServer('parlance', { requireTls: true })
    abilities = [await learn(stageOf(server, 'starttls')), await learn(stageOf(server, 'tls'))]
    console.log(complianceTable(features, abilities))
  })
  after(() => server?.dispose())

  for (const feature of features) {
    const { category, name, here } = feature
    it(`${category}: ${name} is ${here ? 'there' : 'not there yet'}`, () => {
      assert.equal(
        missingOf(feature, abilities).length === 0,
        here,
        `missing: ${missingOf(feature, abilities).join(', ')}`,
      )
    })
  }
})
