import assert from 'node:assert/strict'
import { type ArchiveStore, RECOGNISED } from '../../src/core/stores.js'
import { type Jid, parseJid } from '../../src/xmpp/jid.js'
import { found, MINUTE, message, waiting } from './archive-messages.js'
import { juliet, nurse, romeo, type World } from './world.js'

/** What an archive knows of what is sent again. */
export function archiveDuplicates(world: () => World): void {
  const open = () => world().storage.archive('test/messages')
  const origin = (id: string, sender = romeo) => ({ origin: { id, sender } })

  it('by what its sender called it, with whichever client', async () => {
    const archive = open()
    assert.equal(await archive.find(romeo, { sender: romeo, id: '1' }), undefined)
    const sender = parseJid('romeo@montague.example/orchard')
    const id = await archive.append(romeo, message('a', origin('1', sender)))
    await archive.append(romeo, message('b', origin('1', juliet)))
    await archive.append(romeo, message('c'))

    assert.equal(await archive.find(romeo, { sender: romeo, id: '1' }), id)
    assert.equal(await archive.find(romeo, { sender: parseJid('romeo@montague.example/x'), id: '1' }), id)
    assert.equal(await archive.find(romeo, { sender: nurse, id: '1' }), undefined)
    assert.equal(await archive.find(romeo, { sender: romeo, id: '2' }), undefined)
    assert.equal(await archive.find(juliet, { sender: romeo, id: '1' }), undefined)
  })

  it('at once when it is not the first question', async () => {
    const archive = open()
    await archive.find(romeo, { sender: romeo, id: '0' })
    const id = await archive.append(romeo, message('a', origin('1')))

    assert.equal(archive.find(romeo, { sender: romeo, id: '1' }), id)
    assert.equal(archive.find(romeo, { sender: romeo, id: '2' }), undefined)
  })

  it('while it is being written, and not if that fails', async () => {
    const archive = open()
    await archive.find(romeo, { sender: romeo, id: '0' })
    const asked = archive.append(romeo, message('a', origin('1')))
    assert.equal(await archive.find(romeo, { sender: romeo, id: '1' }), await asked)

    const repair = await world().breakDown()
    const lost = archive.append(romeo, message('b', origin('2')))
    const wait = archive.find(romeo, { sender: romeo, id: '2' })
    await assert.rejects(lost)
    assert.equal(await wait, undefined)
    await repair()
    assert.equal(await archive.find(romeo, { sender: romeo, id: '2' }), undefined)
  })

  it('as the one that came last, when there are several', async () => {
    const archive = open()
    await archive.append(romeo, message('a', origin('1')))
    const id = await archive.append(romeo, message('b', origin('1')))
    assert.equal(await archive.find(romeo, { sender: romeo, id: '1' }), id)
    const last = await archive.append(romeo, message('c', origin('1')))
    assert.equal(await archive.find(romeo, { sender: romeo, id: '1' }), last)
  })

  it('among the newest, whatever they are called', async () => {
    const archive = open()
    const names = ['x'.repeat(5000), `${'x'.repeat(4999)}y`, 'Ab', 'ab', 'ab ', 'é', 'e', '\u{10330}', '']
    const ids = await Promise.all(names.map(name => archive.append(romeo, message(name, origin(name)))))
    await Promise.all(
      Array.from({ length: RECOGNISED - names.length }, (_, n) => archive.append(romeo, message(`${n}`))),
    )

    for (const [n, name] of names.entries())
      assert.equal(await archive.find(romeo, { sender: romeo, id: name }), ids[n])
    assert.equal(await archive.find(romeo, { sender: romeo, id: 'AB' }), undefined)
  })
}

