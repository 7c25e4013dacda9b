import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Client, el, type Kit, settled } from '../../test/kit.js'
import { MemoryStorage } from '../core/memory-storage.js'
import { elements } from '../xml/index.js'
import type { Kept } from './contact.js'
import { at, inWords, rosterOf, verona } from './fixture.test.js'
import type { KeptVersion } from './rosters.js'
import { asks, isAsked, type State, sees, shows } from './states.js'

const LOVERS = ['romeo', 'juliet'] as const
type Lover = (typeof LOVERS)[number]
const DEEDS = ['subscribe', 'unsubscribe', 'subscribed', 'unsubscribed', 'remove', 'name', 'come again'] as const
interface Deed {
  readonly who: Lover
  readonly does: (typeof DEEDS)[number]
}

const deeds = fc.array(fc.record<Deed>({ who: fc.constantFrom(...LOVERS), does: fc.constantFrom(...DEEDS) }), {
  maxLength: 25,
})

const otherThan = (who: Lover): Lover => (who === 'romeo' ? 'juliet' : 'romeo')

/** Two people, each with one client that remembers what it was told. */
class Couple {
  readonly #clients = new Map<Lover, Client>()
  /** By whom it was told: what the roster is, and whether the other is there. */
  readonly #rosters = new Map<Lover, string | undefined>()
  readonly #present = new Map<Lover, boolean>()

  constructor(
    readonly kit: Kit,
    readonly storage: MemoryStorage,
  ) {}

  async comes(who: Lover): Promise<void> {
    await this.#clients.get(who)?.leaves()
    this.#present.set(who, false)
    const client = await this.kit.connects(who)
    this.#rosters.set(who, (await rosterOf(client))[0])
    await client.sends(el`<presence/>`)
    this.#clients.set(who, client)
    await settled()
    this.listen()
  }

  async does({ who, does }: Deed): Promise<void> {
    const client = this.#clients.get(who)
    const other = at(otherThan(who))
    if (does === 'come again') return this.comes(who)
    if (does === 'remove' || does === 'name') {
      const attr = does === 'remove' ? `subscription='remove'` : `name='love'`
      const query = `<query xmlns='jabber:iq:roster'><item jid='${other}' ${attr}/></query>`
      await client?.sends(el`<iq type='set' id='deed'>${query}</iq>`)
    } else await client?.sends(el`<presence type='${does}' to='${other}'/>`)
  }

  listen(): void {
    for (const [who, client] of this.#clients)
      for (const stanza of client.received.splice(0)) {
        const { type, from } = stanza.attrs
        if (stanza.name === 'iq' && type === 'set') {
          const item = inWords(elements(elements(stanza)[0] ?? stanza)[0] ?? stanza)
          this.#rosters.set(who, item.endsWith('remove') ? undefined : item)
        } else if (from === `${at(otherThan(who))}/client`) this.#present.set(who, type !== 'unavailable')
      }
  }

  /** What each client believes of its roster is what the server has, and it sees nobody who does not show. */
  async check(): Promise<void> {
    this.listen()
    for (const who of LOVERS) {
      const client = this.#clients.get(who)
      assert.ok(client)
      assert.equal(this.#rosters.get(who), (await rosterOf(client))[0], `${who}'s client has heard of all changes`)
      if (this.sees(who)) assert.ok(shows(await this.state(otherThan(who))), `${who} may see the other`)
    }
  }

  /** Whether the client has been told that the other is there. */
  sees(who: Lover): boolean {
    return this.#present.get(who) ?? false
  }

  async state(who: Lover): Promise<State> {
    const [owner] = this.kit.directory.of(this.#clients.get(who)?.account ?? assert.fail())
    assert.ok(owner)
    const kept = await this.storage.map<Kept | KeptVersion>('roster/contacts').get(owner.account, at(otherThan(who)))
    return kept && 'state' in kept ? kept.state : 'none'
  }
}

async function couple(): Promise<Couple> {
  const storage = new MemoryStorage()
  const couple = new Couple(await verona({ storage }), storage)
  for (const who of LOVERS) await couple.comes(who)
  return couple
}

describe('two rosters', () => {
  it('agree whatever the two do, and each client knows what is', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, async deeds => {
        const pair = await couple()
        for (const deed of deeds) {
          await pair.does(deed)
          await settled()
          const [romeo, juliet] = [await pair.state('romeo'), await pair.state('juliet')]
          for (const [one, other] of [
            [romeo, juliet],
            [juliet, romeo],
          ] as const) {
            assert.equal(sees(one), shows(other), `${romeo} and ${juliet}: one sees whom the other shows`)
            assert.equal(asks(one), isAsked(other), `${romeo} and ${juliet}: one asks whom the other answers`)
          }
          await pair.check()
          assert.deepEqual([pair.sees('romeo'), pair.sees('juliet')], [sees(romeo), sees(juliet)])
        }
      }),
      { numRuns: 60 },
    )
  })

  // a denial that crosses a second request leaves one who shows without one who sees: no server can tell them apart
  it('come to agree that nobody sees whom he may not when all is done at once', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, async deeds => {
        const pair = await couple()
        const atOnce = deeds.filter(({ does }) => does !== 'come again')
        await Promise.all(atOnce.map(deed => pair.does(deed)))
        for (const who of LOVERS) await pair.comes(who)

        for (const who of LOVERS)
          if (sees(await pair.state(who))) assert.ok(shows(await pair.state(otherThan(who))), `${who} sees whom he may`)
        await pair.check()
      }),
      { numRuns: 60 },
    )
  })
})
