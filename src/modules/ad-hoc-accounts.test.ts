import assert from 'node:assert/strict'
import { el } from '../../test/kit.js'
import type { Element } from '../xml/index.js'
import { elements, firstElement, serialise } from '../xml/index.js'
import { type FormField, formIn } from '../xmpp/forms/index.js'
import { parseJid } from '../xmpp/jid.js'
import { ADMIN, administration } from './ad-hoc-administration-fixture.test.js'
import { formOf, told } from './ad-hoc-fixture.test.js'

const EVERYBODY = ['juliet', 'romeo', 'nurse', 'paris', 'friar@mantua.example']

/** What a result says, but for its kind. */
const result = (reply: Element): readonly FormField[] => {
  const form = formOf(reply)
  assert.equal(form.type, 'result')
  assert.deepEqual(form.fields[0], { var: 'FORM_TYPE', type: 'hidden', values: [ADMIN] })
  return form.fields.slice(1)
}

const values = (reply: Element): readonly string[] => result(reply)[0]?.values ?? []

/**
 * Of Verona: Juliet is connected, Romeo is active with one of two clients, the nurse is away with both, Paris is not
 * there. The friar of Mantua is.
 */
async function towns(settings = {}) {
  const all = await administration({ accounts: EVERYBODY, settings })
  const { kit } = all
  await kit.comesOnline('romeo/orchard')
  await kit.comesOnline('romeo/street', el`<presence><show>xa</show></presence>`)
  await kit.comesOnline('nurse/kitchen', el`<presence><show>away</show></presence>`)
  await kit.comesOnline('nurse/street', el`<presence><show> xa </show></presence>`)
  await kit.comesOnline('friar@mantua.example/cell')
  return all
}

describe('the number of users (XEP-0133 §4.13 to §4.17)', () => {
  const numbers: readonly (readonly [kind: string, number: string])[] = [
    ['registered', '4'],
    ['disabled', '1'],
    ['online', '3'],
    ['active', '1'],
    ['idle', '2'],
  ]
  for (const [kind, number] of numbers)
    it(`is told of those who are ${kind} at the domain`, async () => {
      const { runs } = await towns()
      await runs('disable-user', { accountjids: 'paris@verona.example' })

      const reply = await runs(`get-${kind}-users-num`)

      assert.deepEqual(result(reply), [
        { var: `${kind}usersnum`, label: `The number of ${kind} users`, values: [number] },
      ])
    })

  it('is of the domain that is asked', async () => {
    const { runs } = await towns()

    assert.deepEqual(values(await runs('get-registered-users-num', undefined, 'mantua.example')), ['1'])
  })

  it('is told on the command line, of one domain or all', async () => {
    const { prints } = await towns()

    assert.equal(await prints('user count', { kind: 'registered' }), '5')
    assert.equal(await prints('user count', { kind: 'online', domain: 'mantua.example' }), '1')
    await assert.rejects(prints('user count', { kind: 'online', domain: 'padua.example' }), /none of the domains/)
    await assert.rejects(prints('user count', { kind: 'tall' }), /one of registered, disabled, online, active, idle/)
  })
})

describe('the list of users (XEP-0133 §4.18 to §4.22)', () => {
  const lists: readonly (readonly [node: string, name: string, names: readonly string[]])[] = [
    ['get-registered-users-list', 'registereduserjids', ['juliet', 'nurse', 'paris', 'romeo']],
    ['get-disabled-users-list', 'disableduserjids', ['paris']],
    ['get-online-users-list', 'onlineuserjids', ['juliet', 'nurse', 'romeo']],
    ['get-active-users', 'activeuserjids', ['romeo']],
    ['get-idle-users', 'activeuserjids', ['juliet', 'nurse']],
  ]
  for (const [node, name, names] of lists)
    it(`is told by ${node}, in order`, async () => {
      const { runs } = await towns()
      await runs('disable-user', { accountjids: 'paris@verona.example' })

      const [field, ...others] = result(await runs(node, { max_items: 'none' }))

      assert.deepEqual(others, [])
      assert.deepEqual([field?.var, field?.type], [name, 'jid-multi'])
      assert.deepEqual(
        field?.values ?? [],
        names.map(local => `${local}@verona.example`),
      )
    })

  it('is as long as was asked for, and goes on behind the last one', async () => {
    const { runs, prints } = await towns()

    const { values: first } = result(await runs('get-registered-users-list', { max_items: '25' }))[0] ?? {}
    assert.equal(first?.length, 4)
    const after = '{http://jabber.org/protocol/rsm}after'
    assert.deepEqual(values(await runs('get-registered-users-list', { [after]: 'nurse@verona.example' })), [
      'paris@verona.example',
      'romeo@verona.example',
    ])
    assert.equal(
      await prints('user filter', { kind: 'registered', max: '2', after: 'juliet@verona.example' }),
      'nurse@verona.example\nparis@verona.example\n\n2 of 3 are shown.',
    )
    await assert.rejects(prints('user filter', { kind: 'idle', max: '0' }), /"0" is no number from 1/)
  })

  it('is never longer than it may be, and says so', async () => {
    const { runs } = await towns({ accounts: { maxListed: 3 } })

    const reply = await runs('get-registered-users-list', { max_items: 'none' })

    assert.equal(values(reply).length, 3)
    assert.equal(told(reply), `completed ${ADMIN}#get-registered-users-list; info: 3 of 4 are shown.`)
  })

  it('takes no number that it does not offer', async () => {
    const { runs } = await towns()

    assert.equal(
      told(await runs('get-idle-users', { max_items: '1' })),
      `completed ${ADMIN}#get-idle-users; error: max_items: one of 25, 50, 75, 100, 150, 200, none was expected`,
    )
  })
})