/** What goes from archives by age and number. */
export function archivePruning(world: () => World): void {
  const open = () => world().storage.archive('test/messages')
  const prunable = async (archive: ArchiveStore, rule: Parameters<ArchiveStore['prunable']>[0]) => {
    const owners: string[] = []
    for await (const owner of archive.prunable(rule)) owners.push(owner.local)
    return owners.join()
  }

  it('by age, a few at a time', async () => {
    const archive = open()
    const now = Date.now()
    for (let n = 0; n < 10; n++) await archive.append(romeo, message(`${n}`, { at: now - (10 - n) * MINUTE }))
    await archive.append(nurse, message('n', { at: now - 9 * MINUTE }))
    const rule = { before: now - 5 * MINUTE }

    assert.deepEqual(await archive.prune(romeo, rule, 3), { pruned: 3, left: 2 })
    assert.equal(await found(archive, {}), '3456789')
    assert.deepEqual(await archive.prune(romeo, rule, 3), { pruned: 2, left: 0 })
    assert.deepEqual(await archive.prune(romeo, rule, 3), { pruned: 0, left: 0 })
    assert.equal(await found(archive, {}), '56789')
    assert.equal(await archive.count(romeo), 5)
    assert.equal(await archive.count(nurse), 1)
  })

  it('by number, a few at a time', async () => {
    const archive = open()
    for (let n = 0; n < 10; n++) await archive.append(romeo, message(`${n}`))

    assert.deepEqual(await archive.prune(romeo, { keep: 4 }, 5), { pruned: 5, left: 1 })
    assert.deepEqual(await archive.prune(romeo, { keep: 4 }, 5), { pruned: 1, left: 0 })
    assert.equal(await found(archive, {}), '6789')
    assert.deepEqual(await archive.prune(romeo, { keep: 0 }), { pruned: 4, left: 0 })
    assert.deepEqual(await archive.prune(romeo, {}), { pruned: 0, left: 0 })
    assert.equal(await archive.count(romeo), 0)
  })

  it('of its oldest, however they are due, and of nothing behind what stays', async () => {
    const archive = open()
    const now = Date.now()
    for (const [n, minutes] of [9, 8, 2, 7, 1].entries())
      await archive.append(romeo, message(`${n}`, { at: now - minutes * MINUTE }))

    assert.deepEqual(await archive.prune(romeo, { before: now - 5 * MINUTE }), { pruned: 2, left: 0 })
    assert.equal(await found(archive, {}), '234')
    assert.deepEqual(await archive.prune(romeo, { before: now - 5 * MINUTE, keep: 2 }), { pruned: 2, left: 0 })
    assert.equal(await found(archive, {}), '4')
  })

  it('without losing what no client has: that only leaves the archive, which gets no gaps', async () => {
    const archive = open()
    const ids: string[] = []
    for (let n = 0; n < 6; n++) ids.push(await archive.append(romeo, message(`${n}`, { isPending: n % 2 > 0 })))

    assert.deepEqual(await archive.prune(romeo, { keep: 1 }), { pruned: 5, left: 0 })
    assert.equal(await found(archive, {}), '5')
    assert.equal(await archive.count(romeo), 1)
    assert.equal(await waiting(archive), '135')
    await archive.settle(romeo, ids)
    assert.equal(await waiting(archive), '')
    assert.equal(await found(archive, {}), '5')
  })

  it('where something is to go: of whom that is, is told', async () => {
    const archive = open()
    const now = Date.now()
    const strangers = world().storage.archive('test/other')
    for (const owner of [romeo, juliet, nurse, parseJid('élan@capulet.example')])
      for (let n = 0; n < 3; n++) await archive.append(owner, message(`${n}`, { at: now - n * MINUTE }))
    for (const owner of [parseJid('aaa@room.example'), romeo, parseJid('zzz@room.example')])
      await strangers.append(owner, message('x'))
    await archive.append(parseJid('offline@capulet.example'), message('x', { isPending: true, isArchived: false }))
    const rule = (jid: Jid) => (jid === romeo ? { before: now - MINUTE } : jid.local === 'nurse' ? { keep: 2 } : {})

    assert.equal(await prunable(archive, rule), 'nurse')
    await archive.append(juliet, message('x', { at: now - 3 * MINUTE }))
    assert.equal(await prunable(archive, () => ({ keep: 3 })), 'juliet')
    assert.equal(await prunable(archive, () => ({ before: now - MINUTE / 2, keep: 3 })), 'juliet')
    assert.equal(await prunable(archive, () => ({ keep: 3 })), 'juliet') // until that is done
    await archive.prune(juliet, { keep: 3 })
    assert.equal(await prunable(archive, () => ({ keep: 3 })), '')
    await archive.append(romeo, message('x'))
    assert.equal(await prunable(archive, () => ({ keep: 3 })), 'romeo')
    assert.equal(await prunable(archive, () => ({})), '')
  })
}
