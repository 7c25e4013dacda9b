import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type ArchiveFilter, type ArchiveStore, LogFull, type Retention } from '../../src/core/stores.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'
import type { World } from './world.js'

/** What could be asked of the archive of one of two owners; messages are named by how many came before. */
type Step =
  | {
      readonly do: 'append'
      readonly other: number
      readonly minutes: number
      readonly isPending: boolean
      readonly isArchived: boolean
      readonly max: number | undefined
    }
  | { readonly do: 'settle' | 'remove' | 'replace'; readonly which: readonly number[] }
  | {
      readonly do: 'prune'
      readonly before: number | undefined
      readonly keep: number | undefined
      readonly limit: number
    }
  | { readonly do: 'page'; readonly query: Query }
  | { readonly do: 'clear' | 'look' }

interface Query {
  readonly from: 'first' | 'last'
  readonly limit: number
  readonly other: number | undefined
  readonly start: number | undefined
  readonly end: number | undefined
  readonly after: number | undefined
  readonly before: number | undefined
  readonly ids: readonly number[] | undefined
}

interface Entry {
  readonly id: string
  readonly at: number
  readonly other: Jid
  xml: string
  isPending: boolean
  isArchived: boolean
}

/** Asks for random things in random order, and compares with a plain list. */
export async function archiveAgreesWithModel(world: World): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(0, 1), step), { minLength: 1, maxLength: 40 }), async steps => {
      run++
      const owners = [0, 1].map(n => new Checked(world, parseJid(`lover${n}@verona${run}.example`)))
      for (const [n, step] of steps) await owners[n]?.take(step)
      for (const owner of owners) await owner.look()
    }),
    { numRuns: 60 },
  )
}

const OTHERS = [
  'nurse@capulet.example',
  'nurse@capulet.example/a',
  'nurse@capulet.example/b',
  'verona.example',
  'paris@verona.example/a',
].map(parseJid)
const MINUTE = 60_000

const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined })
const few = fc.integer({ min: 0, max: 6 })
const other = fc.integer({ min: 0, max: OTHERS.length - 1 })
const message = fc.integer({ min: 0, max: 12 })
const minutes = fc.integer({ min: 0, max: 30 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({
        do: fc.constant('append' as const),
        ...{ other, minutes, isPending: fc.boolean(), isArchived: fc.boolean(), max: maybe(few) },
      })
      .map(append => ({ ...append, isPending: append.isPending || !append.isArchived })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('settle' as const, 'settle' as const, 'remove' as const, 'replace' as const),
      which: fc.array(message, { maxLength: 5 }),
    }),
  },
  fc.record({
    do: fc.constant('prune' as const),
    ...{ before: maybe(minutes), keep: maybe(few), limit: fc.integer({ min: 1, max: 5 }) },
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('page' as const),
      query: fc.record({
        from: fc.constantFrom('first' as const, 'last' as const),
        limit: few,
        ...{ other: maybe(other), start: maybe(minutes), end: maybe(minutes) },
        ...{ after: maybe(message), before: maybe(message) },
        ids: fc.option(fc.array(message, { maxLength: 5 }), { nil: undefined, freq: 2 }),
      }),
    }),
  },
  fc.record({ do: fc.constantFrom('clear' as const, 'look' as const, 'look' as const) }),
)

class Checked {
  readonly #start = Date.now() - 30 * MINUTE
  /** All that ever came, and what is there of it. */
  readonly #ids: string[] = []
  #entries: Entry[] = []
  readonly #archive: ArchiveStore

