import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { child, type Element, elements } from '../xml/index.js'
import { DELAY } from '../xmpp/ns.js'
import { availability, module } from './fixture.test.js'
import { type AnyModule, defineModule, TAKEN } from './module.js'

/** Keeps messages that nobody is there to take. */
class Cellar {
  readonly kept: Element[] = []
  readonly module = module('cellar', {
    hooks: {
      toAccount: {
        fallback: ({ stanza }) => {
          this.kept.push(stanza.el)
          return TAKEN
        },
      },
    },
  })

  get bodies(): string[] {
    return this.kept.map(bodyOf)
  }
}

/** Gives a copy to all other clients of the account. */
const copies: AnyModule = defineModule({
  ...{ name: 'copies', doc: 'Gives copies.', implements: [] },
  setup: ({ sessions }) => ({
    hooks: {
      toAccount: {
        copy({ stanza, account, custody, recipients }) {
          const others = sessions.of(account).filter(session => !recipients.includes(session))
          if (recipients.length > 0)
            for (const other of others) {
              recipients.push(other)
              other.send(stanza, custody)
            }
        },
      },
    },
  }),
})

const bodyOf = (message: Element): string => child(message, 'body')?.getText() ?? ''

const delaysOf = (message: Element): Record<string, string | undefined>[] =>
  elements(message).flatMap(({ name, attrs }) => (name === 'delay' && attrs.xmlns === DELAY ? [attrs] : []))

const letter = (body: string, { to = 'juliet@verona.example', type = 'chat' } = {}): Element =>
  el`<message id='${body}' type='${type}' to='${to}'><body>${body}</body></message>`

async function verona(...modules: readonly AnyModule[]) {
  const kit = await Kit.start({ modules: [availability, ...modules] })
  return { kit, romeo: await kit.comesOnline('romeo/orchard') }
}

/** One that acknowledges nothing. */
async function silent(kit: Kit, name: string): Promise<Client> {
  const client = await kit.comesOnline(name)
  client.acknowledges = false
  return client
}

