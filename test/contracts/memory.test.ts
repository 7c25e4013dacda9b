import assert from 'node:assert/strict'
import { LocalBus } from '../../src/core/bus.js'
import { MemoryAccounts, MemoryStorage } from '../../src/core/memory-storage.js'
import { accountsContract } from './accounts.js'
import { storesContract } from './stores.js'
import { juliet, nurse, romeo, type World } from './world.js'

async function memory(): Promise<World> {
  const storage = new MemoryStorage()
  const bus = new LocalBus()
  return {
    storage,
    accounts: new MemoryAccounts({ bus, storage }),
    bus,
    erase: owner => storage.erase(owner),
    async breakDown() {
      storage.fail(new Error('the disk is full'))
      return async () => storage.fail(undefined)
    },
    async dispose() {},
  }
}

storesContract('memory', memory, { durable: false })
accountsContract('memory', memory, { durable: false })

describe('memory', () => {
  it('lets a test hold commits back', async () => {
    const storage = new MemoryStorage()
    const accounts = new MemoryAccounts({ bus: new LocalBus(), storage })
    const log = storage.log<string>('test/mail')
    const order: string[] = []
    storage.hold()
    const asked = [
      log.append(romeo, 'a').then(() => order.push('a')),
      accounts.create(nurse, new Map()).then(() => order.push('account')),
      log.append(romeo, 'b').then(() => order.push('b')),
      log.count(romeo).then(count => order.push(`${count} entries`)),
    ]
    assert.equal(await log.count(juliet), 0) // others do not wait
    await new Promise(setImmediate)
    assert.deepEqual(order, [])

    storage.release()
    await Promise.all(asked)
    assert.deepEqual(order, ['a', 'account', 'b', '2 entries'])
  })

  it('lets held commits fail', async () => {
    const storage = new MemoryStorage()
    storage.hold()
    const asked = storage.value('test/mood').set(romeo, 'in love')
    storage.fail(new Error('the disk is full'))
    storage.release()

    await assert.rejects(asked, /the disk is full/)
    assert.equal(await storage.value('test/mood').get(romeo), undefined)
  })
})
