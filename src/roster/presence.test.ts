import assert from 'node:assert/strict'
import { type Client, conditionOf, el, settled } from '../../test/kit.js'
import { blocks } from '../core/contacts.js'
import { defineModule, offer } from '../core/module.js'
import { child, xml } from '../xml/index.js'
import { arrives, at, befriends, follows, hears, says, verona } from './fixture.test.js'
import { roster } from './index.js'

/** Romeo and Juliet, who see each other, and the nurse, who sees nobody. */
async function friends(options: Parameters<typeof verona>[0] = {}) {
  const kit = await verona(options)
  const [romeo, juliet] = [await arrives(kit, 'romeo/orchard'), await arrives(kit, 'juliet/balcony')]
  const nurse = await arrives(kit, 'nurse/kitchen')
  await befriends(romeo, juliet)
  kit.forget()
  return { kit, romeo, juliet, nurse }
}

async function broadcasts(client: Client, literal: string): Promise<void> {
  await client.sends(el`${literal}`)
  await settled()
}

const directs = (client: Client, to: string, type?: string): Promise<void> =>
  client.sends(xml('presence', { to: at(to), type }))

describe('initial presence', () => {
  it('goes to those who may see it, and to all resources of the user, that one included (§4.2.2)', async () => {
    const { kit, romeo, juliet, nurse } = await friends()

    const chamber = await kit.comesOnline('juliet/chamber', el`<presence id='p1'><show>away</show></presence>`)

    for (const client of [romeo, juliet, chamber]) {
      const presence = client.takes(({ attrs }) => attrs.from === `${at('juliet')}/chamber`)
      assert.deepEqual([presence.attrs.id, child(presence, 'show')?.getText()], ['p1', 'away'])
    }
    assert.deepEqual(nurse.received, [])
  })

  it('brings the presence of all resources of those whom the user may see, and of the own ones', async () => {
    const { kit, romeo } = await friends()
    await kit.comesOnline('romeo/street', el`<presence id='s'><show>dnd</show></presence>`)
    kit.forget()

    const chamber = await kit.comesOnline('juliet/chamber')

    const street = chamber.takes(({ attrs }) => attrs.from === `${at('romeo')}/street`)
    assert.deepEqual([street.attrs.id, child(street, 'show')?.getText()], ['s', 'dnd'])
    assert.deepEqual(hears(chamber).sort(), [
      'available juliet/balcony',
      'available juliet/chamber',
      'available romeo/orchard',
    ])
    assert.deepEqual(hears(romeo), ['available juliet/chamber'])
  })

  it('brings nothing of those who only see the user', async () => {
    const { kit, juliet, nurse } = await friends()
    await follows(nurse, juliet)

    const chamber = await kit.comesOnline('juliet/chamber')

    assert.ok(!hears(chamber).some(word => word.includes('nurse')))
    assert.deepEqual(hears(nurse), ['available juliet/chamber'])
  })

  it('makes the session available with its priority, and lets the other modules know', async () => {
    const available: string[] = []
    const witness = defineModule({
      name: 'witness',
      doc: '',
      implements: [],
      setup: () => ({
        on: { available: ({ jid, presence }) => void available.push(`${jid.resource} ${presence?.priority}`) },
      }),
    })
    const kit = await verona({ modules: [witness, roster] })
    const juliet = await kit.connects('juliet/balcony')

    await broadcasts(juliet, '<presence><priority>-5</priority></presence>')
    await broadcasts(juliet, '<presence><priority> +7 </priority></presence>')
    assert.equal(juliet.presence?.priority, 7)
    await broadcasts(juliet, `<presence type='unavailable'/>`)
    assert.equal(juliet.presence, undefined)
    await broadcasts(juliet, '<presence/>')

    assert.deepEqual(available, ['balcony -5', 'balcony 0'])
  })

  for (const priority of ['128', '-129', '', 'high', '1.5', '0x1', '<b/>', '1e1'])
    it(`is refused with the priority "${priority}" (§4.7.2.3)`, async () => {
      const { juliet, romeo } = await friends()

      await broadcasts(juliet, `<presence><priority>${priority}</priority></presence>`)

      assert.equal(conditionOf(juliet.takes()), 'bad-request')
      assert.deepEqual(romeo.received, [])
      assert.equal(juliet.presence?.priority, 0, 'what was before is still true')
    })

  it('is refused with two priorities, and passes with any show', async () => {
    const { juliet, romeo } = await friends()

    await broadcasts(juliet, '<presence><priority>1</priority><priority>1</priority></presence>')
    assert.equal(conditionOf(juliet.takes()), 'bad-request')
    await broadcasts(juliet, '<presence><show>asleep</show></presence>')

    assert.equal(child(romeo.takes(), 'show')?.getText(), 'asleep')
  })
})

