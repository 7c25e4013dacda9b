import assert from 'node:assert/strict'
import { el, Kit } from '../../test/kit.js'
import { bodyOf, plain, type Wire } from '../../test/stream-client.js'
import { roster } from '../roster/index.js'
import { child, elements } from '../xml/index.js'
import { DISCO_INFO, SASL, STANZA_ERRORS } from '../xmpp/ns.js'
import { disco } from './disco.js'
import { registration } from './registration.js'
import { inWords, logsIn, OPEN, registers, start, stranger } from './registration-fixture.test.js'

const PASSWORD = 'A rose by any other name'

describe('a name with characters that none may have (XEP-0106)', () => {
  it('is registered as clients escape it, and is one like any other', async () => {
    const kit = await start()
    const wire = await stranger(kit)
    assert.equal((await registers(wire, 'd\\27artagnan', PASSWORD)).attrs.type, 'result')

    const dartagnan = await enters(wire, 'd\\27artagnan')
    const juliet = await kit.binds('juliet/balcony')
    juliet.send(
      `<message to='d\\27artagnan@verona.example/elder' id='1'><body>And do you always forget your eyes?</body></message>`,
    )

    const heard = await dartagnan.takes('message')
    assert.deepEqual(
      [heard.attrs.to, bodyOf(heard)],
      ['d\\27artagnan@verona.example/elder', 'And do you always forget your eyes?'],
    )
  })

  it('is another than what it would be unescaped (§4.1, rule 5)', async () => {
    const kit = await start()
    await registers(await stranger(kit), 'juliet\\40home', PASSWORD)
    const juliet = await kit.binds('juliet/balcony')

    for (const to of ['juliet\\5c40home@verona.example', 'juliet\\40home\\40verona.example@verona.example'])
      juliet.send(`<iq type='get' id='1' to='${to}/x'><ping xmlns='urn:xmpp:ping'/></iq>`)

    for (const _ of [1, 2]) assert.match(`${await juliet.takes('iq')}`, /service-unavailable/)
    juliet.send(`<message to="d'artagnan@verona.example" id='2'/>`)
    assert.match(`${await juliet.takes('message')}`, /jid-malformed/)
    assert.equal(await logsIn(kit, 'juliet@home', PASSWORD), false)
  })

  for (const [name, why] of [
    ['juliet\\20', 'This cannot be a name: it would look like another'],
    ['\\20juliet', 'This cannot be a name: it would look like another'],
    ['jul\\5ciet', 'This cannot be a name: it would look like another'],
    ["d'artagnan", 'This cannot be a name, but d\\27artagnan can'],
    ['space cadet', 'This cannot be a name, but space\\20cadet can'],
    ['c:\\5commas', 'This cannot be a name, but c\\3a\\5c5commas can'],
    [' juliet', 'This cannot be a name'],
    ['user@host', 'This cannot be a name'],
  ] as const)
    it(`is not registered as '${name}'`, async () => {
      const escaped = name.replaceAll("'", '&apos;')
      const answer = await registers(await stranger(await start()), escaped, PASSWORD)

      assert.equal(inWords(answer), 'not-acceptable modify 406')
      const error = child(answer, 'error')
      assert.equal(error && child(error, 'text', STANZA_ERRORS)?.getText(), why)
    })

  it('can be had here, as clients learn from the domain (§6)', async () => {
    const kit = await Kit.start({ modules: [roster, disco, registration], settings: { registration: OPEN } })
    const porthos = await kit.connects('romeo/gate')

    const answer = await porthos.asks('get', el`<query xmlns='${DISCO_INFO}'/>`, 'verona.example')

    const features = elements(child(answer, 'query') ?? answer).map(({ attrs }) => attrs.var)
    assert.ok(features.includes('jid\\20escaping'), `${answer}`)
  })
})

/** Logs in on a stream on which nobody was. */
async function enters(wire: Wire, name: string): Promise<Wire> {
  wire.send(plain(name, PASSWORD))
  await wire.takes('success', SASL)
  await wire.opens()
  await wire.binds('elder')
  assert.equal(wire.jid, `${name}@verona.example/elder`)
  return wire
}