describe('a message that was given to clients', () => {
  it('stays with the other when one of two is lost', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await silent(kit, 'juliet/chamber')

    await romeo.sends(letter('hark'))
    await balcony.dies()
    await kit.comesOnline('juliet/garden')

    assert.deepEqual(chamber.hears(), ['hark'])
    assert.deepEqual(cellar.bodies, [])
    assert.deepEqual(romeo.received, [])
  })

  it('is given to others when the last that had it is lost, with the moment when it was tried first', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await silent(kit, 'juliet/chamber')

    await kit.clock.pass(1000)
    await romeo.sends(letter('hark'))
    await kit.clock.pass(60_000)
    const garden = await kit.comesOnline('juliet/garden')
    await balcony.dies()
    assert.deepEqual(garden.received, [])
    await chamber.dies()

    const message = garden.takes()
    assert.deepEqual([bodyOf(message), message.attrs.to], ['hark', 'juliet@verona.example'])
    assert.deepEqual(delaysOf(message), [{ xmlns: DELAY, from: 'verona.example', stamp: '1595-07-01T00:00:01.000Z' }])
    assert.deepEqual([cellar.bodies, romeo.received], [[], []])
  })

  it('goes where messages go that find nobody when nobody else is there', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')

    await romeo.sends(letter('hark'))
    await kit.clock.pass(60_000)
    await balcony.dies()

    assert.deepEqual(cellar.bodies, ['hark'])
    assert.deepEqual(
      cellar.kept.flatMap(delaysOf).map(({ stamp }) => stamp),
      ['1595-07-01T00:00:00.000Z'],
    )
    assert.deepEqual(romeo.received, [])
  })

  it('comes back to its sender when nobody keeps it either', async () => {
    const { kit, romeo } = await verona()
    const balcony = await silent(kit, 'juliet/balcony')

    await romeo.sends(letter('hark'))
    await balcony.dies()

    const error = romeo.takes()
    assert.deepEqual([conditionOf(error), error.attrs.id], ['service-unavailable', 'hark'])
    assert.equal(error.attrs.from, 'juliet@verona.example')
  })

  it('is given to nobody else when the client had acknowledged it', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await silent(kit, 'juliet/chamber')

    await romeo.sends(letter('hark'))
    balcony.confirms()
    await chamber.dies()
    await balcony.dies()

    assert.deepEqual([cellar.bodies, romeo.received], [[], []])
  })

  for (const type of ['chat', 'normal'])
    it(`of type ${type} for one client is given to others when that is lost`, async () => {
      const { kit, romeo } = await verona()
      const balcony = await silent(kit, 'juliet/balcony')
      const chamber = await kit.comesOnline('juliet/chamber')

      await romeo.sends(letter('hark', { type, to: 'juliet@verona.example/balcony' }))
      assert.deepEqual(chamber.received, [])
      await balcony.dies()

      assert.deepEqual(chamber.hears(), ['hark'])
      assert.deepEqual(romeo.received, [])
    })

  for (const type of ['groupchat', 'headline', 'error'])
    it(`of type ${type} was for that client only, and is lost with it`, async () => {
      const cellar = new Cellar()
      const { kit, romeo } = await verona(cellar.module)
      const balcony = await silent(kit, 'juliet/balcony')
      const chamber = await kit.comesOnline('juliet/chamber')

      await romeo.sends(letter('hark', { type, to: 'juliet@verona.example/balcony' }))
      await balcony.dies()

      assert.deepEqual([chamber.received, cellar.bodies, romeo.received], [[], [], []])
    })

  it('that is lost again goes on, with the moment when it was tried first and no other', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')

    await romeo.sends(letter('hark'))
    const chamber = await silent(kit, 'juliet/chamber')
    await kit.clock.pass(1000)
    await balcony.dies()
    await kit.clock.pass(1000)
    await chamber.dies()

    assert.deepEqual(cellar.bodies, ['hark'])
    assert.deepEqual(
      cellar.kept.flatMap(delaysOf).map(({ stamp }) => stamp),
      ['1595-07-01T00:00:00.000Z'],
    )
  })

  it('that somebody else had delayed before says so still', async () => {
    const { kit, romeo } = await verona()
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await silent(kit, 'juliet/chamber')
    const stamp = '1595-06-30T12:00:00Z'

    await romeo.sends(
      el`<message type='chat' to='juliet@verona.example/balcony'><delay xmlns='${DELAY}' from='mantua' stamp='${stamp}'/></message>`,
    )
    await balcony.dies()
    const garden = await kit.comesOnline('juliet/garden')
    await chamber.dies()

    const delays = delaysOf(garden.takes())
    assert.deepEqual(
      delays.map(({ from }) => from),
      ['mantua', 'verona.example'],
    )
  })

  it('that was kept back from a client which is lost then goes to others too', async () => {
    const { kit, romeo } = await verona()
    const balcony = await kit.comesOnline('juliet/balcony')
    balcony.hold()

    await romeo.sends(letter('hark'))
    const chamber = await kit.comesOnline('juliet/chamber')
    await balcony.dies()

    assert.deepEqual([balcony.hears(), chamber.hears()], [[], ['hark']])
  })

  it('is with others before they hear that the client is gone', async () => {
    const events: string[] = []
    const cellar = module('cellar', {
      hooks: {
        toAccount: {
          fallback() {
            events.push('kept')
            return TAKEN
          },
        },
      },
      on: { closed: () => void events.push('closed') },
    })
    const { kit, romeo } = await verona(cellar)
    const balcony = await silent(kit, 'juliet/balcony')

    await romeo.sends(letter('hark'))
    await balcony.dies()

    assert.deepEqual(events, ['kept', 'closed'])
  })
})

