import assert from 'node:assert/strict'
import { el, settled } from '../../test/kit.js'
import { type Contacts, contacts } from '../core/contacts.js'
import { parseJid } from '../xmpp/jid.js'
import { arrives, at, befriends, follows, hears, verona } from './fixture.test.js'

/** Romeo and Juliet see each other, the nurse sees Juliet, who is on the balcony and in her chamber. */
async function household() {
  const kit = await verona()
  const [romeo, juliet, nurse] = [
    await arrives(kit, 'romeo/orchard'),
    await arrives(kit, 'juliet/balcony'),
    await arrives(kit, 'nurse/kitchen'),
  ]
  await befriends(romeo, juliet)
  await follows(nurse, juliet)
  await kit.comesOnline('juliet/chamber')
  kit.forget()
  const contract: Contacts = kit.host.use(contacts)
  return { kit, romeo, juliet, nurse, contract }
}

describe('contacts, for other modules', () => {
  it('say who sees whom, by any of their addresses', async () => {
    const { romeo, juliet, nurse, contract } = await household()

    assert.equal(contract.seesPresence(juliet.account, nurse.jid), true)
    assert.equal(contract.seesPresence(nurse.account, juliet.jid), false)
    assert.equal(contract.showsPresence(nurse.account, juliet.account), true)
    assert.equal(contract.showsPresence(juliet.account, nurse.account), false)
    assert.equal(contract.showsPresence(juliet.account, romeo.jid), true)
    assert.equal(contract.seesPresence(nurse.account, nurse.jid), true)
  })

  it('know it of those who are offline too', async () => {
    const { romeo, juliet, nurse, contract } = await household()
    await romeo.leaves()

    assert.equal(await contract.seesPresence(romeo.account, juliet.jid), true)
    assert.equal(await contract.seesPresence(romeo.account, nurse.jid), false)
  })

  it('hide an account from one who sees it, and from nobody else', async () => {
    const { romeo, juliet, nurse, contract } = await household()

    await contract.hide(juliet.account, romeo.account)
    await contract.hide(nurse.account, romeo.account)
    await settled()

    assert.deepEqual(hears(romeo), ['unavailable juliet/balcony', 'unavailable juliet/chamber'])
    assert.deepEqual(hears(nurse), [])
  })

  it('hide it from a single resource, or from all of a domain', async () => {
    const { kit, romeo, juliet, nurse, contract } = await household()
    const street = await kit.comesOnline('romeo/street')
    kit.forget()

    await contract.hide(juliet.account, romeo.jid)
    assert.deepEqual(hears(street), [])
    await contract.hide(juliet.account, parseJid('verona.example'))
    await settled()

    assert.equal(hears(romeo).length, 4)
    assert.equal(hears(street).length, 2)
    assert.equal(hears(nurse).length, 2)
    await contract.hide(juliet.account, parseJid('mantua.example'))
    assert.deepEqual(hears(nurse), [])
  })

  it('hide it from those who got presence by name', async () => {
    const { romeo, nurse, contract } = await household()
    await nurse.sends(el`<presence to='${at('romeo')}/orchard'/>`)

    await contract.hide(nurse.account, romeo.account)
    await contract.hide(nurse.account, romeo.account)
    await settled()

    assert.deepEqual(hears(romeo), ['available nurse/kitchen', 'unavailable nurse/kitchen'])
  })

  it('show an account again, to those who may see it', async () => {
    const { romeo, juliet, nurse, contract } = await household()

    await contract.show(juliet.account, romeo.account)
    await contract.show(nurse.account, romeo.account)
    await contract.show(juliet.account, parseJid('verona.example'))
    await settled()

    assert.deepEqual(hears(romeo), [
      'available juliet/balcony',
      'available juliet/chamber',
      'available juliet/balcony',
      'available juliet/chamber',
    ])
    assert.equal(hears(nurse).length, 2)
  })

  it('have nothing to hide or to show of those who are offline', async () => {
    const { romeo, nurse, contract } = await household()
    await nurse.leaves()

    await contract.hide(nurse.account, romeo.account)
    await contract.show(nurse.account, romeo.account)

    assert.deepEqual(hears(romeo), [])
  })
})