describe('presence', () => {
  it('that changes goes to those who may see it, complete, and to all own resources (§4.4.2)', async () => {
    const { kit, romeo, juliet, nurse } = await friends()
    const chamber = await kit.comesOnline('juliet/chamber')
    kit.forget()

    await broadcasts(juliet, `<presence id='x'><show>xa</show><c xmlns='urn:caps' ver='1'/></presence>`)

    for (const client of [romeo, juliet, chamber]) {
      const presence = client.takes()
      assert.deepEqual([presence.attrs.id, child(presence, 'c', 'urn:caps')?.attrs.ver], ['x', '1'])
      assert.deepEqual(client.received, [])
    }
    assert.deepEqual(nurse.received, [])
  })

  it('is addressed to the bare JID of each, and carries the full JID of the resource', async () => {
    const { romeo, juliet } = await friends()

    await broadcasts(juliet, '<presence/>')

    const { attrs } = romeo.takes()
    assert.deepEqual([attrs.from, attrs.to], [`${at('juliet')}/balcony`, at('romeo')])
  })

  it('shares its children between all who get it', async () => {
    const { romeo, juliet } = await friends()

    await broadcasts(juliet, '<presence><status>on the balcony</status></presence>')

    assert.equal(child(romeo.takes(), 'status'), child(juliet.takes(), 'status'))
  })

  it('of type error, or a probe, that is for nobody is nothing to answer', async () => {
    const { romeo, juliet } = await friends()

    await broadcasts(juliet, `<presence type='error'/>`)
    await broadcasts(juliet, `<presence type='probe'/>`)

    assert.deepEqual([...juliet.received, ...romeo.received], [])
  })
})

describe('unavailable presence', () => {
  it('goes to those who saw the user, to all own resources and back (§4.5.2)', async () => {
    const { kit, romeo, juliet, nurse } = await friends()
    const chamber = await kit.comesOnline('juliet/chamber')
    kit.forget()

    await broadcasts(juliet, `<presence type='unavailable'><status>good night</status></presence>`)

    for (const client of [romeo, juliet, chamber]) {
      const presence = client.takes()
      assert.deepEqual([presence.attrs.type, child(presence, 'status')?.getText()], ['unavailable', 'good night'])
    }
    assert.deepEqual(nurse.received, [])
  })

  it('is said for a session that ends without it, once', async () => {
    const { romeo, juliet } = await friends()

    await juliet.dies()

    assert.deepEqual(hears(romeo), ['unavailable juliet/balcony'])
  })

  it('is not said again for a session that had said it, nor for one that was never available', async () => {
    const { kit, romeo, juliet } = await friends()
    await broadcasts(juliet, `<presence type='unavailable'/>`)
    await broadcasts(juliet, `<presence type='unavailable'/>`)
    await juliet.leaves()
    await (await kit.connects('juliet/chamber')).leaves()

    assert.deepEqual(hears(romeo), ['unavailable juliet/balcony'])
  })

  it('is followed by a new first presence if there is one (§4.5.2)', async () => {
    const { juliet } = await friends()
    await broadcasts(juliet, `<presence type='unavailable'/>`)
    juliet.received.length = 0

    await broadcasts(juliet, '<presence/>')

    assert.deepEqual(hears(juliet), ['available juliet/balcony', 'available romeo/orchard'])
  })

  it('is not said while another session goes on under the same address', async () => {
    const { kit, romeo, juliet } = await friends()
    const again = await kit.comesOnline('juliet/balcony')
    kit.forget()

    await juliet.dies()

    assert.deepEqual(romeo.received, [])
    assert.equal(again.presence?.priority, 0)
  })

  it('is said for the sessions of an account that is removed, and nothing is left of it', async () => {
    const { kit, romeo, juliet } = await friends()

    await kit.accounts.remove(juliet.account)
    await juliet.leaves()

    assert.deepEqual(hears(romeo), ['unavailable juliet/balcony', 'unsubscribe juliet', 'unsubscribed juliet'])
    await kit.accounts.create(juliet.account, new Map())
    const other = await kit.comesOnline('juliet')
    assert.deepEqual(hears(other), ['available juliet/client'])
  })
})

