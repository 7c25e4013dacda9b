import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { isElement, PASSWORD, plain } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { disabledAccounts } from '../core/accounts.js'
import { findCommand, renderResult } from '../core/commands.js'
import { elements } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { SASL } from '../xmpp/ns.js'
import { ADMIN, administration } from './ad-hoc-administration-fixture.test.js'
import { disabling } from './ad-hoc-disabled.js'
import { told } from './ad-hoc-fixture.test.js'

const romeo = parseJid('romeo@verona.example')
const nurse = parseJid('nurse@verona.example')

describe('disabled accounts (XEP-0133 §4.3, §4.4)', () => {
  async function server() {
    const streams = await StreamKit.start({ modules: [disabling] })
    const run = async (name: string, jid: string) =>
      renderResult(await findCommand(streams.kit.host.commands(), name).run({ jid }))
    /** What comes of a login with the right password. */
    const login = async (): Promise<string> => {
      const wire = streams.connects()
      await wire.opens()
      wire.send(plain('romeo', PASSWORD))
      const answer = await wire.next()
      assert.ok(isElement(answer))
      return [answer, ...elements(answer)].map(({ name }) => name).join(' ')
    }
    return { streams, run, login }
  }

  it('have their sessions ended, and nobody can log in to them', async () => {
    const { streams, run, login } = await server()
    const [street, nurses] = [await streams.binds('romeo/street'), await streams.binds('nurse/kitchen')]

    assert.match(await run('user disable', 'romeo@verona.example'), /until it is enabled again\.$/)

    assert.equal(await street.fails(), 'not-authorized')
    assert.equal(await login(), 'failure account-disabled')
    await nurses.pings()
  })

  it('lose nothing, and can be logged in to when they are enabled again', async () => {
    const { streams, run, login } = await server()
    const keys = await streams.kit.accounts.keys(romeo, 'SHA-256')
    await run('user disable', 'romeo@verona.example')

    await run('user enable', 'romeo@verona.example')

    assert.equal(await login(), 'success')
    assert.deepEqual(await streams.kit.accounts.keys(romeo, 'SHA-256'), keys)
  })

  it('end what is logged in and has no resource yet', async () => {
    const { streams, run } = await server()
    const wire = streams.connects()
    await wire.opens()
    await wire.logsIn('romeo')

    await run('user disable', 'romeo@verona.example')

    assert.equal(await wire.fails(), 'not-authorized')
  })

  it('do not make a login possible that the password does not', async () => {
    const { streams, run } = await server()
    await run('user disable', 'romeo@verona.example')
    const wire = streams.connects()
    await wire.opens()
    wire.send(plain('romeo', 'wrong'))

    assert.equal((await wire.takes('failure', SASL)).getChildElements()[0]?.name, 'not-authorized')
  })

  it('are disabled and enabled several at once, by form', async () => {
    const { kit, runs } = await administration()
    const list = kit.host.use(disabledAccounts)
    const accountjids = ['nurse@verona.example', 'romeo@verona.example', 'rosaline@verona.example']

    const reply = await runs('disable-user', { accountjids })
    assert.match(told(reply), new RegExp(`^completed ${ADMIN}#disable-user; .*error: There is no account rosaline@`))
    assert.deepEqual([await list.isDisabled(romeo), await list.isDisabled(nurse)], [true, true])
    assert.deepEqual((await list.list()).map(String), ['nurse@verona.example', 'romeo@verona.example'])
    assert.deepEqual(await list.list('mantua.example'), [])
    await runs('reenable-user', { accountjids: ['romeo@verona.example'] })

    assert.deepEqual((await list.list('verona.example')).map(String), ['nurse@verona.example'])
    assert.match(told(await runs('reenable-user', { accountjids: 'romeo@verona.example' })), /is not disabled\.$/)
  })

  it('are told of to operators', async () => {
    const { kit, runs } = await administration()

    await runs('disable-user', { accountjids: 'romeo@verona.example' })

    assert.equal((await kit.host.facts(romeo))['Disabled since'], '1595-07-01T00:00:00.000Z')
    assert.equal((await kit.host.facts(nurse))['Disabled since'], undefined)
  })

  it('are no more when they are removed: another of that name is not disabled', async () => {
    const { kit, runs } = await administration()
    const list = kit.host.use(disabledAccounts)
    await runs('disable-user', { accountjids: 'romeo@verona.example' })

    await kit.accounts.remove(romeo)
    await settled()
    assert.deepEqual(await list.list(), [])
    await kit.accounts.create(romeo, new Map())

    assert.deepEqual([await list.isDisabled(romeo), await list.list()], [false, []])
  })
})
