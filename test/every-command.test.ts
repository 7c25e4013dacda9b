/**
 * Every command that a running server has, through both of its doors: the socket, as operators say it, and the stream
 * of an administrator, as clients do. A command that is in none of these stories is found.
 */
import assert from 'node:assert/strict'
import type { Door } from '../src/admin/door.js'
import { openSocketDoor } from '../src/admin/socket-door.js'
import type { Arguments } from '../src/core/module.js'
import { adminSocketIn } from '../src/folder.js'
import { child, type Element, elements, firstElement, textOf } from '../src/xml/index.js'
import { formElement } from '../src/xmpp/forms/index.js'
import { ADMIN, COMMANDS, DISCO_ITEMS } from '../src/xmpp/ns.js'
import { LiveServer } from './live-server.js'
import { usesProsody } from './server-process.js'
import { isElement, PASSWORD, type Wire } from './stream-client.js'

const SERVER = 'verona.example'
const JULIET = `juliet@${SERVER}`
const ROMEO = `romeo@${SERVER}`
const PARIS = `paris@${SERVER}`
const NOBODY = `nobody@${SERVER}`

const ADMINS = `admins: [ ${JULIET} ]`

/** With a gateway that nobody listens for. */
const configured = ({ ports: { c2s, c2sTls } }: LiveServer) => `${ADMINS}
listen: { c2s: "127.0.0.1:${c2s}", c2s-tls: "127.0.0.1:${c2sTls}", component: false }
components: { gateway.${SERVER}: { secret: "the lark" } }
`

/** What is said, and what is answered. */
type Line = readonly [command: string, args: Arguments, answer: RegExp]

const NO_ACCOUNT = /^There is no account nobody@verona\.example\.$/
const NO_ADDRESS = /^"" is no address|jid is missing|is no account's address/
const NO_DOMAIN = /^padua\.example is none of the domains of this server: verona\.example\.$/