describe('directed presence', () => {
  it('is delivered as it is, and takes nothing for granted (§4.6.3)', async () => {
    const { juliet, nurse } = await friends()

    await directs(juliet, 'nurse')
    await broadcasts(juliet, '<presence><show>away</show></presence>')

    assert.deepEqual(hears(nurse), ['available juliet/balcony'])
  })

  it('ends with the session: each who got it sees it go, once', async () => {
    const { kit, romeo, juliet, nurse } = await friends()
    await directs(juliet, 'nurse')
    await juliet.sends(el`<presence to='${at('nurse')}/kitchen'/>`)
    await directs(juliet, 'romeo')
    kit.forget()

    await juliet.dies()

    assert.deepEqual(hears(nurse), ['unavailable juliet/balcony', 'unavailable juliet/balcony'])
    assert.deepEqual(hears(romeo), ['unavailable juliet/balcony'])
  })

  it('ends with the presence of the user too', async () => {
    const { juliet, nurse } = await friends()
    await directs(juliet, 'nurse')

    await broadcasts(juliet, `<presence type='unavailable'><status>sleep</status></presence>`)
    await juliet.leaves()

    assert.deepEqual(hears(nurse), ['available juliet/balcony', 'unavailable juliet/balcony'])
  })

  it('of somebody who is not available ends as well', async () => {
    const { kit, nurse, romeo } = await friends()
    const hidden = await kit.connects('juliet/hidden')
    await directs(hidden, 'nurse')
    await directs(hidden, 'romeo')

    await hidden.dies()

    assert.deepEqual(hears(nurse), ['available juliet/hidden', 'unavailable juliet/hidden'])
    assert.deepEqual(hears(romeo), ['available juliet/hidden', 'unavailable juliet/hidden'])
  })

  it('that was taken back is over (§4.6.1)', async () => {
    const { juliet, nurse } = await friends()
    await directs(juliet, 'nurse')
    await directs(juliet, 'nurse', 'unavailable')

    await juliet.dies()

    assert.deepEqual(hears(nurse), ['available juliet/balcony', 'unavailable juliet/balcony'])
  })

  it('is over when the other has gone', async () => {
    const { kit, juliet, nurse } = await friends()
    await juliet.sends(el`<presence to='${at('nurse')}/kitchen'/>`)
    await nurse.sends(el`<presence type='unavailable' to='${at('juliet')}'/>`)
    kit.forget()

    await juliet.dies()

    assert.deepEqual(nurse.received, [])
  })

  it('is refused to more than there may be', async () => {
    const { juliet, nurse } = await friends({ settings: { roster: { maxDirected: 1 } } })

    await juliet.sends(el`<presence to='${at('romeo')}/orchard'/>`)
    await directs(juliet, 'nurse')

    assert.equal(conditionOf(juliet.takes()), 'resource-constraint')
    assert.deepEqual(nurse.received, [])
  })

  it('to an account that does not exist is ignored (§8.5.1)', async () => {
    const { juliet } = await friends()

    await directs(juliet, 'rosaline')
    await directs(juliet, 'rosaline', 'unavailable')

    assert.deepEqual(juliet.received, [])
  })
})

describe('presence and those who are blocked', () => {
  async function withBlocked(blocked: Set<string>) {
    const blocking = defineModule({
      name: 'blocking',
      doc: '',
      implements: [],
      setup: () => ({
        offers: [offer(blocks, { isBlocked: async (account, contact) => blocked.has(`${account} ${contact.bare}`) })],
      }),
    })
    return friends({ modules: [blocking, roster] })
  }
  const JULIET_BLOCKS_ROMEO = `${at('juliet')} ${at('romeo')}`

  it('does not reach them', async () => {
    const blocked = new Set<string>()
    const { kit, romeo, juliet } = await withBlocked(blocked)
    blocked.add(JULIET_BLOCKS_ROMEO)

    await broadcasts(juliet, '<presence/>')
    await kit.comesOnline('juliet/chamber')
    const street = await kit.comesOnline('romeo/street')
    await juliet.dies()

    assert.deepEqual(hears(romeo), ['available romeo/street'])
    assert.deepEqual(hears(street), ['available romeo/street', 'available romeo/orchard'])
  })

  it('is not given away when a subscription ends', async () => {
    const blocked = new Set<string>()
    const { romeo, juliet } = await withBlocked(blocked)
    blocked.add(JULIET_BLOCKS_ROMEO)

    await says(romeo, 'unsubscribe', 'juliet')

    assert.deepEqual(hears(romeo), [])
    assert.deepEqual(hears(juliet), ['unsubscribe romeo'])
  })
})
