import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LogFull, type LogStore } from '../../src/core/stores.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'
import { juliet, LOOKALIKES, nurse, romeo, type World } from './world.js'

/** What could be asked of the stores of one of two owners; writes are not waited for. */
type Step =
  | { readonly do: 'set'; readonly key: string; readonly value: unknown }
  | { readonly do: 'change'; readonly changes: readonly (readonly [string, unknown])[] }
  | { readonly do: 'block' | 'unblock'; readonly who: readonly Jid[] }
  | { readonly do: 'append'; readonly value: unknown; readonly max: number | undefined }
  | { readonly do: 'removeFirst'; readonly count: number }
  | { readonly do: 'clear' | 'erase' | 'look' }

type Ordered = readonly [owner: 0 | 1, step: Step]

/** What the stores of an owner ought to hold. */
interface Model {
  readonly map: Map<string, unknown>
  readonly blocked: Set<string>
  readonly log: { id: Promise<string>; readonly value: unknown }[]
}

/** Asks for random things in random order, and compares with plain maps. */
export async function agreesWithModel(world: World): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(ordered, { minLength: 1, maxLength: 60 }), async steps => {
      run++
      const owners = [0, 1].map(n => new Checked(world, parseJid(`lover${n}@verona${run}.example`)))
      for (const [n, step] of steps) await owners[n]?.take(step)
      for (const owner of owners) await owner.look()
      for (const owner of owners) await owner.finished()
    }),
    { numRuns: 100 },
  )
}

const jsonValue = fc.jsonValue({ maxDepth: 2 }).map(value => JSON.parse(JSON.stringify(value)))
const key = fc.oneof(fc.constantFrom(...LOOKALIKES), fc.string({ unit: 'binary', maxLength: 5 }))
const addresses = fc.subarray([
  romeo,
  juliet,
  nurse,
  parseJid('verona.example'),
  parseJid('paris@verona.example/stable'),
])
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, value: jsonValue }),
  fc.record({
    do: fc.constant('change' as const),
    changes: fc.array(fc.tuple(key, fc.option(jsonValue, { nil: undefined })), { maxLength: 5 }),
  }),
  fc.record({ do: fc.constantFrom('block' as const, 'unblock' as const), who: addresses }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      value: jsonValue,
      max: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    }),
  },
  fc.record({ do: fc.constant('removeFirst' as const), count: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ do: fc.constantFrom('clear' as const, 'erase' as const, 'look' as const, 'look' as const) }),
)
const ordered: fc.Arbitrary<Ordered> = fc.tuple(fc.constantFrom(0 as const, 1 as const), step)

class Checked {
  readonly #model: Model = { map: new Map(), blocked: new Set(), log: [] }
  readonly #asked: Promise<unknown>[] = []
  readonly #log: LogStore<unknown>

  constructor(
    readonly world: World,
    readonly owner: Jid,
  ) {
    this.#log = world.storage.log('model/log')
  }

  async take(step: Step): Promise<void> {
    const { owner, world } = this
    const { storage } = world
    const { map, blocked, log } = this.#model
    switch (step.do) {
      case 'set':
        map.set(step.key, step.value)
        return this.#ask(storage.map('model/map').set(owner, step.key, step.value))
      case 'change': {
        const changes = new Map(step.changes)
        for (const [key, value] of changes) value === undefined ? map.delete(key) : map.set(key, value)
        return this.#ask(storage.map('model/map').change(owner, changes))
      }
      case 'block':
        for (const jid of step.who) blocked.add(jid.toString())
        return this.#ask(storage.addresses('model/blocked').add(owner, step.who))
      case 'unblock':
        for (const jid of step.who) blocked.delete(jid.toString())
        return this.#ask(storage.addresses('model/blocked').remove(owner, step.who))
      case 'append':
        return this.#append(step.value, step.max)
      case 'removeFirst': {
        const ids = await Promise.all(log.splice(0, step.count).map(({ id }) => id))
        return this.#ask(this.#log.remove(owner, ids))
      }
      case 'clear':
        map.clear()
        return this.#ask(storage.map('model/map').clear(owner))
      case 'erase':
        map.clear()
        blocked.clear()
        log.length = 0
        return this.#ask(world.erase(owner))
      case 'look':
        return this.look()
    }
  }

  async look(): Promise<void> {
    const { owner } = this
    const { storage } = this.world
    const { map, blocked, log } = this.#model
    const count = await this.#log.count(owner)
    assert.equal(count, log.length)
    assert.deepEqual(
      [...(await storage.map('model/map').all(owner))],
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)),
    )
    assert.deepEqual((await storage.addresses('model/blocked').all(owner)).map(String).sort(), [...blocked].sort())
    const entries = await Promise.all(log.map(async ({ id, value }) => ({ id: await id, value })))
    assert.deepEqual(await this.#log.read(owner, { limit: 1000 }), entries)
  }

  async finished(): Promise<void> {
    await Promise.all(this.#asked)
  }

  #append(value: unknown, max: number | undefined): void {
    const { log } = this.#model
    const id = this.#log.append(this.owner, value, max)
    if (max !== undefined && log.length >= max) return this.#ask(assert.rejects(id, LogFull))
    log.push({ id, value })
    this.#ask(id)
  }

  #ask(promise: Promise<unknown>): void {
    promise.catch(() => {}) // `finished` tells
    this.#asked.push(promise)
  }
}