const OPERATOR: readonly Line[] = [
  ['user add', { jid: ROMEO, password: PASSWORD }, /^romeo@verona\.example can log in now\.$/],
  ['user add', { jid: ROMEO, password: PASSWORD }, /^romeo@verona\.example exists already\.$/],
  ['user add', { jid: 'romeo@padua.example', password: PASSWORD }, NO_DOMAIN],
  ['user add', { jid: SERVER, password: PASSWORD }, NO_ADDRESS],
  ['user add', { jid: PARIS, password: '' }, /^The password is empty\.$/],
  ['user passwd', { jid: ROMEO, password: 'a rose' }, /^romeo@verona\.example has a new password\.$/],
  ['user passwd', { jid: NOBODY, password: 'a rose' }, NO_ACCOUNT],
  ['user list', {}, /^juliet@verona\.example\nromeo@verona\.example$/],
  ['user show', { jid: ROMEO }, /^Account +romeo@verona\.example$/m],
  ['user show', { jid: NOBODY }, NO_ACCOUNT],
  ['user roster', { jid: ROMEO }, /^romeo@verona\.example$/],
  ['user roster', { jid: NOBODY }, NO_ACCOUNT],
  ['user lastlogin', { jid: JULIET }, /^Last login +\d{4}-/m],
  ['user lastlogin', { jid: NOBODY }, NO_ACCOUNT],
  ['user stats', { jid: JULIET }, /^Contacts +0$/m],
  ['user stats', { jid: NOBODY }, NO_ACCOUNT],
  ['user count', { kind: 'registered' }, /^2$/],
  ['user count', { kind: 'registered', domain: 'padua.example' }, NO_DOMAIN],
  ['user count', { kind: 'odd' }, /^"odd" was found for kind, one of registered, .* was expected\.$/],
  ['user filter', { kind: 'online' }, /^juliet@verona\.example$/],
  ['user filter', { kind: 'registered', after: JULIET }, /^romeo@verona\.example$/],
  ['user filter', { kind: 'online', domain: 'padua.example' }, NO_DOMAIN],
  ['user disable', { jid: ROMEO }, /^Nobody can log in as romeo@verona\.example until it is enabled again\.$/],
  ['user disable', { jid: NOBODY }, NO_ACCOUNT],
  ['user enable', { jid: ROMEO }, /^romeo@verona\.example can log in again\.$/],
  ['user enable', { jid: ROMEO }, /^romeo@verona\.example is not disabled\.$/],
  ['user enable', { jid: NOBODY }, NO_ACCOUNT],
  ['user remove', { jid: ROMEO }, /^romeo@verona\.example is no more\.$/],
  ['user remove', { jid: ROMEO }, /^There is no account romeo@verona\.example\.$/],
  ['session list', {}, /^juliet@verona\.example\/chamber +127\.0\.0\.1 /m],
  ['session list', { jid: ROMEO }, /^Nobody is connected\.$/],
  ['session kick', { jid: ROMEO }, /^romeo@verona\.example is not connected\.$/],
  ['session kick', { jid: SERVER }, /is no account or session, such as romeo@example\.org\.$/],
  ['announce', { text: 'Good morrow' }, /^1 user was told\.$/],
  ['announce', { text: 'Good morrow', domain: 'padua.example' }, NO_DOMAIN],
  ['announce', {}, /^announce: text is missing/],
  ['motd set', { text: 'The prince has decreed' }, /^The message of the day was set\.$/],
  ['motd set', { text: 'x'.repeat(10_001) }, /^It may have at most 10000 characters\.$/],
  ['motd set', { text: 'x', domain: 'padua.example' }, NO_DOMAIN],
  ['motd edit', { text: 'The prince has decided' }, /^The message of the day was changed\.$/],
  ['motd edit', {}, /^motd edit: text is missing/],
  ['welcome set', { text: 'Welcome' }, /^The welcome message was set\.$/],
  ['welcome set', { text: 'x'.repeat(10_001) }, /^It may have at most 10000 characters\.$/],
  ['notices', {}, /of the day +The prince has decided\nverona\.example +welcome +Welcome$/],
  ['notices', { domain: 'padua.example' }, NO_DOMAIN],
  ['motd delete', {}, /^There is no message of the day any more\.$/],
  ['motd delete', { domain: 'padua.example' }, NO_DOMAIN],
  ['welcome delete', {}, /^There is no welcome message any more\.$/],
  ['welcome delete', { domain: 'padua.example' }, NO_DOMAIN],
  ['admin set', { jids: `${JULIET}\n${PARIS}` }, /^Administrators: juliet@verona\.example, paris@verona\.example\.$/],
  ['admin set', { jids: PARIS }, /^juliet@verona\.example: an administrator by the configuration/],
  ['admin set', { jids: SERVER }, NO_ADDRESS],
  ['admin list', {}, /^juliet@verona\.example +the configuration\nparis@verona\.example +an administrator$/m],
  ['component list', {}, /^gateway\.verona\.example +not connected$/m],
  ['module list', {}, /^ping +on +XEP-0199 /m],
  ['log level', { level: 'error' }, /^The log is at the level error\.$/],
  ['log level', {}, /^The log is at the level error\.$/],
  ['log level', { level: 'odd' }, /^"odd" was found for level, one of debug, .* was expected\.$/],
  ['status', {}, /^Sessions +1 of 1 accounts$/m],
  ['reload', {}, /^Nothing has changed\.$/],
  ['restart', { delay: '90' }, /^The server starts anew in 90 seconds\.$/],
  ['restart', { delay: 'soon' }, /^"soon" was found for delay, a whole number was expected\.$/],
  ['stop', { delay: '90', announcement: 'Good night' }, /^The server stops in 90 seconds\.$/],
  ['stop', { delay: '-1' }, /^"-1" was found for delay, a whole number was expected\.$/],
]

type Fields = Readonly<Record<string, string>>

/** What an administrator enters into the form of a node, and what comes back: what it says, or the error. */
type Step = readonly [node: string, fields: Fields, answer: RegExp]

const a = (node: string) => `${ADMIN}#${node}`
const both = { password: PASSWORD, 'password-verify': PASSWORD }