  constructor(
    world: World,
    readonly owner: Jid,
  ) {
    this.#archive = world.storage.archive('model/messages')
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step)
      case 'settle':
        await this.#archive.settle(this.owner, this.#named(step.which))
        for (const entry of this.#those(step.which)) entry.isPending = false
        return this.#drop()
      case 'remove':
        await this.#archive.remove(this.owner, this.#named(step.which))
        for (const entry of this.#those(step.which)) entry.isPending = entry.isArchived = false
        return this.#drop()
      case 'replace':
        for (const id of this.#named(step.which)) {
          const entry = this.#entries.find(entry => entry.id === id)
          assert.equal(await this.#archive.replace(this.owner, id, '†'), entry !== undefined)
          if (entry) entry.xml = '†'
        }
        return
      case 'prune':
        return this.#prune(step)
      case 'page':
        return this.#page(step.query)
      case 'clear':
        this.#entries = []
        return this.#archive.clear(this.owner)
      case 'look':
        return this.look()
    }
  }

  /** Compares all that can be asked for. */
  async look(): Promise<void> {
    const { owner } = this
    const archived = this.#entries.filter(({ isArchived }) => isArchived)
    const pending = this.#entries.filter(({ isPending }) => isPending)
    const [first, last] = [archived[0], archived.at(-1)]
    const ends = first && last && { first: pointOf(first), last: pointOf(last) }

    assert.deepEqual(await this.#archive.ends(owner), ends)
    assert.equal(await this.#archive.count(owner), archived.length)
    assert.equal(await this.#archive.countPending(owner), pending.length)
    assert.deepEqual(await this.#archive.pending(owner, { limit: 100 }), pending.map(seen))
    assert.deepEqual((await this.#archive.page(owner, { from: 'first', limit: 100 })).entries, archived.map(seen))
    assert.equal(await this.#archive.has(owner, this.#ids), new Set(this.#ids).size === archived.length)
  }

  async #append({ other, minutes, isPending, isArchived, max }: Step & { readonly do: 'append' }): Promise<void> {
    const at = this.#start + minutes * MINUTE
    const who = OTHERS[other] ?? this.owner
    const xml = `${this.#ids.length}`
    const asked = this.#archive.append(this.owner, { at, with: who, xml, isPending, isArchived }, max)
    const pending = this.#entries.filter(({ isPending }) => isPending).length
    if (isPending && max !== undefined && pending >= max) return assert.rejects(asked, LogFull)
    const id = await asked
    this.#ids.push(id)
    this.#entries.push({ id, at, other: who, xml, isPending, isArchived })
  }

  async #prune({ before, keep, limit }: Step & { readonly do: 'prune' }): Promise<void> {
    const rule: Retention = {
      ...(before !== undefined && { before: this.#start + before * MINUTE }),
      ...(keep !== undefined && { keep }),
    }
    const archived = this.#entries.filter(({ isArchived }) => isArchived)
    const due = archived.findIndex(
      ({ at }, index) => at >= (rule.before ?? 0) && archived.length - index <= (keep ?? Infinity),
    )
    const going = archived.slice(0, Math.min(limit, due < 0 ? archived.length : due))
    const { pruned, left } = await this.#archive.prune(this.owner, rule, limit)

    assert.equal(pruned, going.length)
    assert.equal(left > 0, (due < 0 ? archived.length : due) > limit)
    for (const entry of going) entry.isArchived = false
    this.#drop()
  }

  async #page({ from, limit, other, start, end, after, before, ids }: Query): Promise<void> {
    const filter: ArchiveFilter = {
      ...(other !== undefined && { with: OTHERS[other] ?? this.owner }),
      ...(start !== undefined && { start: this.#start + start * MINUTE }),
      ...(end !== undefined && { end: this.#start + end * MINUTE }),
      ...(after !== undefined && { after: this.#ids[after] ?? 'x' }),
      ...(before !== undefined && { before: this.#ids[before] ?? 'x' }),
      ...(ids !== undefined && { ids: this.#named(ids) }),
    }
    const matching = this.#entries.filter(entry => entry.isArchived && matches(entry, filter))
    const entries = from === 'first' ? matching.slice(0, limit) : matching.slice(Math.max(0, matching.length - limit))

    assert.deepEqual(await this.#archive.page(this.owner, { ...filter, from, limit }), {
      entries: entries.map(seen),
      isMore: matching.length > limit,
    })
    assert.equal(await this.#archive.count(this.owner, filter), matching.length)
  }

  #named(which: readonly number[]): readonly string[] {
    return which.map(n => this.#ids[n] ?? `no such id ${n}`)
  }

  #those(which: readonly number[]): readonly Entry[] {
    return this.#entries.filter(({ id }) => this.#named(which).includes(id))
  }

  #drop(): void {
    this.#entries = this.#entries.filter(({ isPending, isArchived }) => isPending || isArchived)
  }
}

const pointOf = ({ id, at }: Entry) => ({ id, at })
const seen = ({ id, at, xml, isPending }: Entry) => ({ id, at, xml, isPending })

const matches = ({ id, at, other }: Entry, filter: ArchiveFilter): boolean =>
  (!filter.with || [other, other.bare].some(jid => jid.equals(filter.with ?? jid))) &&
  at >= (filter.start ?? at) &&
  at <= (filter.end ?? at) &&
  id > (filter.after ?? '') &&
  id < (filter.before ?? '~') &&
  (filter.ids?.includes(id) ?? true)
