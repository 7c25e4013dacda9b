import assert from 'node:assert/strict'
import { type Client, conditionOf, el } from '../../test/kit.js'
import { isElement } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { type Log, silentLog } from '../core/log.js'
import type { AnyModule, Command } from '../core/module.js'
import { roster } from '../roster/index.js'
import { type Element, elements, firstElement, parseElement, serialise } from '../xml/index.js'
import { readForm } from '../xmpp/forms/index.js'
import { adHoc } from './ad-hoc.js'
import {
  actionsOf,
  asks,
  COMMANDS,
  command,
  type Fields,
  formOf,
  SERVER,
  sessionOf,
  start,
  told,
} from './ad-hoc-fixture.test.js'
import { disco } from './disco.js'

/** Commands of operators. */
function operators(log: unknown[] = []): readonly Command[] {
  const note = (name: string) => async (args: object) => {
    log.push([name, args])
    return `${name} done`
  }
  return [
    {
      name: 'ball open',
      doc: 'Opens the ball.',
      args: {
        jid: { type: 'jid', doc: 'whose' },
        guests: { type: 'integer', doc: 'how many', optional: true },
        masks: { type: 'flag', doc: 'whether they wear masks' },
        music: { of: ['lute', 'pipe'], doc: 'what is played', optional: true },
        words: { type: 'lines', doc: 'what is said', optional: true },
        password: 'the word at the door',
      },
      run: note('open'),
    },
    { name: 'ball close', doc: 'Closes the ball.', args: {}, run: note('close') },
    { name: 'vault open', doc: 'Opens the vault.', args: {}, local: true, run: note('vault') },
    {
      name: 'ball show',
      doc: 'Shows the ball.',
      args: {},
      run: async () => [
        'Merry.',
        { columns: { name: 'NAME', mask: 'MASK' }, rows: [{ name: 'Romeo', mask: 'fox' }, { name: 'Tybalt' }] },
        { facts: { Guests: '2', Menu: 'figs\ndates' } },
      ],
    },
  ]
}

describe('the list of commands', () => {
  const ask = (what: string, node?: string) =>
    parseElement(
      `<query xmlns='http://jabber.org/protocol/disco#${what}'${node === undefined ? '' : ` node='${node}'`}/>`,
    )
  const itemsOf = (reply: Element) =>
    elements(firstElement(reply) ?? reply).map(({ attrs }) => [attrs.jid, attrs.node, attrs.name])

  it('is announced (§2.1)', async () => {
    const { romeo } = await start()

    const info = await romeo.asks('get', ask('info'), SERVER)
    const list = await romeo.asks('get', ask('info', COMMANDS), SERVER)

    assert.match(`${info}`, /<feature var="http:\/\/jabber.org\/protocol\/commands"\/>/)
    assert.doesNotMatch(`${info}`, /jabber:x:data/)
    assert.deepEqual(firstElement(firstElement(list) ?? list)?.attrs, {
      ...{ category: 'automation', type: 'command-list', name: 'Commands' },
    })
  })

  it('has what one may run, and nothing else (§2.2)', async () => {
    const { kit, juliet, romeo } = await start({ commands: operators() })
    const nurse = await kit.connects('nurse')
    const list = async (client: Client) => itemsOf(await client.asks('get', ask('items', COMMANDS), SERVER))
    const nodes = (items: Awaited<ReturnType<typeof list>>) => items.map(([, node]) => node)

    assert.deepEqual(nodes(await list(romeo)), ['poison', 'greet', 'fail', 'duel'])
    assert.deepEqual(nodes(await list(nurse)), ['greet', 'fail', 'duel'])
    assert.deepEqual((await list(juliet)).slice(4), [
      [SERVER, 'ball open', 'Opens the ball'],
      [SERVER, 'ball close', 'Closes the ball'],
      [SERVER, 'ball show', 'Shows the ball'],
    ])
  })

  it('can be read page by page', async () => {
    const { romeo } = await start()
    const query = parseElement(
      `<query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS}'>` +
        "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set></query>",
    )

    const reply = await romeo.asks('get', query, SERVER)

    assert.match(`${reply}`, /node="greet".*<count>4<\/count>/)
    assert.doesNotMatch(`${reply}`, /node="fail"/)
  })

  it('tells what a command is, to those who may run it (§2.2)', async () => {
    const { kit, romeo } = await start()
    const nurse = await kit.connects('nurse')

    const reply = await romeo.asks('get', ask('info', 'poison'), SERVER)
    const refusal = await nurse.asks('get', ask('info', 'poison'), SERVER)

    assert.equal(
      serialise(firstElement(reply) ?? reply, 'jabber:client'),
      "<query xmlns='http://jabber.org/protocol/disco#info' node='poison'>" +
        "<identity category='automation' type='command-node' name='Get poison'/>" +
        "<feature var='http://jabber.org/protocol/commands'/><feature var='jabber:x:data'/></query>",
    )
    assert.equal(told(refusal), 'error cancel forbidden')
    assert.deepEqual(itemsOf(await romeo.asks('get', ask('items', 'poison'), SERVER)), [])
  })

  it('is at the account of an administrator as well, for that one only', async () => {
    const { kit, juliet, romeo } = await start({ modules: [roster, disco, adHoc], commands: operators() })
    const own = 'juliet@verona.example'
    await juliet.sends(el`<presence/>`)
    await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
    await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)
    kit.forget()

    assert.match(`${await juliet.asks('get', ask('info'), own)}`, /protocol\/commands/)
    const [first] = itemsOf(await juliet.asks('get', ask('items', COMMANDS), own))
    assert.deepEqual(first, [own, 'ball open', 'Opens the ball'])
    assert.equal(
      told(await juliet.asks('set', command({ node: 'ball close' }), own)),
      'completed ball close; info: close done',
    )
    assert.equal(
      told(await juliet.asks('set', command({ node: 'ball close' }))),
      'completed ball close; info: close done',
    )

    assert.doesNotMatch(`${await romeo.asks('get', ask('info'))}`, /protocol\/commands/)
    assert.doesNotMatch(`${await romeo.asks('get', ask('info'), own)}`, /protocol\/commands/)
    assert.equal(await romeo.isRefused('get', ask('items', COMMANDS), own), 'item-not-found')
    assert.equal(await romeo.isRefused('set', command({ node: 'ball close' }), own), 'service-unavailable')
    assert.equal(await romeo.isRefused('set', command({ node: 'ball close' })), 'forbidden')
  })
})

