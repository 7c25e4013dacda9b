import assert from 'node:assert/strict'
import { settled } from '../../test/kit.js'
import { StreamKit } from '../../test/stream-kit.js'
import { findCommand } from '../core/commands.js'
import { roster } from '../roster/index.js'
import { administration } from './ad-hoc-administration-fixture.test.js'
import { formOf, told } from './ad-hoc-fixture.test.js'
import { notices } from './ad-hoc-notices.js'

const GLOBE = ['The Globe opens', 'tomorrow.']
const TEXT = GLOBE.join('\n')

describe('the message of the day (XEP-0133 §4.24)', () => {
  it('is told at once to who is there, and to others when they come, to each once', async () => {
    const { kit, runs } = await administration()
    const romeo = await kit.comesOnline('romeo/orchard')

    assert.match(told(await runs('set-motd', { motd: GLOBE })), /^completed/)
    assert.deepEqual(romeo.hears(), [TEXT])
    const street = await kit.comesOnline('romeo/street')
    const nurse = await kit.comesOnline('nurse/kitchen')
    await nurse.leaves()
    const again = await kit.comesOnline('nurse/kitchen')

    assert.deepEqual([street.hears(), nurse.hears(), again.hears()], [[], [TEXT], []])
  })

  it('is told once, though two clients come at the same time', async () => {
    const { kit, runs } = await administration()
    await runs('set-motd', { motd: GLOBE })

    const both = await Promise.all([kit.comesOnline('romeo/orchard'), kit.comesOnline('romeo/street')])

    assert.deepEqual(
      both.flatMap(client => client.hears()),
      [TEXT],
    )
  })

  it('comes from the domain, and is for its users only', async () => {
    const { kit, runs } = await administration({ accounts: ['juliet', 'romeo', 'friar@mantua.example'] })
    await runs('set-motd', { motd: GLOBE })

    const friar = await kit.comesOnline('friar@mantua.example/cell')
    const romeo = await kit.comesOnline('romeo')

    assert.deepEqual(friar.hears(), [])
    const message = romeo.takes(({ name }) => name === 'message')
    assert.deepEqual([message.attrs.from, message.attrs.to], ['verona.example', romeo.jid.toString()])
  })

  it('gives way to another, which all are told', async () => {
    const { kit, runs } = await administration()
    const romeo = await kit.comesOnline('romeo')
    await runs('set-motd', { motd: GLOBE })

    await runs('set-motd', { motd: 'The Globe has burnt down.' })

    assert.deepEqual(romeo.hears(), [TEXT, 'The Globe has burnt down.'])
  })

  it('is corrected for those who have not been told yet (§4.25)', async () => {
    const { kit, runs } = await administration()
    const romeo = await kit.comesOnline('romeo')
    await runs('set-motd', { motd: GLOBE })
    romeo.hears()

    assert.deepEqual(formOf(await runs('edit-motd')).fields.at(-1)?.values, GLOBE)
    await runs('edit-motd', { motd: 'The Globe opens on Monday.' })
    const nurse = await kit.comesOnline('nurse')

    assert.deepEqual([romeo.hears(), nurse.hears()], [[], ['The Globe opens on Monday.']])
    assert.match(told(await runs('edit-motd', {})), /bad-payload$/)
  })

  it('is told no more when it is deleted (§4.26)', async () => {
    const { kit, runs } = await administration()
    await runs('set-motd', { motd: GLOBE })

    assert.match(told(await runs('delete-motd')), /^completed/)

    assert.deepEqual((await kit.comesOnline('romeo')).hears(), [])
    assert.equal(formOf(await runs('edit-motd')).fields.at(-1)?.values, undefined)
  })

  it('is no longer than it may be', async () => {
    const { runs } = await administration({ settings: { notices: { maxLength: 5 } } })

    assert.equal(
      told(await runs('set-motd', { motd: 'Adieu!' })),
      'completed http://jabber.org/protocol/admin#set-motd; error: It may have at most 5 characters.',
    )
    assert.match(told(await runs('set-motd', { motd: 'Adieu' })), /^completed/)
  })

  it('is kept when the server begins anew', async () => {
    const { kit, runs } = await administration()
    await runs('set-motd', { motd: GLOBE })

    const after = await administration({ storage: kit.storage })

    assert.deepEqual((await after.kit.comesOnline('romeo')).hears(), [TEXT])
  })
})

describe('the welcome message (XEP-0133 §4.27)', () => {
  it('is told to new users when they come for the first time', async () => {
    const { kit, runs } = await administration()
    await runs('set-welcome', { welcome: ['Welcome', 'to Verona.'] })

    const romeo = await kit.comesOnline('romeo/orchard')
    assert.deepEqual(romeo.hears(), ['Welcome\nto Verona.'])
    await romeo.leaves()
    const again = await kit.comesOnline('romeo/orchard')

    assert.deepEqual(again.hears(), [])
  })

  it('is not told to who has been there before', async () => {
    const { kit, runs } = await administration()
    await (await kit.comesOnline('romeo')).leaves()
    await runs('set-welcome', { welcome: 'Welcome' })

    assert.deepEqual((await kit.comesOnline('romeo')).hears(), [])
  })

  it('comes before the message of the day, and stands in the form', async () => {
    const { kit, runs } = await administration()
    await runs('set-motd', { motd: GLOBE })
    await runs('set-welcome', { welcome: 'Welcome' })

    assert.deepEqual((await kit.comesOnline('nurse')).hears(), ['Welcome', TEXT])
    assert.deepEqual(formOf(await runs('set-welcome')).fields.at(-1)?.values, ['Welcome'])
  })

  it('is told no more when it is deleted (§4.28)', async () => {
    const { kit, runs } = await administration()
    await runs('set-welcome', { welcome: 'Welcome' })

    await runs('delete-welcome')

    assert.deepEqual((await kit.comesOnline('romeo')).hears(), [])
  })
})

describe('notices on the command line', () => {
  it('are for all domains, or one', async () => {
    const { prints } = await administration()

    await prints('motd set', { text: TEXT })
    await prints('welcome set', { text: 'Welcome', domain: 'mantua.example' })

    assert.equal(
      await prints('notices'),
      [
        'DOMAIN          MESSAGE     TEXT',
        'verona.example  of the day  The Globe opens / tomorrow.',
        'mantua.example  of the day  The Globe opens / tomorrow.',
        'mantua.example  welcome     Welcome',
      ].join('\n'),
    )
    await assert.rejects(prints('motd delete', { domain: 'padua.example' }), /none of the domains/)
  })

  it('come on streams', async () => {
    const server = await StreamKit.start({ modules: [roster, notices] })
    await findCommand(server.kit.host.commands(), 'motd set').run({ text: TEXT })
    const romeo = await server.comesOnline('romeo/orchard')
    await settled()

    await romeo.takes('presence')
    assert.equal(await romeo.hears(), TEXT)
  })
})
