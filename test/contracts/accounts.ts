import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  accountRemoved,
  type Credentials,
  passwordChanged,
  type ScramHash,
  type ScramKeys,
} from '../../src/core/accounts.js'
import { parseJid } from '../../src/xmpp/jid.js'
import { juliet, type MakeWorld, nurse, restarted, romeo, type World } from './world.js'

/** What every keeper of accounts has to do. */
export function accountsContract(name: string, make: MakeWorld, { durable }: { readonly durable: boolean }): void {
  describe(`accounts in ${name}`, () => {
    let world: World

    beforeEach(async () => {
      world = await make()
    })

    afterEach(() => world.dispose())

    it('are there once they have been created', async () => {
      assert.equal(await world.accounts.exists(romeo), false)
      assert.equal(await world.accounts.create(romeo, credentials()), true)

      assert.equal(await world.accounts.exists(romeo), true)
      assert.equal(await world.accounts.exists(juliet), false)
      assert.equal(await world.accounts.exists(parseJid('romeo@capulet.example')), false)
    })

    it('give back the keys of a password as they were', async () => {
      const given = credentials()
      await world.accounts.create(romeo, given)

      for (const [hash, keys] of given) assert.deepEqual(bytesOf(await world.accounts.keys(romeo, hash)), bytesOf(keys))
      assert.equal(await world.accounts.keys(romeo, 'SHA-512'), undefined)
      assert.equal(await world.accounts.keys(juliet, 'SHA-1'), undefined)
    })

    it('are not created twice', async () => {
      const [first, second] = [credentials(), credentials()]
      const created = [world.accounts.create(romeo, first), world.accounts.create(romeo, second)]

      assert.deepEqual(await Promise.all(created), [true, false])
      assert.equal(await world.accounts.create(romeo, second), false)
      assert.deepEqual(bytesOf(await world.accounts.keys(romeo, 'SHA-1')), bytesOf(first.get('SHA-1')))
    })

    it('are seen by what is asked right after', async () => {
      const created = world.accounts.create(romeo, credentials())

      assert.equal(await world.accounts.exists(romeo), true)
      assert.deepEqual(await world.accounts.list(), [romeo])
      await created
    })

    it('get another password, and nothing of the old one stays', async () => {
      const news: string[] = []
      world.bus.subscribe(passwordChanged, account => news.push(account))
      await world.accounts.create(romeo, credentials(['SHA-1', 'SHA-512']))
      const other = credentials(['SHA-1', 'SHA-256'])

      assert.equal(await world.accounts.setCredentials(romeo, other), true)
      assert.equal(await world.accounts.setCredentials(juliet, other), false)
      assert.deepEqual(bytesOf(await world.accounts.keys(romeo, 'SHA-1')), bytesOf(other.get('SHA-1')))
      assert.deepEqual(bytesOf(await world.accounts.keys(romeo, 'SHA-256')), bytesOf(other.get('SHA-256')))
      assert.equal(await world.accounts.keys(romeo, 'SHA-512'), undefined)
      assert.equal(await world.accounts.exists(juliet), false)
      assert.deepEqual(news, ['romeo@montague.example'])
    })

    it('go with everything that is kept of them, and of nobody else', async () => {
      const { accounts, storage } = world
      for (const account of [romeo, juliet]) {
        await accounts.create(account, credentials())
        await storage.map('roster/items').set(account, 'nurse', 'both')
        await storage.log('offline/messages').append(account, 'a')
      }
      const news: unknown[] = []
      world.bus.subscribe(accountRemoved, account => news.push([account, accounts.exists(romeo)]))

      assert.equal(await accounts.remove(romeo), true)
      assert.equal(await accounts.remove(romeo), false)
      assert.equal(await accounts.remove(nurse), false)
      assert.equal(await accounts.exists(romeo), false)
      assert.equal(await accounts.keys(romeo, 'SHA-1'), undefined)
      assert.equal((await storage.map('roster/items').all(romeo)).size, 0)
      assert.equal(await storage.log('offline/messages').count(romeo), 0)
      assert.equal(await accounts.exists(juliet), true)
      assert.equal((await storage.map('roster/items').all(juliet)).size, 1)
      assert.equal(await storage.log('offline/messages').count(juliet), 1)
      assert.deepEqual(await Promise.all(news.flat()), ['romeo@montague.example', false])
    })

    it('are gone when whoever removes one is told, and all others hear of it later', async () => {
      const order: unknown[] = []
      world.bus.subscribe(accountRemoved, () => order.push('all'))
      await world.accounts.create(romeo, credentials())
      await world.accounts.remove(juliet, () => order.push('nobody'))
      await world.accounts.remove(romeo, () => order.push('who asked'))

      assert.deepEqual(order, ['who asked', 'all'])
    })

    it('of a name that somebody else had before start with nothing', async () => {
      const { accounts, storage } = world
      await accounts.create(romeo, credentials())
      const removed = accounts.remove(romeo)
      await storage.log('offline/messages').append(romeo, 'a letter for the first Romeo')
      await removed
      const second = credentials(['SHA-256'])
      await accounts.create(romeo, second)

      assert.equal(await storage.log('offline/messages').count(romeo), 0)
      assert.equal(await accounts.keys(romeo, 'SHA-1'), undefined)
      assert.equal(await accounts.exists(romeo), true)
    })

    it('are listed in alphabetical order, of one domain or of all', async () => {
      const names = [
        'nurse@capulet.example',
        'juliet@capulet.example',
        'romeo@montague.example',
        'élan@capulet.example',
      ]
      for (const name of names) await world.accounts.create(parseJid(name), credentials())

      const list = async (domain?: string) => (await world.accounts.list(domain)).map(String)
      assert.deepEqual(await list(), [...names].sort())
      assert.deepEqual(await list('montague.example'), ['romeo@montague.example'])
      assert.deepEqual(await list('verona.example'), [])
    })

    it('tell apart names that look alike', async () => {
      const names = ['strasse', 'straße', 'e', 'é', 'a', 'x'.repeat(1023), `${'x'.repeat(1022)}y`]
      const jids = names.map(name => parseJid(`${name}@verona.example`))
      for (const jid of jids) assert.equal(await world.accounts.create(jid, credentials()), true, jid.toString())

      assert.equal((await world.accounts.list()).length, jids.length)
      await world.accounts.remove(parseJid('strasse@verona.example'))
      assert.equal(await world.accounts.exists(parseJid('straße@verona.example')), true)
    })

    it('cannot be created while the database fails, but then', async () => {
      const repair = await world.breakDown()
      await assert.rejects(Promise.resolve(world.accounts.create(romeo, credentials())))
      await repair()

      assert.equal(await world.accounts.exists(romeo), false)
      assert.equal(await world.accounts.create(romeo, credentials()), true)
    })

    if (durable)
      it('are there after a restart', async () => {
        const given = credentials()
        await world.accounts.create(romeo, given)
        world = await restarted(world)

        assert.equal(await world.accounts.exists(romeo), true)
        assert.deepEqual(bytesOf(await world.accounts.keys(romeo, 'SHA-1')), bytesOf(given.get('SHA-1')))
      })
  })
}

function credentials(hashes: readonly ScramHash[] = ['SHA-1', 'SHA-256']): Credentials {
  const keys = (): ScramKeys => ({
    salt: randomBytes(16),
    iterations: 10_000,
    storedKey: randomBytes(32),
    serverKey: randomBytes(32),
  })
  return new Map(hashes.map(hash => [hash, keys()]))
}

/** One may be a Buffer and the other not. */
const bytesOf = (keys: ScramKeys | undefined) =>
  keys && {
    salt: [...keys.salt],
    iterations: keys.iterations,
    storedKey: [...keys.storedKey],
    serverKey: [...keys.serverKey],
  }
