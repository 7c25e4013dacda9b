import assert from 'node:assert/strict'
import { conditionOf } from '../../test/kit.js'
import { base64 } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { child, elements, textOf } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { DATA_FORMS, OUT_OF_BAND, REGISTER, REGISTER_FEATURE, SASL } from '../xmpp/ns.js'
import { asks, inWords, logsIn, named, OPEN, registers, start, stranger } from './registration-fixture.test.js'

describe('registration before login (XEP-0077 §3.1)', () => {
  it('is closed unless it is opened: nothing is offered, and who asks is told', async () => {
    const kit = await start({})
    const wire = kit.connects()
    const features = await wire.opens()

    assert.equal(child(features, 'register', REGISTER_FEATURE), undefined)
    assert.equal(inWords(await asks(wire, 'get')), 'service-unavailable cancel 503')
    assert.equal(conditionOf(await registers(wire, 'rosaline')), 'service-unavailable')
    assert.equal(await kit.kit.accounts.exists(parseJid('rosaline@verona.example')), false)
  })

  it('is not there at all when the module is off', async () => {
    const kit = await StreamKit.start({ modules: [] })
    const wire = await stranger(kit)
    assert.equal(conditionOf(await asks(wire, 'get')), 'service-unavailable')
  })

  it('tells what is needed, as fields and as a form', async () => {
    const wire = (await start({ ...OPEN, email: true, instructions: 'Tell us who you are.' })).connects()
    assert.ok(child(await wire.opens(), 'register', REGISTER_FEATURE))

    const answer = await asks(wire, 'get', '', `to='verona.example'`)

    assert.equal(answer.attrs.from, 'verona.example')
    const query = child(answer, 'query', REGISTER) ?? answer
    const [instructions, ...fields] = elements(query)
    assert.equal(instructions && textOf(instructions), 'Tell us who you are.')
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['username', 'password', 'email', 'x'],
    )
    const form = child(query, 'x', DATA_FORMS) ?? query
    assert.deepEqual(
      form.getChildren('field').map(field => [field.attrs.var, field.attrs.type, field.getChild('value')?.getText()]),
      [
        ['FORM_TYPE', 'hidden', REGISTER],
        ['username', 'text-single', undefined],
        ['password', 'text-private', undefined],
        ['email', 'text-single', undefined],
      ],
    )
  })

  it('makes an account, with which one can log in on the same stream', async () => {
    const kit = await start()
    const wire = await stranger(kit)

    const answer = await registers(wire, 'Rosaline', 'so fair a saint')

    assert.deepEqual([answer.attrs.type, answer.children.length, answer.attrs.from], ['result', 0, undefined])
    wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64('\0rosaline\0so fair a saint')}</auth>`)
    await wire.takes('success', SASL)
    await wire.opens()
    await wire.binds('home')
    assert.equal(wire.jid, 'rosaline@verona.example/home')
  })

  it('takes the form as well, and its word over that of the fields', async () => {
    const kit = await start({ ...OPEN, email: true })
    const wire = await stranger(kit)
    const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`

    const answer = await asks(
      wire,
      'set',
      `<username>nobody</username><x xmlns='${DATA_FORMS}' type='submit'>${field('FORM_TYPE', REGISTER)}${field(
        'username',
        'rosaline@verona.example',
      )}${field('password', 'so fair a saint')}${field('email', 'rosaline@capulet.example')}</x>`,
    )

    assert.equal(answer.attrs.type, 'result', `${answer}`)
    assert.ok(await logsIn(kit, 'rosaline', 'so fair a saint'))
    assert.equal(await kit.kit.accounts.exists(parseJid('nobody@verona.example')), false)
  })

  const refused: readonly (readonly [what: string, payload: string, error: string])[] = [
    ['a name that is taken', named('juliet'), 'conflict cancel 409'],
    ['a name that is taken, in another spelling', named('JULIET'), 'conflict cancel 409'],
    ['a name that is taken, as an address', named('juliet@verona.example'), 'conflict cancel 409'],
    ['a name that is reserved', named('PostMaster'), 'not-acceptable modify 406'],
    ['a name that can be none', named('ro sa line'), 'not-acceptable modify 406'],
    ['a name of another domain', named('rosaline@mantua.example'), 'not-acceptable modify 406'],
    ['no name', '<password>so fair a saint</password>', 'not-acceptable modify 406'],
    ['an empty name', named(''), 'not-acceptable modify 406'],
    ['no password', '<username>rosaline</username>', 'not-acceptable modify 406'],
    ['an empty password', named('rosaline', ''), 'not-acceptable modify 406'],
    ['a short password', named('rosaline', 'saint'), 'not-acceptable modify 406'],
    ['a password that can be none', named('rosaline', 'so fair&#x9;a saint'), 'not-acceptable modify 406'],
    ['nothing', '', 'not-acceptable modify 406'],
    ['a wish to be removed', '<remove/>', 'unexpected-request wait 400'],
    ['a form that is not filled in', `<x xmlns='${DATA_FORMS}' type='submit'/>`, 'not-acceptable modify 406'],
    ['a form that is none', `<x xmlns='${DATA_FORMS}' type='dance'/>`, 'bad-request modify 400'],
  ]
  for (const [what, payload, error] of refused)
    it(`refuses ${what}, and sends no password back`, async () => {
      const kit = await start()
      const wire = await stranger(kit)
      const answer = await asks(wire, 'set', payload)
      assert.equal(inWords(answer), error)
      assert.equal(child(answer, 'query'), undefined)
      // and the stream goes on
      assert.equal((await registers(wire, 'rosaline')).attrs.type, 'result')
    })

  it('wants an e-mail address where it is configured so', async () => {
    const wire = await stranger(await start({ ...OPEN, email: true }))
    for (const email of ['', '<email/>', '<email>rosaline</email>'])
      assert.equal(inWords(await asks(wire, 'set', named('rosaline', undefined, email))), 'not-acceptable modify 406')
    const email = '<email>rosaline@capulet.example</email>'
    assert.equal((await asks(wire, 'set', named('rosaline', undefined, email))).attrs.type, 'result')
  })

  it('makes one account on a stream, not two', async () => {
    const wire = await stranger(await start())
    await registers(wire, 'rosaline')
    assert.equal(inWords(await registers(wire, 'livia')), 'not-acceptable modify 406')
  })

  it('makes one account of a name, also when two want it at the same time', async () => {
    const kit = await start()
    const wires = await Promise.all([stranger(kit), stranger(kit), stranger(kit)])
    const answers = await Promise.all(wires.map(wire => registers(wire, 'rosaline')))
    const types = answers.map(({ attrs }) => attrs.type).sort()
    assert.deepEqual(types, ['error', 'error', 'result'])
    for (const answer of answers) if (answer.attrs.type === 'error') assert.equal(conditionOf(answer), 'conflict')
  })

  it('gives up on a stream that tries too often', async () => {
    const wire = await stranger(await start({ ...OPEN, triesPerStream: 3 }))
    for (let n = 0; n < 3; n++) assert.equal(conditionOf(await registers(wire, 'juliet')), 'conflict')
    assert.equal(inWords(await registers(wire, 'rosaline')), 'not-acceptable modify 406')
  })

  it('lets an address wait that has tried too often, longer each time', async () => {
    const kit = await start({ ...OPEN, tries: 2, wait: '10 minutes' })
    for (const name of ['one', 'two']) assert.equal((await registers(await stranger(kit), name)).attrs.type, 'result')

    const answer = await registers(await stranger(kit), 'three')
    assert.equal(inWords(answer), 'resource-constraint wait 500')
    assert.equal(child(child(answer, 'error') ?? answer, 'text')?.getText(), 'Try again in 600 seconds')

    await kit.clock.pass(600_000)
    assert.equal((await registers(await stranger(kit), 'three')).attrs.type, 'result')
    assert.match(`${await registers(await stranger(kit), 'four')}`, /1200 seconds/)
  })

  it('is nothing for a stream that others can read', async () => {
    const kit = await start()
    const wire = kit.connects({ isLocal: false })
    const features = await wire.opens()
    assert.equal(child(features, 'register', REGISTER_FEATURE), undefined)
    assert.equal(conditionOf(await registers(wire, 'rosaline')), 'service-unavailable')
    await wire.secures()
    assert.ok(child(await wire.opens(), 'register', REGISTER_FEATURE))
    assert.equal((await registers(wire, 'rosaline')).attrs.type, 'result')
  })

  it('waits for TLS where that is required', async () => {
    const kit = await start(OPEN, { tlsRequired: true })
    const wire = kit.connects()
    assert.equal(child(await wire.opens(), 'register', REGISTER_FEATURE), undefined)
    wire.send(`<iq type='get' id='reg'><query xmlns='${REGISTER}'/></iq>`)
    assert.equal(await wire.fails(), 'not-authorized')
  })

  for (const iq of [
    `<iq type='get'><query xmlns='${REGISTER}'/></iq>`,
    `<iq type='get' id='1'><query xmlns='${REGISTER}'/><query xmlns='${REGISTER}'/></iq>`,
  ])
    it(`refuses a request that is none: ${iq}`, async () => {
      const wire = await stranger(await start())
      wire.send(iq)
      assert.equal(inWords(await wire.takes('iq')), 'bad-request modify 400')
    })

  it('can send people to a page instead (§5)', async () => {
    const redirect = 'https://verona.example/register'
    const wire = (await start({ redirect })).connects()
    assert.ok(child(await wire.opens(), 'register', REGISTER_FEATURE))

    const query = child(await asks(wire, 'get'), 'query', REGISTER)

    assert.deepEqual(
      query?.getChildElements().map(({ name }) => name),
      ['instructions', 'x'],
    )
    assert.equal(query?.getChild('x', OUT_OF_BAND)?.getChild('url')?.getText(), redirect)
    assert.equal(inWords(await registers(wire, 'rosaline')), 'not-allowed cancel 405')
  })

  it('leaves a message for who is new', async () => {
    const kit = await start({ ...OPEN, welcome: 'Good morrow!' })
    await registers(await stranger(kit), 'rosaline')
    assert.deepEqual(kit.heardOffline(), ['Good morrow!'])
  })
})
