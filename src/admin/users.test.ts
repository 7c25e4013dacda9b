import assert from 'node:assert/strict'
import type { Accounts, Credentials } from '../core/accounts.js'
import { LocalBus } from '../core/bus.js'
import { MemoryAccounts, MemoryStorage } from '../core/memory-storage.js'
import { parseJid } from '../xmpp/jid.js'
import { openLocalDoor } from './door.js'
import { userCommands } from './users.js'

describe('user commands', () => {
  let accounts: Accounts
  let derived: string[]
  const keys: Credentials = new Map()

  const run = (name: string, args: Record<string, string> = {}) => {
    const derive = async (password: string) => {
      derived.push(password)
      return keys
    }
    const domains = new Set(['verona.example', 'mantua.example'])
    const commands = userCommands({ accounts: async () => accounts, domains, derive })
    return openLocalDoor(commands, async () => {}).run(name, args)
  }
  const refusal = (message: string | RegExp) => ({ name: 'CommandError', message })

  beforeEach(() => {
    accounts = new MemoryAccounts({ bus: new LocalBus(), storage: new MemoryStorage() })
    derived = []
  })

  it('make an account, by an address however it is spelled', async () => {
    assert.equal(
      await run('user add', { jid: 'Juliet@VERONA.example', password: 'pilgrim' }),
      'juliet@verona.example can log in now.',
    )

    assert.ok(await accounts.exists(parseJid('juliet@verona.example')))
    assert.deepEqual(derived, ['pilgrim'])
  })

  it('make an account once', async () => {
    await run('user add', { jid: 'juliet@verona.example', password: 'pilgrim' })

    await assert.rejects(
      run('user add', { jid: 'juliet@verona.example', password: 'other' }),
      refusal('juliet@verona.example exists already.'),
    )
  })

  it('make accounts of the domains that are served only', async () => {
    await assert.rejects(
      run('user add', { jid: 'paris@paris.example', password: 'x' }),
      refusal('paris.example is none of the domains of this server: verona.example, mantua.example.'),
    )
  })

  it('want the address of an account', async () => {
    for (const jid of ['verona.example', 'juliet@verona.example/balcony'])
      for (const name of ['user add', 'user passwd', 'user remove']) {
        // there it is clear enough what is meant
        if (name === 'user remove' && jid.includes('/')) continue
        await assert.rejects(
          run(name, { jid, ...(name !== 'user remove' && { password: 'x' }) }),
          refusal(`"${jid}" is no account's address, which is like romeo@example.org.`),
        )
      }
    await assert.rejects(
      run('user add', { jid: '@verona.example', password: 'x' }),
      refusal(/ is no address such as romeo@example\.org: /),
    )
  })

  it('want a password that clients can send', async () => {
    const add = (password: string) => run('user add', { jid: 'juliet@verona.example', password })

    await assert.rejects(add(''), refusal('The password is empty.'))
    await assert.rejects(add('tab\there'), refusal(/^This cannot be a password: /))
    assert.deepEqual(derived, [])
  })

  it('give an account another password', async () => {
    await run('user add', { jid: 'juliet@verona.example', password: 'pilgrim' })

    assert.equal(
      await run('user passwd', { jid: 'juliet@verona.example', password: 'saint' }),
      'juliet@verona.example has a new password.',
    )
    await assert.rejects(
      run('user passwd', { jid: 'romeo@verona.example', password: 'x' }),
      refusal('There is no account romeo@verona.example.'),
    )
  })

  it('remove an account, even of a domain that is not served any more', async () => {
    const ghost = parseJid('ghost@elsinore.example')
    await accounts.create(ghost, keys)

    assert.equal(await run('user remove', { jid: 'ghost@elsinore.example' }), 'ghost@elsinore.example is no more.')

    assert.ok(!(await accounts.exists(ghost)))
    await assert.rejects(
      run('user remove', { jid: 'ghost@elsinore.example' }),
      refusal('There is no account ghost@elsinore.example.'),
    )
  })

  it('list all accounts in order', async () => {
    assert.equal(await run('user list'), '')
    for (const jid of ['romeo@verona.example', 'juliet@verona.example', 'paris@mantua.example'])
      await run('user add', { jid, password: 'x' })

    assert.deepEqual((await run('user list')).split('\n').sort(), [
      'juliet@verona.example',
      'paris@mantua.example',
      'romeo@verona.example',
    ])
  })
})
