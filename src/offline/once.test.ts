import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Client, el, Kit, settled } from '../../test/kit.js'
import type { MemoryStorage } from '../core/memory-storage.js'
import { roster } from '../roster/index.js'
import { parseJid } from '../xmpp/jid.js'
import { isWilling, type Kept } from './mailbox.js'
import { offline } from './offline.js'

const JULIET = parseJid('juliet@verona.example')

/** What may happen: Romeo writes, one of Juliet's clients comes, acknowledges or is lost, and the disk waits or works. */
const WHAT = ['writes', 'writes', 'writes', 'comes', 'comes', 'confirms', 'dies', 'disk waits', 'disk works'] as const
interface Event {
  readonly what: (typeof WHAT)[number]
  /** Which of the clients. */
  readonly which: number
}

class Story {
  readonly written: string[] = []
  /** What was written while nobody was there to take it. */
  readonly stored: string[] = []
  /** What clients have acknowledged, each as often as it was. */
  readonly confirmed: string[] = []
  readonly storage: MemoryStorage
  #clients = 0

  constructor(
    readonly kit: Kit,
    readonly romeo: Client,
  ) {
    this.storage = kit.storage as MemoryStorage // it has no other
  }

  async happens({ what, which }: Event): Promise<void> {
    const clients = this.kit.directory.of(JULIET).filter(session => session instanceof Client)
    const client = clients[which % clients.length]
    if (what === 'writes') this.#write()
    if (what === 'comes') this.#come()
    if (what === 'confirms' && client) this.#confirm(client)
    if (what === 'dies') client?.dies()
    if (what === 'disk waits') this.storage.hold()
    if (what === 'disk works') this.storage.release()
    await settled()
  }

  /** In the end the disk works, the old clients are gone, and a new one takes what is there. */
  async ends(): Promise<void> {
    await this.happens({ what: 'disk works', which: 0 })
    for (const _ of this.kit.directory.of(JULIET)) await this.happens({ what: 'dies', which: 0 })
    await this.happens({ what: 'comes', which: 0 })
    for (let before = -1; before < this.confirmed.length; ) {
      before = this.confirmed.length
      await this.happens({ what: 'confirms', which: 0 })
    }
  }

  #write(): void {
    const text = `${this.written.length}`
    this.written.push(text)
    if (!this.kit.directory.of(JULIET).some(isWilling)) this.stored.push(text)
    this.romeo.sends(el`<message type='chat' to='${JULIET}'><body>${text}</body></message>`)
  }

  async #come(): Promise<void> {
    const client = await this.kit.connects(`juliet/${++this.#clients}`)
    client.acknowledges = false
    await client.sends(el`<presence/>`)
  }

  #confirm(client: Client): void {
    this.confirmed.push(...client.hears())
    client.confirms()
  }
}

describe('offline: whatever happens', () => {
  it('what was stored arrives, and no two clients say that they have it', async () => {
    const events = fc.array(fc.record({ what: fc.constantFrom(...WHAT), which: fc.nat(5) }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(events, async events => {
        const kit = await Kit.start({ modules: [roster, offline] })
        const story = new Story(kit, await kit.comesOnline('romeo/orchard'))

        for (const event of events) await story.happens(event)
        await story.ends()

        const { written, stored, confirmed } = story
        const count = (text: string) => confirmed.filter(other => other === text).length
        assert.deepEqual(
          written.filter(text => count(text) === 0),
          [],
          'lost',
        )
        assert.deepEqual(
          stored.filter(text => count(text) > 1),
          [],
          'came twice',
        )
        assert.equal(await story.storage.log<Kept>('offline/messages').count(JULIET), 0)
      }),
      { numRuns: 300 },
    )
  }).timeout(60_000)
})