describe('a message of which another client got a copy', () => {
  it('is not given to others while one of both has it', async () => {
    const cellar = new Cellar()
    const { kit, romeo } = await verona(copies, cellar.module)
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await silent(kit, 'juliet/chamber')

    await romeo.sends(letter('hark', { to: 'juliet@verona.example/balcony' }))
    await balcony.dies()

    assert.deepEqual(chamber.hears(), ['hark'])
    assert.deepEqual(cellar.bodies, [])
  })

  for (const order of [
    [0, 1],
    [1, 0],
  ] as const)
    it(`is given to others, once, when both are lost, the ${order[0] === 0 ? 'copy last' : 'copy first'}`, async () => {
      const cellar = new Cellar()
      const { kit, romeo } = await verona(copies, cellar.module)
      const clients = [await silent(kit, 'juliet/balcony'), await silent(kit, 'juliet/chamber')] as const

      await romeo.sends(letter('hark', { to: 'juliet@verona.example/balcony' }))
      for (const which of order) await clients[which].dies()

      assert.deepEqual(cellar.bodies, ['hark'])
    })

  it('goes to others when the client is over before it is given to it', async () => {
    const slow = module('slow', { hooks: { toAccount: { copy: () => settled() } } })
    const { kit, romeo } = await verona(slow)
    const balcony = await silent(kit, 'juliet/balcony')
    const chamber = await kit.comesOnline('juliet/chamber')

    const sent = romeo.sends(letter('hark', { to: 'juliet@verona.example/balcony' }))
    await balcony.dies()
    await sent

    assert.deepEqual([balcony.hears(), chamber.hears()], [[], ['hark']])
  })
})

describe('what else a lost client had', () => {
  it('is answered when it is a request', async () => {
    const { kit, romeo } = await verona()
    const balcony = await silent(kit, 'juliet/balcony')

    await romeo.sends(el`<iq type='get' id='1' to='juliet@verona.example/balcony'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await balcony.dies()

    const error = romeo.takes()
    assert.deepEqual([conditionOf(error), error.attrs.id], ['service-unavailable', '1'])
  })

  it('is not answered when it is an answer, or presence', async () => {
    const { kit, romeo } = await verona()
    const balcony = await silent(kit, 'juliet/balcony')
    const to = `to='juliet@verona.example/balcony'`

    await romeo.sends(el`<iq type='result' id='1' ${to}/>`)
    await romeo.sends(el`<iq type='error' id='2' ${to}/>`)
    await romeo.sends(el`<presence ${to}/>`)
    await romeo.sends(el`<presence type='unavailable' ${to}/>`)
    assert.equal(balcony.received.length, 4)
    await balcony.dies()

    assert.deepEqual(romeo.received, [])
  })
})

describe('messages, whichever clients come and go', () => {
  const step = fc.record({ does: fc.constantFrom('write', 'write', 'come', 'confirm', 'die'), who: fc.nat(3) })

  for (const [what, modules] of [
    ['', []],
    [' with copies', [copies]],
  ] as const)
    it(`are neither lost nor given twice to a client that has them${what}`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
          const cellar = new Cellar()
          const { kit, romeo } = await verona(...modules, cellar.module)
          const here = new Map<number, Client>()
          const all: Client[] = []
          const confirmed = new Set<string>()
          let written = 0

          for (const { does, who } of steps) {
            const client = here.get(who)
            if (does === 'write') {
              const to = String(client?.jid ?? 'juliet@verona.example')
              await romeo.sends(letter(String(written++), { to }))
            }
            if (does === 'come' && !client) {
              const comer = await silent(kit, `juliet/${all.length}`)
              all.push(comer)
              here.set(who, comer)
            }
            if (does === 'confirm' && client) {
              client.confirms()
              for (const message of client.received) confirmed.add(bodyOf(message))
            }
            if (does === 'die' && client) {
              here.delete(who)
              await client.dies()
            }
            const held = [...here.values()].flatMap(({ received }) => received.map(bodyOf))
            for (let n = 0; n < written; n++) {
              const body = String(n)
              const isStored = cellar.bodies.includes(body)
              assert.ok(held.includes(body) || confirmed.has(body) || isStored, `${n} is somewhere`)
              assert.ok(!(isStored && (held.includes(body) || confirmed.has(body))), `${n} is not stored for nothing`)
            }
          }

          for (const { received } of all) assertOnce(received.map(bodyOf))
          assertOnce(cellar.bodies)
          assert.deepEqual(romeo.received, [])
        }),
        { numRuns: 100 },
      ))
})

const assertOnce = (bodies: readonly string[]) => assert.equal(new Set(bodies).size, bodies.length)
