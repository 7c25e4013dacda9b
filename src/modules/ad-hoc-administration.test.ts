import assert from 'node:assert/strict'
import { type Element, elements, firstElement, parseElement } from '../xml/index.js'
import type { FormField } from '../xmpp/forms/index.js'
import { ADMIN, administration, runs } from './ad-hoc-administration-fixture.test.js'
import { formOf, SERVER, told } from './ad-hoc-fixture.test.js'

/** What a form asks for: names, types, `!` where it has to be answered. */
const asked = (reply: Element): readonly string[] =>
  formOf(reply).fields.map(({ var: name, type, required }) => `${name} ${type}${required ? '!' : ''}`)

const TYPE = 'FORM_TYPE hidden'
const JIDS = 'accountjids jid-multi!'

/** By node: what is asked for; undefined when the command needs no answers. */
const COMMANDS: Readonly<Record<string, readonly string[] | undefined>> = {
  'add-user': ['accountjid jid-single!', 'password text-private!', 'password-verify text-private'],
  'change-user-password': ['accountjid jid-single!', 'password text-private!'],
  'delete-user': [JIDS],
  'end-user-session': [JIDS],
  announce: ['announcement text-multi!'],
  shutdown: ['delay list-single', 'announcement text-multi'],
  restart: ['delay list-single', 'announcement text-multi'],
  ...Object.fromEntries(
    ['registered', 'disabled', 'online', 'active', 'idle'].map(kind => [`get-${kind}-users-num`, undefined]),
  ),
  ...Object.fromEntries(
    [
      'get-registered-users-list',
      'get-disabled-users-list',
      'get-online-users-list',
      'get-active-users',
      'get-idle-users',
    ].map(node => [node, ['max_items list-single', '{http://jabber.org/protocol/rsm}after jid-single']]),
  ),
  'get-user-roster': [JIDS],
  'get-user-lastlogin': [JIDS],
  'user-stats': ['accountjid jid-single!'],
  'disable-user': [JIDS],
  'reenable-user': [JIDS],
  'set-motd': ['motd text-multi!'],
  'edit-motd': ['motd text-multi!'],
  'delete-motd': undefined,
  'set-welcome': ['welcome text-multi!'],
  'delete-welcome': undefined,
  'edit-admin': ['adminjids jid-multi'],
}

describe('service administration (XEP-0133)', () => {
  it('has its commands in the list, for administrators only', async () => {
    const { kit, juliet } = await administration()
    const romeo = await kit.connects('romeo')
    const query = parseElement(
      `<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>`,
    )
    const listed = (reply: Element) =>
      elements(firstElement(reply) ?? reply).flatMap(({ attrs }) => {
        const node = attrs.node ?? ''
        return node.startsWith(ADMIN) ? node.slice(ADMIN.length + 1) : []
      })

    assert.deepEqual(listed(await juliet.asks('get', query, SERVER)), Object.keys(COMMANDS))
    assert.deepEqual(listed(await romeo.asks('get', query, SERVER)), [])
  })

  for (const [node, fields] of Object.entries(COMMANDS))
    it(`has the form of ${node}, for administrators only`, async () => {
      const { kit } = await administration()
      const [juliet, romeo] = [await kit.connects('juliet/garden'), await kit.connects('romeo')]

      const reply = await runs(juliet, node, undefined)

      assert.match(told(reply), fields ? /^executing/ : /^completed/)
      if (fields) assert.deepEqual(asked(reply), [TYPE, ...fields])
      if (fields) assert.deepEqual(formOf(reply).fields[0]?.values, [ADMIN])
      assert.equal(told(await runs(romeo, node, undefined)), 'error cancel forbidden')
    })

  for (const node of ['get-user-password', 'edit-blacklist', 'edit-whitelist', 'add-to-blacklist-in'])
    it(`says that it has no ${node} (§5)`, async () => {
      const { runs } = await administration()

      assert.equal(told(await runs(node)), 'error cancel feature-not-implemented')
    })

  it('takes no form of another kind', async () => {
    const { runs } = await administration()

    const reply = await runs('add-user', {
      FORM_TYPE: 'jabber:iq:register',
      accountjid: 'a@verona.example',
      password: 'x',
    })

    assert.equal(told(reply), 'error modify bad-request bad-payload')
  })

  it('lets one choose how long to wait, and more than it offers', async () => {
    const { runs } = await administration()
    const delay = formOf(await runs('shutdown')).fields.find(({ var: name }) => name === 'delay') as FormField

    assert.deepEqual(
      delay.options?.map(({ value }) => value),
      ['30', '60', '90', '120', '180', '240', '300'],
    )
    assert.deepEqual([delay.values, delay.validation?.method], [['60'], { by: 'open' }])
  })
})

