import assert from 'node:assert/strict'
import { type ArchiveFilter, type ArchiveStore, LATENESS, LogFull } from '../../src/core/stores.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'
import { found, MINUTE, message, texts, waiting } from './archive-messages.js'
import { archiveAgreesWithModel } from './archive-model.js'
import { archiveDuplicates, archivePruning } from './archive-upkeep.js'
import { juliet, nurse, romeo, type World } from './world.js'

const balcony = parseJid('juliet@capulet.example/balcony')
const chamber = parseJid('juliet@capulet.example/chamber')

/** Archives of messages, and what of them no client has. */
export function archiveStore(world: () => World): void {
  const open = () => world().storage.archive('test/messages')

  it('has what came, in that order, and nothing of others', async () => {
    const archive = open()
    const asked = Array.from({ length: 700 }, (_, n) => archive.append(n % 7 ? romeo : nurse, message(`${n}`)))
    const ids = await Promise.all(asked)

    assert.deepEqual([...ids].sort(), ids)
    const { entries, isMore } = await archive.page(romeo, { from: 'first', limit: 600 })
    assert.equal(isMore, false)
    assert.deepEqual(
      entries.map(({ id, xml }) => [id, xml]),
      ids.map((id, n) => [id, `${n}`]).filter((_, n) => n % 7),
    )
    assert.equal(await archive.count(romeo), 600)
  })

  it('gives back a message as it came', async () => {
    const archive = open()
    const at = Date.now() - 5000
    const xml = `<message>wherefore art thou Röméo? 😀 '"\\%_?</message>${' '.repeat(200_000)}`
    const id = await archive.append(romeo, message(xml, { at, isPending: true }))

    assert.deepEqual(await everything(archive), [{ id, at, xml, isPending: true }])
    await archive.settle(romeo, [id])
    assert.deepEqual(await everything(archive), [{ id, at, xml, isPending: false }])
  })

  it('takes no message that nothing keeps, and none without a time', async () => {
    await assert.rejects(open().append(romeo, message('a', { isPending: false, isArchived: false })), TypeError)
    await assert.rejects(open().append(romeo, message('a', { at: Number.NaN })), TypeError)
    assert.equal(await open().count(romeo), 0)
  })

  it('notes no time that is yet to come, or more than an hour old', async () => {
    const archive = open()
    const before = Date.now()
    await archive.append(romeo, message('late', { at: before - 2 * LATENESS }))
    await archive.append(romeo, message('early', { at: before + MINUTE }))
    const [late, early] = await everything(archive)

    assert.ok(late && early)
    assert.ok(late.at >= before - LATENESS && late.at <= Date.now() - LATENESS)
    assert.ok(early.at >= before && early.at <= Date.now())
  })

  it('is read page by page, from both ends', async () => {
    const archive = open()
    for (const text of 'abcde') await archive.append(romeo, message(text))

    assert.deepEqual(await pagesFrom(archive, 'first'), ['ab', 'cd', 'e'])
    assert.deepEqual(await pagesFrom(archive, 'last'), ['de', 'bc', 'a'])
    for (const from of ['first', 'last'] as const) {
      assert.deepEqual(await archive.page(romeo, { from, limit: 0 }), { entries: [], isMore: true })
      assert.deepEqual(await archive.page(nurse, { from, limit: 0 }), { entries: [], isMore: false })
      assert.equal((await archive.page(romeo, { from, limit: 5 })).isMore, false)
    }
  })

  it('is read between two messages', async () => {
    const archive = open()
    const [a, , c, , e] = await Promise.all([...'abcde'].map(text => archive.append(romeo, message(text))))
    assert.ok(a && c && e)

    assert.equal(await found(archive, { after: a, before: e }), 'bcd')
    assert.equal(await found(archive, { after: c }), 'de')
    assert.equal(await found(archive, { before: c }), 'ab')
    assert.equal(await found(archive, { after: e }), '')
    assert.equal(await found(archive, { after: e, before: a }), '')
    assert.equal(await found(archive, { after: a, before: e }, { from: 'last', limit: 2 }), 'cd')
  })

  it('finds messages by whom they are from or to, with whatever client or with one', async () => {
    const archive = open()
    const verona = parseJid('verona.example')
    for (const [text, other] of Object.entries({ a: juliet, b: balcony, c: chamber, d: verona, e: nurse, f: balcony }))
      await archive.append(romeo, message(text, { with: other }))

    assert.equal(await found(archive, { with: juliet }), 'abcf')
    assert.equal(await found(archive, { with: balcony }), 'bf')
    assert.equal(await found(archive, { with: verona }), 'd')
    assert.equal(await found(archive, { with: parseJid('verona.example/a') }), '')
    assert.equal(await found(archive, { with: juliet }, { from: 'last', limit: 2 }), 'cf')
    assert.equal(await archive.count(romeo, { with: juliet }), 4)
    assert.equal(await archive.count(romeo, { with: balcony }), 2)
  })

  it('tells apart addresses that look alike, however long they are', async () => {
    const archive = open()
    const alike = [
      ...['strasse@verona.example', 'straße@verona.example', 'e@verona.example', 'é@verona.example'],
      ...['a@verona.example/Chamber', 'a@verona.example/chamber', 'a@verona.example/chamber  1'],
      `${'é'.repeat(500)}@verona.example/${'x'.repeat(1023)}`,
      `${'é'.repeat(500)}@verona.example/${'x'.repeat(1022)}y`,
      `${'x'.repeat(1023)}@${`${'x'.repeat(60)}.`.repeat(4)}example`,
    ].map(parseJid)
    const owner = parseJid(`${'x'.repeat(1023)}@${`${'y'.repeat(60)}.`.repeat(4)}example`)
    for (const [n, other] of alike.entries())
      await archive.append(owner, message(`${n}`, { with: other, isPending: true }))

    for (const [n, other] of alike.entries()) {
      const { entries } = await archive.page(owner, { from: 'first', limit: 20, with: other })
      assert.deepEqual(
        entries.map(({ xml }) => xml),
        [`${n}`],
        other.toString(),
      )
    }
    assert.equal((await archive.pending(owner, { limit: 20 })).length, alike.length)
  })

  it('finds messages by when they came, from one time to another', async () => {
    const archive = open()
    const start = Date.now() - 10 * MINUTE
    for (const [n, text] of [...'abcdef'].entries())
      await archive.append(
        romeo,
        message(text, { at: start + Math.floor(n / 2) * MINUTE, with: n % 2 ? juliet : nurse }),
      )

    assert.equal(await found(archive, { start: start + MINUTE }), 'cdef')
    assert.equal(await found(archive, { start: start + MINUTE + 0.5 }), 'ef')
    assert.equal(await found(archive, { end: start + MINUTE }), 'abcd')
    assert.equal(await found(archive, { end: start + MINUTE - 0.5 }), 'ab')
    assert.equal(await found(archive, { start: start + 1, end: start + MINUTE, with: juliet }), 'd')
    assert.equal(await found(archive, { end: start + MINUTE }, { from: 'last', limit: 3 }), 'bcd')
    assert.equal(await found(archive, { start: start + MINUTE }, { from: 'last', limit: 9 }), 'cdef')
    for (const far of [-8.64e15, 8.64e15]) {
      assert.equal(await found(archive, { start: far }), far < 0 ? 'abcdef' : '')
      assert.equal(await found(archive, { end: far }), far < 0 ? '' : 'abcdef')
    }
    assert.equal(await archive.count(romeo, { start: start + MINUTE }), 4)
    assert.equal(await archive.count(romeo, { end: start, with: nurse }), 1)
  })

  it('finds messages by their ids, and tells when there are none of some', async () => {
    const archive = open()
    const [a, b, c] = await Promise.all([...'abc'].map(text => archive.append(romeo, message(text))))
    const others = await archive.append(nurse, message('n'))
    const offline = await archive.append(romeo, message('o', { isPending: true, isArchived: false }))
    assert.ok(a && b && c)

    assert.equal(await found(archive, { ids: [c, a, a] }), 'ac')
    assert.equal(await found(archive, { ids: [c, a, others, offline, 'x'], after: a }), 'c')
    assert.equal(await found(archive, { ids: [] }), '')
    assert.equal(await archive.has(romeo, [a, c, a]), true)
    assert.equal(await archive.has(romeo, []), true)
    for (const unknown of [others, offline, 'x', '', `${a} `, a.slice(0, -1), "'", '\u{1f600}'])
      assert.equal(await archive.has(romeo, [a, unknown]), false, unknown)
    assert.equal(await found(archive, { ids: Array.from({ length: 6000 }, (_, n) => `${n}`).concat(b) }), 'b')
  })

  it('tells its first and its last', async () => {
    const archive = open()
    assert.equal(await archive.ends(romeo), undefined)
    await archive.append(romeo, message('o', { isPending: true, isArchived: false }))
    assert.equal(await archive.ends(romeo), undefined)
    const at = Date.now() - MINUTE
    const id = await archive.append(romeo, message('a', { at }))
    assert.deepEqual(await archive.ends(romeo), { first: { id, at }, last: { id, at } })
    const last = await archive.append(romeo, message('b', { at: at + 1 }))
    await archive.append(romeo, message('o', { isPending: true, isArchived: false }))

    assert.deepEqual(await archive.ends(romeo), { first: { id, at }, last: { id: last, at: at + 1 } })
  })

  it('gives what no client has, until one has it', async () => {
    const archive = open()
    const [a, b, c, d] = await Promise.all([
      archive.append(romeo, message('a', { isPending: true })),
      archive.append(romeo, message('b')),
      archive.append(romeo, message('c', { isPending: true, isArchived: false })),
      archive.append(romeo, message('d', { isPending: true })),
    ])
    const others = await archive.append(nurse, message('n', { isPending: true }))
    assert.equal(await waiting(archive), 'acd')
    assert.equal(await found(archive, {}), 'abd')
    assert.equal(await archive.count(romeo), 3)
    const [first] = await archive.pending(romeo, { limit: 1 })
    assert.deepEqual([first?.id, first?.isPending], [a, true])
    assert.equal(texts(await archive.pending(romeo, { after: a, limit: 1 })), 'c')

    await archive.settle(romeo, [a, c, b, others, 'no such id', a])
    await archive.settle(romeo, [])
    assert.equal(await waiting(archive), 'd')
    assert.equal(await archive.countPending(romeo), 1)
    assert.equal(await archive.countPending(nurse), 1)
    assert.equal(await found(archive, {}), 'abd') // what was not to be archived is gone
    await archive.settle(romeo, [d])
    assert.equal(await waiting(archive), '')
    assert.equal(await archive.count(romeo), 3)
  })

  it('settles thousands at once, of several users', async () => {
    const archive = open()
    const owners = [romeo, juliet, nurse]
    const appended = await Promise.all(
      Array.from({ length: 2400 }, async (_, n) => {
        const owner = owners[n % 3] ?? romeo
        return { owner, id: await archive.append(owner, message(`${n}`, { isPending: true, isArchived: n % 2 > 0 })) }
      }),
    )
    const idsOf = (jid: Jid) => appended.filter(({ owner }) => owner === jid).map(({ id }) => id)
    await Promise.all([
      archive.settle(romeo, idsOf(romeo)),
      ...idsOf(juliet).map(id => archive.settle(juliet, [id])),
      archive.append(nurse, message('n')),
      archive.settle(nurse, idsOf(nurse).slice(1)),
    ])

    assert.deepEqual(await Promise.all(owners.map(owner => archive.countPending(owner))), [0, 0, 1])
    assert.deepEqual(await Promise.all(owners.map(owner => archive.count(owner))), [400, 400, 401])
  })

  it('takes as many pending messages as there may be, and again when some are settled', async () => {
    const archive = open()
    const pending = (text: string) => archive.append(romeo, message(text, { isPending: true }), 2)
    const [a] = await Promise.all([pending('a'), archive.append(romeo, message('x'), 2), pending('b')])
    await assert.rejects(pending('c'), LogFull)
    await archive.append(romeo, message('y'), 2) // it is not pending
    await archive.append(nurse, message('n', { isPending: true }), 1) // and others' do not count
    await archive.settle(romeo, ['no such id'])
    await assert.rejects(pending('c'), LogFull)

    await archive.settle(romeo, [a, a])
    await pending('d')
    await assert.rejects(pending('e'), LogFull)
    await archive.append(romeo, message('f', { isPending: true })) // without a limit there is none
    assert.equal(await waiting(archive), 'bdf')
    assert.equal(await archive.countPending(romeo), 3)
  })

  it('has room for pending messages again right after some are settled or removed', async () => {
    const archive = open()
    const pending = (n: number) => archive.append(romeo, message(`${n}`, { isPending: true }), 3)
    const [a = '', b = '', c = ''] = await Promise.all([0, 1, 2].map(pending))
    const results = await Promise.allSettled([
      pending(3),
      archive.settle(romeo, [a, b]),
      ...[4, 5, 6].map(pending),
      archive.remove(romeo, [c]),
      ...[7, 8].map(pending),
    ])

    const kept = results.map(({ status }) => (status === 'fulfilled' ? 'x' : '-')).join('')
    assert.equal(kept, '-xxx-xx-')
    assert.equal(await archive.countPending(romeo), 3)
    assert.equal(await waiting(archive), '457')
  })

  it('takes the first pending ones when too many come at once', async () => {
    const archive = open()
    await archive.append(romeo, message('-', { isPending: true }))
    const results = await Promise.allSettled(
      Array.from({ length: 700 }, (_, n) => archive.append(romeo, message(`${n} `, { isPending: n % 100 > 0 }), 4)),
    )

    const kept = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []))
    assert.deepEqual(kept, [0, 1, 2, 3, 100, 200, 300, 400, 500, 600])
    assert.equal(await archive.countPending(romeo), 4)
    assert.equal(await archive.count(romeo), 11)
  })

  it('has something else in place of a message that was retracted', async () => {
    const archive = open()
    const at = Date.now() - MINUTE
    const id = await archive.append(romeo, message('a', { at, with: balcony, isPending: true }))
    const others = await archive.append(nurse, message('n'))

    assert.equal(await archive.replace(romeo, id, '†'), true)
    assert.equal(await archive.replace(romeo, others, '†'), false)
    assert.equal(await archive.replace(romeo, 'no such id', '†'), false)
    assert.deepEqual((await archive.page(romeo, { from: 'first', limit: 1, with: balcony })).entries, [
      { id, at, xml: '†', isPending: true },
    ])
    assert.equal(await found(archive, {}, { owner: nurse }), 'n')
  })

  it('removes messages, of one user only', async () => {
    const archive = open()
    const ids = await Promise.all(
      Array.from({ length: 1200 }, (_, n) => archive.append(romeo, message(`${n}`, { isPending: n % 2 > 0 }))),
    )
    const others = await archive.append(nurse, message('n'))
    assert.equal(await archive.count(romeo), 1200)
    await archive.remove(romeo, [...ids.slice(3), others, 'no such id'])
    await archive.remove(romeo, [])

    assert.equal(await found(archive, {}), '012')
    assert.deepEqual([await archive.count(romeo), await archive.countPending(romeo)], [3, 1])
    assert.equal(await archive.count(nurse), 1)
    await archive.clear(romeo)
    assert.deepEqual([await archive.count(romeo), await archive.countPending(romeo)], [0, 0])
    assert.equal(await archive.ends(romeo), undefined)
    assert.equal(await archive.count(nurse), 1)
    await archive.append(romeo, message('again', { isPending: true }), 1)
    assert.equal(await archive.count(romeo), 1)
  })

  it('is not that of another store', async () => {
    const other = world().storage.archive('test/other')
    const id = await open().append(romeo, message('a', { isPending: true }))
    await other.settle(romeo, [id])
    await other.remove(romeo, [id])
    await other.clear(romeo)

    assert.equal(await other.count(romeo), 0)
    assert.equal(await other.has(romeo, [id]), false)
    assert.equal(await waiting(open()), 'a')
    assert.equal(await open().count(romeo), 1)
  })

  describe('recognises what is sent again', () => archiveDuplicates(world))
  describe('is pruned', () => archivePruning(world))

  it('fails while the database does, keeps nothing of that, and then succeeds again', async () => {
    const archive = open()
    const [a, b] = await Promise.all([...'ab'].map(text => archive.append(romeo, message(text, { isPending: true }))))
    assert.ok(a && b)
    assert.equal(await archive.count(romeo), 2)
    const repair = await world().breakDown()
    const results = await Promise.allSettled([
      archive.append(romeo, message('lost', { isPending: true }), 3),
      archive.settle(romeo, [a]),
      archive.replace(romeo, a, 'lost'),
      archive.remove(romeo, [b]),
      archive.prune(romeo, { keep: 0 }),
      archive.clear(romeo),
    ])
    await repair()

    for (const { status } of results) assert.equal(status, 'rejected')
    await archive.append(romeo, message('c', { isPending: true }), 3)
    await assert.rejects(archive.append(romeo, message('d', { isPending: true }), 3), LogFull)
    assert.equal(await waiting(archive), 'abc')
    assert.equal(await archive.count(romeo), 3)
  })

  it('agrees with a simple model, whatever is asked for', async function () {
    this.timeout(60_000)
    await archiveAgreesWithModel(world())
  })
}

const everything = async (archive: ArchiveStore) => (await archive.page(romeo, { from: 'first', limit: 100 })).entries

/** The texts of pages of two. */
async function pagesFrom(archive: ArchiveStore, from: 'first' | 'last'): Promise<readonly string[]> {
  const pages: string[] = []
  for (let place: ArchiveFilter = {}; ; ) {
    const { entries, isMore } = await archive.page(romeo, { ...place, from, limit: 2 })
    pages.push(texts(entries))
    const [first, last] = [entries[0], entries.at(-1)]
    if (!isMore || !first || !last) return pages
    place = from === 'first' ? { after: last.id } : { before: first.id }
  }
}
