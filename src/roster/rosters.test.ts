import assert from 'node:assert/strict'
import { type Client, el, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import type { MapStore } from '../core/stores.js'
import { parseJid } from '../xmpp/jid.js'
import { arrives, at, befriends, follows, hears, pushes, QUERY, rosterOf, says, verona } from './fixture.test.js'

/** Counts what is read, and may take its time about it or fail. */
class WatchedStorage extends MemoryStorage {
  readonly reads: string[] = []
  gate: Promise<void> | undefined
  fault: Error | undefined

  override map<T>(name: string): MapStore<T> {
    const store = super.map<T>(name)
    const { all, get } = store
    store.all = async owner => {
      this.reads.push(`all of ${owner.local}`)
      await this.gate
      if (this.fault) throw this.fault
      return all.call(store, owner)
    }
    store.get = (owner, key) => {
      this.reads.push(`one of ${owner.local}`)
      return get.call(store, owner, key)
    }
    return store
  }
}

/** Romeo and Juliet see each other; Juliet has gone again. */
async function apart() {
  const storage = new WatchedStorage()
  const kit = await verona({ storage })
  const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
  await befriends(romeo, juliet)
  await juliet.leaves()
  kit.forget()
  storage.reads.length = 0
  return { kit, storage, romeo }
}

describe('rosters in memory', () => {
  it('are read once while an account is online, whatever its resources do', async () => {
    const { kit, storage } = await apart()

    const [balcony, chamber] = await Promise.all([kit.connects('juliet/balcony'), kit.connects('juliet/chamber')])
    for (const client of [balcony, chamber]) {
      await rosterOf(client)
      await client.sends(el`<presence/>`)
      await client.sends(el`<presence><show>away</show></presence>`)
    }
    await balcony.leaves()
    await chamber.sends(el`<presence/>`)

    assert.deepEqual(storage.reads, ['all of juliet'])
  })

  it('are given back when the last session has gone', async () => {
    const { kit, storage } = await apart()
    await (await kit.comesOnline('juliet')).leaves()
    storage.reads.length = 0

    await kit.connects('juliet')

    assert.deepEqual(storage.reads, ['all of juliet'])
  })

  it('of an account that was removed are not those of who gets its name, not even at once', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    await befriends(romeo, juliet)
    await kit.accounts.remove(romeo.account)
    await kit.accounts.create(romeo.account, new Map())

    const other = await arrives(kit, 'romeo/other')

    assert.deepEqual(await rosterOf(other), [])
    await romeo.leaves()
    await other.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='${at('nurse')}'/></query>`)
    assert.deepEqual(await rosterOf(other), ['nurse none'])
  })

  it('of an account that was removed keep nothing more', async () => {
    const { kit, storage, romeo } = await apart()
    const { size } = await storage.map('roster/contacts').all(romeo.account)

    await kit.accounts.remove(romeo.account)
    await romeo.asks('set', el`<query xmlns='jabber:iq:roster'><item jid='${at('nurse')}'/></query>`)
    await romeo.leaves()

    assert.equal((await storage.map('roster/contacts').all(romeo.account)).size, size)
  })

  it('of those who are offline are not read when presence is broadcast', async () => {
    const { storage, romeo } = await apart()

    await romeo.sends(el`<presence><show>away</show></presence>`)
    await romeo.leaves()

    assert.deepEqual(storage.reads, [])
  })

  it('of those who are offline answer a probe by one entry', async () => {
    const { kit, storage, romeo } = await apart()

    await says(romeo, 'probe', 'juliet')

    assert.deepEqual(storage.reads, ['one of juliet'])
    assert.deepEqual(hears(romeo), ['unavailable juliet'])
    assert.equal(kit.directory.of(parseJid(at('juliet'))).length, 0)
  })

  it('that could not be read are read when they are needed again', async () => {
    const { kit, storage, romeo } = await apart()
    storage.fault = new Error('disk unplugged')
    const juliet = await kit.connects('juliet')
    assert.equal(await juliet.isRefused('get', QUERY), 'internal-server-error')

    storage.fault = undefined
    await juliet.sends(el`<presence/>`)

    assert.deepEqual(hears(romeo), ['available juliet/client'])
  })

  it('that come too late find a session that is over, and say nothing of it', async () => {
    const { kit, storage, romeo } = await apart()
    let open = () => {}
    storage.gate = new Promise(resolve => {
      open = resolve
    })
    const connecting = kit.connects('juliet')
    const juliet = kit.directory.of(parseJid(at('juliet')))[0] as Client // the kit's sessions are its clients
    const sent = juliet.sends(el`<presence/>`)
    const gone = juliet.dies()

    open()
    await Promise.all([connecting, sent, gone])

    assert.deepEqual(romeo.received, [])
    assert.equal(juliet.presence, undefined)
  })
})

describe('changes of one roster', () => {
  it('are made and pushed in the order in which they came', async () => {
    const storage = new MemoryStorage()
    const kit = await verona({ storage })
    const [balcony, chamber] = [await arrives(kit, 'juliet/balcony'), await arrives(kit, 'juliet/chamber')]
    storage.hold()

    const sent = ['a', 'b', 'c', 'd'].map((name, i) =>
      (i % 2 ? balcony : chamber).sends(
        el`<iq type='set' id='${name}'><query xmlns='jabber:iq:roster'><item jid='${at('nurse')}' name='${name}'/></query></iq>`,
      ),
    )
    await settled()
    storage.release()
    await Promise.all(sent)

    // each session's own are in order, and both see the same
    const seen = pushes(balcony)
    assert.deepEqual(pushes(chamber), seen)
    assert.equal(seen.length, 4)
    assert.deepEqual(await rosterOf(balcony), [seen.at(-1)])
  })

  it('by two who ask each other at the same time do not wait for each other', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]

    await Promise.all([says(romeo, 'subscribe', 'juliet'), says(juliet, 'subscribe', 'romeo')])
    await Promise.all([says(romeo, 'subscribed', 'juliet'), says(juliet, 'subscribed', 'romeo')])

    assert.deepEqual(await rosterOf(romeo), ['juliet both'])
    assert.deepEqual(await rosterOf(juliet), ['romeo both'])
  })

  it('go on when one has failed', async () => {
    const storage = new MemoryStorage()
    const kit = await verona({ storage })
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    storage.fail(new Error('disk full'))
    await says(romeo, 'subscribe', 'juliet')
    storage.fail(undefined)

    await follows(romeo, juliet)

    assert.deepEqual(await rosterOf(romeo), ['juliet to'])
  })
})