describe('add-user', () => {
  const paris = { accountjid: 'Paris@verona.example', password: 'roses', 'password-verify': 'roses' }

  for (const to of [SERVER, 'juliet@verona.example'])
    it(`makes an account, asked for at ${to}`, async () => {
      const { kit, runs } = await administration()

      const reply = await runs('add-user', paris, to)

      assert.equal(told(reply), `completed ${ADMIN}#add-user; info: paris@verona.example can log in now.`)
      const [account] = (await kit.accounts.list()).filter(({ local }) => local === 'paris')
      assert.ok(account)
      assert.ok(await kit.accounts.keys(account, 'SHA-256'))
    })

  it('makes none when the passwords differ', async () => {
    const { kit, runs } = await administration()

    const reply = await runs('add-user', { ...paris, 'password-verify': 'rosse' })

    assert.equal(told(reply), `completed ${ADMIN}#add-user; error: password-verify is not the same as password.`)
    assert.equal((await kit.accounts.list()).length, 3)
  })

  const refused: readonly (readonly [string, string])[] = [
    ['romeo@verona.example', '^error cancel conflict$'],
    ['paris@padua.example', 'error: padua.example is none of the domains of this server'],
    ['paris@verona.example/tomb', "error: .* is no account's address"],
    ['verona.example', "error: .* is no account's address"],
    ['@', 'error: accountjid: an address was expected'],
  ]
  for (const [accountjid, expected] of refused)
    it(`makes no account ${accountjid} (XEP-0133 §5, XEP-0050 §3.6)`, async () => {
      const { kit, runs } = await administration()

      assert.match(told(await runs('add-user', { ...paris, accountjid })), new RegExp(expected))
      assert.equal((await kit.accounts.list()).length, 3)
    })

  it('makes none with a password that is none', async () => {
    const { runs } = await administration()
    const add = (password: string) => runs('add-user', { accountjid: 'paris@verona.example', password })

    assert.equal(told(await add('')), 'error modify bad-request bad-payload')
    assert.match(told(await add('\u00ad')), /^completed .*error: This cannot be a password/)
  })
})

