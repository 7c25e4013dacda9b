import assert from 'node:assert/strict'
import fc from 'fast-check'
import { settled } from '../../test/kit.js'
import { bodyOf, chat, isElement, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import type { Element } from '../xml/index.js'
import { STREAM_MANAGEMENT } from '../xmpp/ns.js'

describe('whatever happens to two connections', function () {
  this.timeout(60_000)

  it('nothing is lost, doubled or out of order between clients that resume their sessions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), async events => {
        const verona = await StreamKit.start({ keepsMessages: true, limits: { inFlight: 3 } })
        const people = [await Person.comes(verona, 'romeo', 'juliet'), await Person.comes(verona, 'juliet', 'romeo')]

        for (const { what, who, many } of events) await happen[what](people[who] ?? assert.fail(), many, verona)
        await happen.release(people[0] ?? assert.fail(), 0, verona)
        for (const person of people) await person.resumes()
        await settled()

        const [romeo, juliet] = people
        for (const person of people) person.reads()
        assert.deepEqual(juliet?.heard, numbers(romeo?.said))
        assert.deepEqual(romeo?.heard, numbers(juliet?.said))
        assert.deepEqual(verona.offline, [])
        assert.deepEqual(verona.closed, [])
      }),
      { numRuns: 150 },
    )
  })

  it('nothing is lost or out of order when sessions end, and nobody gets what a client has acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(event, end), { maxLength: 40 }), async events => {
        const verona = await StreamKit.start({ limits: { idle: Number.MAX_SAFE_INTEGER, resumeTime: 10_000 } })
        const romeo = await Person.comes(verona, 'romeo', 'juliet')
        const juliet = await Person.comes(verona, 'juliet', 'romeo')

        // he speaks, and she comes and goes
        for (const { what, many } of events) await happen[what](what === 'say' ? romeo : juliet, many, verona)
        await happen.expire(juliet, 0, verona)

        const kept = verona.heardOffline().map(Number)
        assert.deepEqual([...new Set([...juliet.heard, ...kept])].sort(ascending), numbers(romeo.said))
        for (const list of [juliet.heard, kept]) assert.deepEqual(list, [...new Set(list)].sort(ascending))
        assert.deepEqual(
          kept.filter(message => juliet.acknowledged.has(message)),
          [],
        )
        assert.equal(verona.closed.length, verona.moments.filter(moment => moment.includes('bound juliet')).length)
      }),
      { numRuns: 150 },
    )
  })
})

type What =
  | 'say'
  | 'cut'
  | 'hangUp'
  | 'vanish'
  | 'breakOff'
  | 'resume'
  | 'acknowledge'
  | 'ask'
  | 'hold'
  | 'release'
  | 'rest'

const among = <W extends string>(...whats: readonly W[]) =>
  fc.record({ what: fc.constantFrom(...whats), who: fc.constantFrom(0, 1), many: fc.integer({ min: 1, max: 5 }) })

const event = fc.oneof(
  { weight: 4, arbitrary: among<What>('say') },
  { weight: 2, arbitrary: among<What>('resume', 'rest') },
  { weight: 1, arbitrary: among<What>('cut', 'hangUp', 'vanish', 'breakOff') },
  { weight: 1, arbitrary: among<What>('acknowledge', 'ask', 'hold', 'release') },
)

const end = among('expire', 'leave', 'replace')

/** What can happen, to whom. */
const happen: Readonly<
  Record<What | 'expire' | 'leave' | 'replace', (to: Person, many: number, verona: StreamKit) => unknown>