describe('a command of operators', () => {
  it('has its arguments in a form', async () => {
    const { juliet } = await start({ commands: operators() })

    const reply = await asks(juliet, { node: 'ball open' })

    assert.equal(actionsOf(reply), "<actions execute='complete'><complete/></actions>")
    assert.deepEqual(formOf(reply), {
      type: 'form',
      title: 'ball open',
      instructions: ['Opens the ball.'],
      fields: [
        { var: 'jid', type: 'jid-single', label: 'Whose', required: true },
        {
          ...{ var: 'guests', type: 'text-single', label: 'How many' },
          validation: { datatype: 'xs:nonNegativeInteger', method: { by: 'basic' } },
        },
        { var: 'masks', type: 'boolean', label: 'Whether they wear masks' },
        {
          ...{ var: 'music', type: 'list-single', label: 'What is played' },
          options: [
            { label: 'lute', value: 'lute' },
            { label: 'pipe', value: 'pipe' },
          ],
        },
        { var: 'words', type: 'text-multi', label: 'What is said' },
        { var: 'password', type: 'text-private', label: 'The word at the door', required: true },
      ],
    })
  })

  it('is given what was entered', async () => {
    const log: unknown[] = []
    const { juliet } = await start({ commands: operators(log) })
    const session = { node: 'ball open', sessionid: sessionOf(await asks(juliet, { node: 'ball open' })) }
    const fields = {
      jid: 'Capulet@VERONA.example',
      guests: '25',
      masks: '1',
      music: 'lute',
      words: 'Welcome\nall',
      password: 'fig',
    }

    const reply = await asks(juliet, session, fields)

    assert.equal(told(reply), 'completed ball open; info: open done')
    assert.deepEqual(log, [['open', { ...fields, jid: 'capulet@verona.example', masks: 'true' }]])
  })

  it('is in the log, with who ran it and without passwords', async () => {
    const lines: object[] = []
    const log: Log = { ...silentLog, info: facts => void lines.push(facts), child: () => log }
    const { juliet } = await start({ commands: operators(), log })

    await asks(juliet, { node: 'ball open' }, { jid: 'capulet@verona.example', password: 'fig' })

    const by = 'juliet@verona.example/chamber'
    assert.deepEqual(lines, [{ command: 'ball open', args: { jid: 'capulet@verona.example' }, by }])
  })

  it('tells what is wrong with what was entered, and can be tried again', async () => {
    const { juliet } = await start({ commands: operators() })
    const session = { node: 'ball open', sessionid: sessionOf(await asks(juliet, { node: 'ball open' })) }
    const good = { jid: 'capulet@verona.example', password: 'fig' }

    for (const fields of [{}, { jid: 'capulet@verona.example' }])
      assert.equal(told(await asks(juliet, session, fields)), 'error modify bad-request bad-payload')
    assert.match(told(await asks(juliet, session, good)), /^completed/)
  })

  it('has failed when something was entered that cannot be (§3.6)', async () => {
    const log: unknown[] = []
    const { juliet } = await start({ commands: operators(log) })
    const good = { jid: 'capulet@verona.example', password: 'fig' }

    for (const fields of [{ jid: '@' }, { guests: 'many' }, { music: 'drum' }])
      assert.match(
        told(await asks(juliet, { node: 'ball open', action: 'complete' }, { ...good, ...fields })),
        /^completed ball open; error: (jid|guests|music): .* was expected$/,
      )
    assert.deepEqual(log, [])
  })

  it('answers with notes, tables and fields', async () => {
    const { juliet } = await start({ commands: operators() })

    const reply = await asks(juliet, { node: 'ball show' })

    assert.equal(told(reply), 'completed ball show; info: Merry.')
    const [table, facts] = elements(firstElement(reply) ?? reply)
      .filter(({ name }) => name === 'x')
      .map(readForm)
    assert.deepEqual(table?.table, {
      reported: [
        { var: 'name', label: 'NAME', type: 'text-single' },
        { var: 'mask', label: 'MASK', type: 'text-single' },
      ],
      items: [
        new Map([
          ['name', ['Romeo']],
          ['mask', ['fox']],
        ]),
        new Map([
          ['name', ['Tybalt']],
          ['mask', ['']],
        ]),
      ],
    })
    assert.deepEqual(facts?.fields, [
      { var: 'Guests', type: 'text-single', label: 'Guests', values: ['2'] },
      { var: 'Menu', type: 'text-multi', label: 'Menu', values: ['figs', 'dates'] },
    ])
  })

  it('is not there when it is only for the machine itself', async () => {
    const { juliet } = await start({ commands: operators() })

    assert.equal(told(await asks(juliet, { node: 'vault open' })), 'error cancel item-not-found')
  })

  it('is over for who is no administrator any more', async () => {
    const admins = ['juliet']
    const { juliet } = await start({ commands: operators(), admins })
    const session = { node: 'ball open', sessionid: sessionOf(await asks(juliet, { node: 'ball open' })) }
    admins.pop()

    assert.equal(told(await asks(juliet, session, { jid: 'a@b', password: 'c' })), 'error cancel forbidden')
  })

  it('is run on a stream, by an administrator and nobody else', async () => {
    const modules: readonly AnyModule[] = [disco, adHoc]
    const server = await StreamKit.start({ modules, kit: { admins: ['juliet'], commands: operators() } })
    const [juliet, romeo] = [await server.binds('juliet/chamber'), await server.binds('romeo/orchard')]
    const request = (id: string, attrs: Readonly<Record<string, string>>, fields?: Fields) =>
      `<iq type='set' id='${id}' to='${SERVER}' xml:lang='de'>${serialise(command(attrs, fields))}</iq>`

    juliet.send(request('1', { node: 'ball open' }))
    const form = await juliet.takes('iq')
    assert.ok(isElement(form))
    const session = { node: 'ball open', sessionid: sessionOf(form), action: 'complete' }
    juliet.send(request('2', session, { jid: 'capulet@verona.example', password: 'fig' }))
    const done = await juliet.takes('iq')
    romeo.send(request('3', { node: 'ball open' }))
    const refused = await romeo.takes('iq')

    assert.equal(told(done), 'completed ball open; info: open done')
    assert.equal(conditionOf(refused), 'forbidden')
  })
})
