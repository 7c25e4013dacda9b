import assert from 'node:assert/strict'
import { type Client, conditionOf, el, Kit } from '../../test/kit.js'
import { at, availability } from './fixture.test.js'

const TYPES = ['available', 'unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error']

/** Juliet has two available clients, one of which wants no messages, and one that is only connected. */
async function verona() {
  const kit = await Kit.start({ modules: [availability] })
  const clients = {
    balcony: await kit.comesOnline('juliet/balcony', at(0)),
    chamber: await kit.comesOnline('juliet/chamber', at(-1)),
    tomb: await kit.connects('juliet/tomb'),
    romeo: await kit.comesOnline('romeo/orchard'),
  }
  return { kit, ...clients, juliet: [clients.balcony, clients.chamber, clients.tomb] }
}

const presence = (type: string, to: string) =>
  type === 'available' ? el`<presence to='${to}'/>` : el`<presence type='${type}' to='${to}'/>`

const whoGot = (clients: readonly Client[]) =>
  clients.filter(({ received }) => received.length > 0).map(({ jid }) => jid.resource)

describe('presence', () => {
  for (const type of ['available', 'unavailable']) {
    it(`of type ${type} to an account is for all its available clients (RFC 6121 §8.5.2.1.2)`, async () => {
      const { juliet, romeo } = await verona()

      await romeo.sends(presence(type, 'juliet@verona.example'))

      assert.deepEqual(whoGot(juliet), ['balcony', 'chamber'])
      for (const { received } of juliet)
        for (const { attrs } of received) assert.equal(attrs.to, 'juliet@verona.example')
      assert.deepEqual(romeo.received, [])
    })

    for (const resource of ['balcony', 'chamber', 'tomb'])
      it(`of type ${type} to ${resource}, which is connected, is for it alone (RFC 6121 §8.5.3.1)`, async () => {
        const { juliet, romeo } = await verona()

        await romeo.sends(presence(type, `juliet@verona.example/${resource}`))

        assert.deepEqual(whoGot(juliet), [resource])
      })
  }

  for (const type of TYPES)
    it(`of type ${type} to a client that is not there is silently ignored (RFC 6121 §8.5.3.2.2)`, async () => {
      const { juliet, romeo } = await verona()

      await romeo.sends(presence(type, 'juliet@verona.example/garden'))

      assert.deepEqual([whoGot(juliet), romeo.received], [[], []])
    })

  for (const to of ['nurse@verona.example', 'rosaline@verona.example', 'rosaline@verona.example/home'])
    it(`to ${to}, where nobody is, is silently ignored (RFC 6121 §8.5.1, §8.5.2.2.2)`, async () => {
      const { romeo } = await verona()

      for (const type of TYPES) if (type !== 'probe') await romeo.sends(presence(type, to))

      assert.deepEqual(romeo.received, [])
    })

  for (const to of ['rosaline@verona.example', 'rosaline@verona.example/home'])
    it(`of type probe to ${to} is answered as by somebody who shows him no presence (RFC 6121 §8.5.1)`, async () => {
      const { romeo } = await verona()

      await romeo.sends(el`<presence type='probe' id='p1' to='${to}'/>`)

      const { id, type, from } = romeo.takes().attrs
      assert.deepEqual([id, type, from, romeo.received], ['p1', 'unsubscribed', 'rosaline@verona.example', []])
    })

  for (const to of ['verona.example', 'verona.example/bell'])
    it(`to ${to}, the server, is silently ignored`, async () => {
      const { romeo } = await verona()

      for (const type of TYPES) await romeo.sends(presence(type, to))

      assert.deepEqual(romeo.received, [])
    })

  it('to another server is answered when it asks for something: a subscription', async () => {
    const { romeo } = await verona()
    const answered: string[] = []

    for (const type of TYPES) {
      await romeo.sends(presence(type, 'friar@padua.example'))
      for (const answer of romeo.received.splice(0)) {
        assert.equal(conditionOf(answer), 'remote-server-not-found')
        assert.deepEqual([answer.name, answer.attrs.from], ['presence', 'friar@padua.example'])
        answered.push(type)
      }
    }

    assert.deepEqual(answered, ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])
  })

  it('to nobody that no module takes goes nowhere', async () => {
    const kit = await Kit.start({ modules: [] })
    const juliet = await kit.connects('juliet/balcony')
    const romeo = await kit.connects('romeo/orchard')

    await romeo.sends(el`<presence/>`)

    assert.deepEqual([juliet.received, romeo.received], [[], []])
  })
})