> = {
  say: (to, many) => to.says(many),
  cut: to => to.cuts(wire => void wire.cuts()),
  hangUp: to => to.cuts(wire => void wire.hangsUp()),
  // nobody sees that the connection is gone, not even the server
  vanish: to => to.cuts(wire => wire.stopsReading()),
  breakOff: to => {
    to.cuts(wire => {
      wire.send(chat('nurse', 'half of what').slice(0, 40))
      void wire.cuts()
    })
  },
  resume: (to, _, { storage }) => to.resumes(() => storage.release()),
  acknowledge: async to => {
    await to.acknowledges()
  },
  ask: to => to.asks(),
  hold: (_, __, { storage }) => storage.hold(),
  release: (_, __, { storage }) => storage.release(),
  rest: async to => {
    await settled()
    to.reads()
  },
  expire: async (to, _, { clock }) => {
    await to.disappears()
    await clock.pass(10_000)
    to.isOver = true
  },
  leave: async to => {
    to.cuts(wire => wire.send('</stream:stream>'))
    await settled()
    to.isOver = true
  },
  replace: async to => {
    to.cuts(wire => wire.stopsReading())
    to.isOver = true
    await to.resumes()
  },
}

/** A client that keeps its side of stream management, whatever happens to its connections. */
class Person {
  /** How many messages, numbered from 0. */
  said = 0
  readonly heard: number[] = []
  /** What the server knows that was heard. */
  readonly acknowledged = new Set<number>()
  /** Whether there is nothing to be resumed. */
  isOver = false
  #wire: Wire | undefined
  #last: Wire | undefined
  #id = ''
  /** Stanzas of the server's in this session, and messages before it. */
  #handled = 0
  #before = 0
  /** What was said, and the server does not say that it has it. */
  #waiting: string[] = []
  #handledThere = 0

  static async comes(verona: StreamKit, name: string, friend: string): Promise<Person> {
    const person = new Person(verona, name, friend)
    await person.#binds()
    return person
  }

  private constructor(
    readonly verona: StreamKit,
    readonly name: string,
    readonly friend: string,
  ) {}

  async #binds(): Promise<void> {
    this.isOver = false
    this.#handled = 0
    this.#before = this.heard.length
    this.#wire = await this.verona.comesOnline(`${this.name}/client`)
    this.#id = (await this.#wire.enables()).attrs.id ?? ''
  }

  says(many: number): void {
    for (let i = 0; i < many; i++) {
      const message = chat(this.friend, this.said++)
      this.#waiting.push(message)
      this.#wire?.send(message)
    }
  }

  cuts(how: (wire: Wire) => void): void {
    this.reads()
    this.#last = this.#wire ?? this.#last
    if (this.#wire) how(this.#wire)
    this.#wire = undefined
  }

  /** All that the server takes for its connection breaks. */
  async disappears(): Promise<void> {
    this.cuts(() => {})
    await this.#last?.cuts()
  }

  async acknowledges(): Promise<void> {
    this.reads()
    if (!this.#wire) return
    const heard = this.heard.slice(this.#before)
    this.#wire.acknowledges(this.#handled)
    await settled()
    for (const message of heard) this.acknowledged.add(message)
  }

  asks(): void {
    this.#wire?.send(`<r xmlns='${STREAM_MANAGEMENT}'/>`)
  }

  /** Takes what has come. */
  reads(): void {
    for (const event of this.#wire?.takesAll() ?? []) if (isElement(event)) this.#takes(event)
  }

  /** `meanwhile` happens when it is asked for, and may be waited for. */
  async resumes(meanwhile = (): void => {}): Promise<void> {
    this.reads()
    if (this.isOver) return this.#binds()
    const wire = await this.verona.logsIn(this.name)
    const resumed = wire.resumes(this.#id, this.#handled)
    await settled()
    meanwhile()
    const { name, attrs } = await resumed
    assert.equal(name, 'resumed')
    this.#wire = wire
    this.#isHandled(Number(attrs.h))
    for (const message of this.#waiting) wire.send(message)
  }

  #takes(el: Element): void {
    if (el.is('a', STREAM_MANAGEMENT)) this.#isHandled(Number(el.attrs.h))
    if (el.name !== 'message') return
    this.#handled++
    this.heard.push(Number(bodyOf(el)))
  }

  #isHandled(h: number): void {
    this.#waiting.splice(0, h - this.#handledThere)
    this.#handledThere = h
  }
}

const ascending = (a: number, b: number): number => a - b

const numbers = (count = 0): number[] => Array.from({ length: count }, (_, i) => i)
