import assert from 'node:assert/strict'
import fc from 'fast-check'
import { settled } from '../../test/kit.js'
import { isElement, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import type { Element } from '../xml/index.js'
import { CHAT_STATES, CLIENT_STATE, RECEIPTS, STREAM_MANAGEMENT } from '../xmpp/ns.js'
import { type Limits, limits } from './limits.js'

const ROMEO = 'romeo@verona.example/phone'

describe('whatever happens while a client is not always in use', function () {
  this.timeout(60_000)

  it('nothing is lost, doubled or out of order, and it knows who is there when it is in use again', async () => {
    await fc.assert(
      fc.asyncProperty(own, fc.array(event, { maxLength: 50 }), async (limits, events) => {
        const { verona, romeo, friends } = await gathered({ resumeTime: 2 * 3600_000, ...limits })

        for (const { who, ...event } of events) await happens({ verona, romeo, friend: friends[who], ...event })
        await romeo.resumes()
        romeo.says(ACTIVE)
        await settled()
        romeo.reads()

        for (const friend of friends) {
          const heard = romeo.heardFrom(friend.name)
          assert.deepEqual(heard, ascending(heard), 'in order, and once')
          assert.deepEqual(without(friend.lasting, heard), [])
          assert.equal(romeo.present.get(friend.name), friend.presence)
        }
        assert.deepEqual([verona.offline, verona.closed], [[], []])
      }),
      { numRuns: 150 },
    )
  })

  it('what the client does not get is with others when its sessions end, and what it has acknowledged is not', async () => {
    await fc.assert(
      fc.asyncProperty(own, fc.array(eventOrEnd, { maxLength: 50 }), async (limits, events) => {
        const { verona, romeo, friends } = await gathered({ resumeTime: LATE, ...limits })

        for (const { who, ...event } of events) await happens({ verona, romeo, friend: friends[who], ...event })
        await happens({ what: 'expire', verona, romeo, many: 0, friend: undefined, rests: true })

        for (const friend of friends) {
          const heard = romeo.heardFrom(friend.name)
          const kept = numbersOf(verona.offline.filter(({ attrs }) => nameOf(attrs.from) === friend.name))
          for (const list of [heard, kept]) assert.deepEqual(list, ascending(list), 'in order, and once')
          assert.deepEqual(without(friend.chatted, [...heard, ...kept]), [])
          const acknowledged = romeo.acknowledged.get(friend.name)
          assert.ok(!kept.some(number => acknowledged?.has(number)))
        }
      }),
      { numRuns: 150 },
    )
  })
})

const ACTIVE = `<active xmlns='${CLIENT_STATE}'/>`
const INACTIVE = `<inactive xmlns='${CLIENT_STATE}'/>`
const LATE = 90_000
const FOREVER = Number.MAX_SAFE_INTEGER

const own = fc.record({
  inactiveQueue: fc.constantFrom(0, 2, 5, limits.inactiveQueue.default),
  inactiveQueueBytes: fc.constantFrom(400, limits.inactiveQueueBytes.default),
  inactiveWait: fc.constantFrom(60_000, FOREVER),
  inactiveRooms: fc.boolean(),
})

const SAYS = ['words', 'receipt', 'inRoom', 'presence', 'absence', 'chatState'] as const
const HAPPENS = ['inactive', 'active', 'cut', 'resume', 'acknowledge', 'ask', 'minute'] as const
const ENDS = ['expire', 'leave', 'replace'] as const
type Said = (typeof SAYS)[number]
type Happening = Said | (typeof HAPPENS)[number] | (typeof ENDS)[number]

const among = (...whats: readonly Happening[]) =>
  fc.record({
    what: fc.constantFrom(...whats),
    who: fc.constantFrom(0, 1),
    many: fc.integer({ min: 1, max: 4 }),
    rests: fc.boolean(),
  })

const event = fc.oneof(
  { weight: 6, arbitrary: among(...SAYS) },
  { weight: 1, arbitrary: among('inactive') },
  { weight: 3, arbitrary: among(...HAPPENS) },
)
const eventOrEnd = fc.oneof({ weight: 15, arbitrary: event }, { weight: 1, arbitrary: among(...ENDS) })

async function gathered(own: Partial<Limits>) {
  const verona = await StreamKit.start({
    limits: { idle: FOREVER, inactiveIdle: FOREVER, ...own },
  })
  const friends = [
    new Friend('juliet', await verona.comesOnline('juliet/1')),
    new Friend('nurse', await verona.comesOnline('nurse/1')),
  ]
  return { verona, friends, romeo: await Phone.comes(verona) }
}

interface Scene {
  readonly what: Happening
  readonly verona: StreamKit
  readonly romeo: Phone
  readonly friend: Friend | undefined
  readonly many: number
  readonly rests: boolean
}

async function happens(scene: Scene): Promise<void> {
  await begins(scene)
  if (scene.rests) await settled() // or it happens at the same time as the next
}

async function begins({ what, verona, romeo, friend, many }: Scene): Promise<void> {
  switch (what) {
    case 'inactive':
      return romeo.says(INACTIVE)
    case 'active':
      return romeo.says(ACTIVE)
    case 'cut':
      return romeo.cuts()
    case 'resume':
      return romeo.resumes()
    case 'acknowledge':
      return romeo.acknowledges()
    case 'ask':
      return romeo.says(`<r xmlns='${STREAM_MANAGEMENT}'/>`)
    case 'minute':
      return verona.clock.pass(60_000)
    case 'expire':
      await romeo.cuts()
      await settled()
      await verona.clock.pass(LATE)
      return romeo.isOver()
    case 'leave':
      romeo.says('</stream:stream>')
      await settled()
      await romeo.cuts()
      return romeo.isOver()
    case 'replace':
      await romeo.cuts()
      romeo.isOver()
      return romeo.resumes()
    default:
      for (let i = 0; i < many; i++) friend?.says(what)
  }
}

/** Somebody who numbers all that she says. */
class Friend {
  /** Everything that nothing else can stand for. */
  readonly lasting: number[] = []
  /** What others may have when the phone does not. */
  readonly chatted: number[] = []
  /** The last presence. */
  presence: string | undefined
  #next = 0

  constructor(
    readonly name: string,
    readonly wire: Wire,
  ) {}

  says(what: Said): void {
    const id = this.#next++
    this.wire.send(SAYING[what](id))
    if (what === 'words' || what === 'receipt') this.chatted.push(id)
    if (what === 'words' || what === 'receipt' || what === 'inRoom') this.lasting.push(id)
    if (what === 'presence' || what === 'absence') this.presence = `${what} ${id}`
  }
}

const SAYING: Readonly<Record<Said, (id: number) => string>> = {
  words: id => `<message type='chat' to='${ROMEO}' id='${id}'><body>O</body></message>`,
  receipt: id => `<message type='chat' to='${ROMEO}' id='${id}'><received xmlns='${RECEIPTS}' id='0'/></message>`,
  inRoom: id => `<message type='groupchat' to='${ROMEO}' id='${id}'><body>O</body></message>`,
  presence: id => `<presence to='${ROMEO}' id='${id}'/>`,
  absence: id => `<presence type='unavailable' to='${ROMEO}' id='${id}'/>`,
  chatState: id => `<message type='chat' to='${ROMEO}' id='${id}'><active xmlns='${CHAT_STATES}'/></message>`,
}

/** Romeo's client, which keeps its side of stream management whatever happens to its connections. */
class Phone {
  readonly #heard: Element[] = []
  /** What the server knows that was heard, by who said it. */
  readonly acknowledged = new Map<string, Set<number>>()
  /** Who is there, by the last that was heard. */
  readonly present = new Map<string, string>()
  #wire: Wire | undefined
  #id = ''
  #handled = 0
  /** How much was heard in sessions before this. */
  #before = 0
  #isOver = false

  static async comes(verona: StreamKit): Promise<Phone> {
    const phone = new Phone(verona)
    await phone.#binds()
    return phone
  }

  private constructor(readonly verona: StreamKit) {}

  async #binds(): Promise<void> {
    this.#isOver = false
    this.#handled = 0
    this.#before = this.#heard.length
    this.#wire = await this.verona.comesOnline('romeo/phone')
    this.#id = (await this.#wire.enables()).attrs.id ?? ''
  }

  says(words: string): void {
    this.#wire?.send(words)
  }

  reads(): void {
    for (const event of this.#wire?.takesAll() ?? []) if (isElement(event)) this.#takes(event)
  }

  async cuts(): Promise<void> {
    this.reads()
    await this.#wire?.cuts()
    this.#wire = undefined
  }

  isOver(): void {
    this.#isOver = true
  }

  async acknowledges(): Promise<void> {
    if (!this.#wire) return
    this.reads()
    const heard = this.#heard.slice(this.#before)
    this.#wire.acknowledges(this.#handled)
    await settled()
    for (const name of ['juliet', 'nurse']) {
      const before = this.acknowledged.get(name) ?? []
      this.acknowledged.set(name, new Set([...before, ...numbersOf(heard.filter(isFrom(name)))]))
    }
  }

  async resumes(): Promise<void> {
    if (this.#wire) return
    if (this.#isOver) return this.#binds()
    const wire = await this.verona.logsIn('romeo')
    const { name } = await wire.resumes(this.#id, this.#handled)
    if (name === 'resumed') this.#wire = wire
    else await this.#binds() // it was too late
  }

  heardFrom(name: string): number[] {
    return numbersOf(this.#heard.filter(isFrom(name)))
  }

  #takes(el: Element): void {
    if (el.name !== 'message' && el.name !== 'presence') return
    this.#handled++
    this.#heard.push(el)
    const what = el.attrs.type === 'unavailable' ? 'absence' : 'presence'
    if (el.name === 'presence') this.present.set(nameOf(el.attrs.from), `${what} ${el.attrs.id}`)
  }
}

const nameOf = (address = ''): string => address.split('@')[0] ?? ''

const isFrom =
  (name: string) =>
  ({ attrs }: Element): boolean =>
    nameOf(attrs.from) === name

const numbersOf = (stanzas: readonly Element[]): number[] => stanzas.map(({ attrs }) => Number(attrs.id))

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

const without = (numbers: readonly number[], those: readonly number[]): number[] =>
  numbers.filter(number => !those.includes(number))