const CLIENT_STEPS: readonly Step[] = [
  [a('add-user'), { accountjid: ROMEO, ...both }, /^completed .* can log in now/],
  [a('add-user'), { accountjid: ROMEO, ...both }, /^error cancel conflict/],
  [
    a('add-user'),
    { accountjid: PARIS, ...both, 'password-verify': 'x' },
    /^failed: password-verify is not the same as password/,
  ],
  [a('add-user'), { accountjid: 'romeo@padua.example', ...both }, /^failed: padua\.example is none of the domains/],
  [a('change-user-password'), { accountjid: ROMEO, password: 'a rose' }, /^completed .* has a new password/],
  [a('change-user-password'), { accountjid: NOBODY, password: 'a rose' }, /^failed: There is no account/],
  [a('get-user-roster'), { accountjids: ROMEO }, /^completed .*jabber:iq:roster/],
  [a('get-user-roster'), { accountjids: NOBODY }, /^failed: There is no account/],
  [a('get-user-lastlogin'), { accountjids: JULIET }, /^completed .*lastlogin.*\d{4}-/],
  [a('get-user-lastlogin'), { accountjids: NOBODY }, /^failed: There is no account/],
  [a('user-stats'), { accountjid: JULIET }, /^completed .*onlineresources.*chamber/],
  [a('user-stats'), { accountjid: NOBODY }, /^failed: There is no account/],
  ...['registered', 'disabled', 'online', 'active', 'idle'].map(
    (kind): Step => [a(`get-${kind}-users-num`), {}, new RegExp(`^completed .*${kind}usersnum`)],
  ),
  ...['registered-users-list', 'disabled-users-list', 'online-users-list', 'active-users', 'idle-users'].flatMap(
    (kind): readonly Step[] => [
      [a(`get-${kind}`), { max_items: '25' }, /^completed .*userjids/],
      [a(`get-${kind}`), { max_items: '26' }, /^failed: max_items: one of 25, /],
    ],
  ),
  [a('disable-user'), { accountjids: ROMEO }, /^completed .*until it is enabled again/],
  [a('disable-user'), { accountjids: NOBODY }, /^failed: There is no account/],
  [a('reenable-user'), { accountjids: ROMEO }, /^completed .*can log in again/],
  [a('reenable-user'), { accountjids: NOBODY }, /^failed: There is no account/],
  [a('end-user-session'), { accountjids: ROMEO }, /^failed: romeo@verona\.example is not connected/],
  [a('end-user-session'), { accountjids: SERVER }, /^failed: verona\.example is no account or session/],
  [a('delete-user'), { accountjids: ROMEO }, /^completed .*is no more/],
  [a('delete-user'), { accountjids: ROMEO }, /^failed: There is no account/],
  [a('announce'), { announcement: 'Good morrow' }, /^completed .*1 user was told/],
  [a('announce'), {}, /^error modify bad-request bad-payload/],
  [a('set-motd'), { motd: 'The prince has decreed' }, /^completed .*was set/],
  [a('set-motd'), { motd: 'x'.repeat(10_001) }, /^failed: It may have at most 10000 characters/],
  [a('edit-motd'), { motd: 'The prince has decided' }, /^completed .*was changed/],
  [a('set-welcome'), { welcome: 'Welcome' }, /^completed .*was set/],
  ['notices', {}, /^completed .*The prince has decided.*Welcome/],
  [a('delete-motd'), {}, /^completed .*There is no message of the day any more/],
  [a('delete-welcome'), {}, /^completed .*There is no welcome message any more/],
  [a('edit-admin'), { adminjids: JULIET }, /^completed/],
  [a('edit-admin'), { adminjids: PARIS }, /^error cancel not-allowed/],
  ['admin list', {}, /^completed .*the configuration/],
  ['user list', {}, /^completed .*juliet@verona/],
  ['user show', { jid: JULIET }, /^completed .*Contacts/],
  ['user show', { jid: NOBODY }, /^failed: There is no account/],
  ['session list', {}, /^completed .*juliet@verona\.example\/chamber/],
  ['component list', {}, /^completed .*gateway\.verona\.example/],
  ['module list', {}, /^completed .*XEP-0199/],
  ['log level', { level: 'error' }, /^completed .*at the level error/],
  ['log level', { level: 'odd' }, /^failed: level: one of debug, /],
  ['status', {}, /^completed .*Running since/],
  ['reload', {}, /^completed .*Nothing has changed/],
  [a('restart'), { delay: '90' }, /^completed .*starts anew in 90 seconds/],
  [a('restart'), { delay: 'soon' }, /^failed: delay: a value of xs:nonNegativeInteger/],
  [a('shutdown'), { delay: '90', announcement: 'Good night' }, /^completed .*stops in 90 seconds/],
]