describe('what is known of a user', () => {
  /** Juliet has Romeo and the nurse on her list. */
  async function contacts() {
    const all = await towns()
    const { juliet } = all
    for (const item of [
      el`<item jid='romeo@verona.example' name='Romeo'><group>Friends</group><group>Lovers</group></item>`,
      el`<item jid='nurse@verona.example'/>`,
    ])
      await juliet.asks('set', el`<query xmlns='jabber:iq:roster'>${item}</query>`)
    await juliet.sends(el`<presence to='romeo@verona.example' type='subscribe'/>`)
    return all
  }

  it('is the roster, as its owner gets it (§4.8)', async () => {
    const { runs } = await contacts()

    const reply = await runs('get-user-roster', { accountjids: ['juliet@verona.example', 'paris@verona.example'] })

    assert.deepEqual(values(reply), ['juliet@verona.example', 'paris@verona.example'])
    const form = formIn(firstElement(reply) ?? reply)
    assert.deepEqual(
      elements(form ?? reply)
        .filter(({ name }) => name === 'query')
        .map(query => serialise(query)),
      [
        "<query xmlns='jabber:iq:roster'>" +
          "<item jid='romeo@verona.example' name='Romeo' subscription='none' ask='subscribe'>" +
          '<group>Friends</group><group>Lovers</group></item>' +
          "<item jid='nurse@verona.example' subscription='none'/></query>",
        "<query xmlns='jabber:iq:roster'/>",
      ],
    )
  })

  it('is the roster as a table', async () => {
    const { prints } = await contacts()

    assert.equal(
      await prints('user roster', { jid: 'juliet@verona.example' }),
      [
        'juliet@verona.example',
        '',
        'CONTACT               NAME   SUBSCRIPTION  GROUPS',
        'romeo@verona.example  Romeo  none, asked   Friends, Lovers',
        'nurse@verona.example         none',
      ].join('\n'),
    )
  })

  it('is when they logged in last (§4.9)', async () => {
    const { kit, runs, prints } = await towns()
    await kit.clock.pass(60_000)
    await kit.connects('nurse/attic')

    const reply = await runs('get-user-lastlogin', { accountjids: ['romeo@verona.example', 'nurse@verona.example'] })

    assert.deepEqual(
      result(reply).map(({ var: name, values }) => [name, values]),
      [
        ['accountjids', ['romeo@verona.example', 'nurse@verona.example']],
        ['lastlogin', ['1595-07-01T00:00:00.000Z', '1595-07-01T00:01:00.000Z']],
      ],
    )
    assert.match(await prints('user lastlogin', { jid: 'romeo@verona.example' }), /^Last login +1595-07-01T00:00:00/m)
    assert.equal((await kit.host.facts(parseJid('paris@verona.example')))['Last login'], 'never')
  })

  it('is how they are connected, and how many they know (§4.10)', async () => {
    const { kit, runs } = await contacts()
    await kit.connects('juliet/balcony')

    const reply = await runs('user-stats', { accountjid: 'juliet@verona.example' })

    assert.deepEqual(
      result(reply).map(({ var: name, values = [] }) => [name, ...values]),
      [['ipaddresses'], ['rostersize', '2'], ['onlineresources', 'chamber', 'balcony']],
    )
  })

  it('is nothing when there is no such user', async () => {
    const { runs } = await towns()

    const missing = /^completed .*; error: There is no account rosaline@verona\.example\.$/
    for (const node of ['get-user-roster', 'get-user-lastlogin'])
      assert.match(told(await runs(node, { accountjids: 'rosaline@verona.example' })), missing)
    assert.match(told(await runs('user-stats', { accountjid: 'rosaline@verona.example' })), missing)
  })
})