describe('accounts', () => {
  it('are deleted with all that they have, several at once (§4.2)', async () => {
    const { kit, runs } = await administration()

    const reply = await runs('delete-user', { accountjids: ['nurse@verona.example', 'romeo@verona.example'] })

    assert.equal(
      told(reply),
      `completed ${ADMIN}#delete-user; info: nurse@verona.example is no more.; info: romeo@verona.example is no more.`,
    )
    assert.deepEqual((await kit.accounts.list()).map(String), ['juliet@verona.example'])
  })

  it('that are not there are told of, and do not save the others', async () => {
    const { kit, runs } = await administration()

    const reply = await runs('delete-user', { accountjids: ['rosaline@verona.example', 'nurse@verona.example'] })

    assert.equal(
      told(reply),
      `completed ${ADMIN}#delete-user; info: nurse@verona.example is no more.; error: There is no account rosaline@verona.example.`,
    )
    assert.equal((await kit.accounts.list()).length, 2)
    assert.equal(
      told(await runs('delete-user', { accountjids: 'rosaline@verona.example' })),
      `completed ${ADMIN}#delete-user; error: There is no account rosaline@verona.example.`,
    )
  })

  it('are deleted by who names a client of them, too', async () => {
    const { kit, runs } = await administration()

    await runs('delete-user', { accountjids: 'romeo@verona.example/orchard' })

    assert.deepEqual((await kit.accounts.list()).map(String), ['juliet@verona.example', 'nurse@verona.example'])
  })

  it('get another password (§4.7)', async () => {
    const { kit, runs } = await administration()
    const account = (await kit.connects('romeo')).account
    const before = await kit.accounts.keys(account, 'SHA-256')

    const reply = await runs('change-user-password', { accountjid: 'romeo@verona.example', password: 'V3r0n4' })

    assert.match(told(reply), /^completed/)
    assert.notDeepEqual(await kit.accounts.keys(account, 'SHA-256'), before)
  })

  it('have their sessions ended, all or one (§4.5)', async () => {
    const { kit, runs } = await administration()
    const [street, orchard, nurse] = [
      await kit.connects('romeo/street'),
      await kit.connects('romeo/orchard'),
      await kit.connects('nurse/kitchen'),
    ]

    await runs('end-user-session', { accountjids: 'romeo@verona.example/street' })
    assert.deepEqual([street.ended?.condition, orchard.ended?.condition], ['policy-violation', undefined])
    await runs('end-user-session', { accountjids: ['romeo@verona.example', 'nurse@verona.example'] })

    assert.deepEqual([orchard.ended?.condition, nurse.ended?.condition], ['policy-violation', 'policy-violation'])
    const none = await runs('end-user-session', { accountjids: 'romeo@verona.example' })
    assert.equal(told(none), `completed ${ADMIN}#end-user-session; error: romeo@verona.example is not connected.`)
  })
})

describe('the end of the service (§4.30, §4.31)', () => {
  for (const [node, how] of [
    ['shutdown', 'stop'],
    ['restart', 'restart'],
  ] as const)
    it(`comes by ${node} when it was said, and is announced`, async () => {
      const { kit, runs, ended } = await administration()
      const romeo = await kit.comesOnline('romeo')

      const reply = await runs(node, { delay: '120', announcement: ['Two minutes', 'to go.'] })

      assert.match(told(reply), /^completed .*in 120 seconds\.$/)
      assert.deepEqual(romeo.hears(), ['Two minutes\nto go.'])
      await kit.clock.pass(119_999)
      assert.deepEqual(ended, [])
      await kit.clock.pass(1)
      assert.deepEqual(ended, [how])
    })

  it('comes when the form says, if nothing else is said, and after the answer', async () => {
    const { kit, runs, ended } = await administration()

    await runs('shutdown', {})
    await kit.clock.pass(59_999)
    assert.deepEqual(ended, [])
    await runs('shutdown', { delay: '0' })
    assert.deepEqual(ended, [])
    await kit.clock.pass(60_000)

    assert.deepEqual(ended, ['stop'])
  })

  it('comes no sooner than a number says', async () => {
    const { kit, runs, ended } = await administration()

    assert.match(told(await runs('shutdown', { delay: 'soon' })), /^completed .*; error: delay: /)
    await kit.clock.pass(60_000)
    assert.deepEqual(ended, [])
  })
})

describe('announce (§4.23)', () => {
  it('tells everybody who is online at the domain', async () => {
    const { kit, runs } = await administration({ accounts: ['juliet', 'romeo', 'nurse', 'friar@mantua.example'] })
    const [romeo, friar] = [await kit.comesOnline('romeo'), await kit.comesOnline('friar@mantua.example')]
    const nurse = await kit.connects('nurse') // not available

    const reply = await runs('announce', { announcement: ['Attention!', 'The prince comes.'] })

    assert.match(told(reply), /^completed/)
    assert.deepEqual(romeo.hears(), ['Attention!\nThe prince comes.'])
    assert.deepEqual([friar.hears(), nurse.hears()], [[], []])
    assert.equal(told(await runs('announce', {})), 'error modify bad-request bad-payload')
  })
})