describe('every command', function () {
  this.timeout(30_000)

  let server: LiveServer
  let juliet: Wire

  before(function () {
    if (usesProsody()) this.skip()
  })

  beforeEach(async () => {
    server = await LiveServer.start(ADMINS)
    await server.reloads(configured(server))
    await server.adds('juliet')
    juliet = await server.binds('juliet/chamber')
    juliet.send('<presence/>')
    await juliet.pings()
  })

  afterEach(() => server?.stop())

  it('does for operators at the socket what it says, or tells them why not', async () => {
    const door = (await openSocketDoor(adminSocketIn({ data: server.file('data') }))) ?? assert.fail('nobody answers')
    try {
      const known = new Set(OPERATOR.map(([command]) => command))
      assert.deepEqual([...known].sort(), door.commands.map(({ name }) => name).sort())
      for (const [command, args, answer] of OPERATOR)
        assert.match(await said(door, command, args), answer, `${command} ${JSON.stringify(args).slice(0, 100)}`)
    } finally {
      await door.close()
    }
  })

  it('does for administrators on their streams what its form says, or tells them why not', async () => {
    const listed = await asks(`<query xmlns='${DISCO_ITEMS}' node='${COMMANDS}'/>`, 'get')
    const nodes = elements(firstElement(listed) ?? listed).map(({ attrs }) => attrs.node)
    assert.deepEqual([...new Set(CLIENT_STEPS.map(([node]) => node))].sort(), nodes.sort())

    for (const [node, fields, answer] of CLIENT_STEPS)
      assert.match(await runs(node, fields), answer, `${node} ${JSON.stringify(fields).slice(0, 100)}`)
  })

  it('is not for others', async () => {
    await server.adds('tybalt')
    const tybalt = await server.binds('tybalt/street')

    const listed = await asks(`<query xmlns='${DISCO_ITEMS}' node='${COMMANDS}'/>`, 'get', tybalt)
    assert.deepEqual(elements(firstElement(listed) ?? listed), [])
    for (const node of new Set(CLIENT_STEPS.map(([node]) => node)))
      assert.equal(inWords(await asks(commandOf(node), 'set', tybalt)), 'error cancel forbidden', node)
  })

  async function said(door: Door, command: string, args: Arguments): Promise<string> {
    try {
      return await door.run(command, args)
    } catch (fault) {
      assert.ok(fault instanceof Error)
      return fault.message
    }
  }

  /** In one step where there is no form, else in two. */
  async function runs(node: string, fields: Fields): Promise<string> {
    const first = await asks(commandOf(node))
    const session = firstElement(first)?.attrs.sessionid
    if (firstElement(first)?.attrs.status !== 'executing') return inWords(first)
    const typed = node.startsWith(ADMIN) ? { FORM_TYPE: ADMIN, ...fields } : fields
    const form = formElement({
      type: 'submit',
      fields: Object.entries(typed).map(([name, value]) => ({ var: name, values: [value] })),
    })
    return inWords(await asks(commandOf(node, ` sessionid='${session}' action='complete'`, `${form}`)))
  }

  let asked = 0

  async function asks(payload: string, type = 'set', by = juliet): Promise<Element> {
    const id = `command-${++asked}`
    by.send(`<iq type='${type}' id='${id}' to='${SERVER}'>${payload}</iq>`)
    const answer = await by.finds(event => isElement(event) && event.attrs.id === id)
    assert.ok(isElement(answer))
    return answer
  }
})

const commandOf = (node: string, attrs = '', form = '') =>
  `<command xmlns='${COMMANDS}' node='${node}'${attrs}>${form}</command>`

/** `completed <x…`; `failed: …` where a note tells of it (XEP-0050 §3.6), `error cancel conflict` where an error does. */
function inWords(answer: Element): string {
  const error = child(answer, 'error')
  if (error) {
    const conditions = elements(error).filter(({ name }) => name !== 'text')
    return ['error', error.attrs.type, ...conditions.map(({ name }) => name)].join(' ')
  }
  const done = firstElement(answer)
  const notes = elements(done ?? answer).filter(({ name }) => name === 'note')
  const failure = notes.find(({ attrs }) => attrs.type === 'error')
  if (failure) return `failed: ${textOf(failure)}`
  return [done?.attrs.status, ...notes.map(textOf), `${done}`].join(' ').replaceAll('\n', ' ')
}
