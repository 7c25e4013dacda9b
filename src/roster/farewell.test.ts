import assert from 'node:assert/strict'
import { el, settled } from '../../test/kit.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { arrives, at, befriends, follows, hears, pushes, rosterOf, says, verona } from './fixture.test.js'

describe('an account that is removed', () => {
  it('says goodbye: nobody goes on seeing it, being seen by it, or waiting for it', async () => {
    const kit = await verona({ accounts: ['romeo', 'juliet', 'nurse', 'paris'] })
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    const [nurse, paris] = [await arrives(kit, 'nurse'), await arrives(kit, 'paris')]
    await befriends(romeo, juliet)
    await follows(nurse, juliet)
    await says(paris, 'subscribe', 'juliet')
    kit.forget()

    await kit.accounts.remove(juliet.account)
    await juliet.leaves()

    assert.deepEqual(hears(romeo), ['unavailable juliet/client', 'unsubscribe juliet', 'unsubscribed juliet'])
    assert.deepEqual(hears(nurse), ['unavailable juliet/client', 'unsubscribed juliet'])
    assert.deepEqual(hears(paris), ['unsubscribed juliet'])
    assert.deepEqual(await rosterOf(romeo), ['juliet none'])
    assert.deepEqual(await rosterOf(nurse), ['juliet none'])
    assert.deepEqual(await rosterOf(paris), ['juliet none'])
  })

  it('says goodbye also when it is not online', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    await befriends(romeo, juliet)
    await juliet.leaves()
    kit.forget()

    await kit.accounts.remove(juliet.account)
    await settled()

    assert.deepEqual(hears(romeo), ['unsubscribe juliet', 'unsubscribed juliet'])
    assert.deepEqual(await rosterOf(romeo), ['juliet none'])
  })

  it('takes back a request that was never answered', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    await says(romeo, 'subscribe', 'juliet')
    kit.forget()

    await kit.accounts.remove(romeo.account)
    await romeo.leaves()

    assert.deepEqual(hears(juliet), ['unsubscribe romeo'])
    const again = await arrives(kit, 'juliet/chamber')
    assert.deepEqual(hears(again), [])
  })

  it('sees others go, and hears nothing of what else that leads to', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    await befriends(romeo, juliet)
    kit.forget()

    await kit.accounts.remove(juliet.account)
    await settled()

    assert.deepEqual(pushes(juliet), [])
    assert.deepEqual(hears(juliet), ['unavailable romeo/client'])
  })

  it('says goodbye to contacts elsewhere, too', async () => {
    const kit = await verona()
    const romeo = await arrives(kit, 'romeo')
    const laura = parseJid('laura@petrarch.example')
    await romeo.sends(el`<presence type='subscribe' to='${laura}'/>`)
    for (const type of ['subscribed', 'subscribe'])
      await kit.router.route(makeStanza({ type, from: laura, to: romeo.account, el: el`<presence/>` }))
    await romeo.sends(el`<presence type='subscribed' to='${laura}'/>`)
    const sent: string[] = []
    kit.services.own('petrarch.example', {
      receive: ({ type, from, to }) => void sent.push(`${type} ${from} -> ${to}`),
    })

    await kit.accounts.remove(romeo.account)

    assert.deepEqual(sent, [
      `unsubscribe ${at('romeo')} -> ${laura}`,
      `unavailable ${at('romeo')}/client -> ${laura}`,
      `unsubscribed ${at('romeo')} -> ${laura}`,
    ])
  })

  it('can be made anew and knows nobody', async () => {
    const kit = await verona()
    const [romeo, juliet] = [await arrives(kit, 'romeo'), await arrives(kit, 'juliet')]
    await befriends(romeo, juliet)
    await kit.accounts.remove(juliet.account)
    await juliet.leaves()
    await kit.accounts.create(juliet.account, new Map())

    const again = await arrives(kit, 'juliet')

    assert.deepEqual(await rosterOf(again), [])
    await befriends(romeo, again)
    assert.deepEqual(await rosterOf(again), ['romeo both'])
  })

  it('that does not exist says nothing', async () => {
    const kit = await verona()
    assert.equal(await kit.accounts.remove(parseJid(at('rosaline'))), false)
  })
})
