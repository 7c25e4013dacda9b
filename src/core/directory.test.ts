import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Client, Kit } from '../../test/kit.js'
import { type Jid, parseJid } from '../xmpp/jid.js'
import { LocalDirectory } from './directory.js'
import type { Session } from './session.js'

describe('the directory of one process', () => {
  let directory: LocalDirectory
  let romeo: Client
  let balcony: Client
  let chamber: Client

  beforeEach(async () => {
    const kit = await Kit.start({ modules: [] })
    romeo = await kit.connects('romeo/orchard')
    balcony = await kit.connects('juliet/balcony')
    chamber = await kit.connects('juliet/chamber')
    directory = new LocalDirectory()
  })

  const juliet = parseJid('juliet@verona.example')

  it('knows the sessions of an account, oldest first, by any of its JIDs', () => {
    for (const session of [chamber, romeo, balcony]) directory.add(session)

    assert.deepEqual(directory.of(juliet), [chamber, balcony])
    assert.deepEqual(directory.of(balcony.jid), [chamber, balcony])
    assert.deepEqual(directory.of(parseJid('juliet@verona.example/tomb')), [chamber, balcony])
    assert.deepEqual(directory.of(romeo.account), [romeo])
  })

  it('knows nobody who has not been added', () => {
    assert.deepEqual(directory.of(juliet), [])
    assert.deepEqual(directory.of(parseJid('verona.example')), [])
    assert.equal(directory.get(balcony.jid), undefined)
    assert.deepEqual([...directory.all()], [])
  })

  it('knows a session by its full JID', () => {
    directory.add(balcony)

    assert.equal(directory.get(parseJid('JULIET@verona.example/balcony')), balcony)
    assert.equal(directory.get(parseJid('juliet@verona.example/Balcony')), undefined)
    assert.equal(directory.get(juliet), undefined)
    assert.equal(directory.get(parseJid('juliet@mantua.example/balcony')), undefined)
  })

  it('forgets a session that is removed, and an account without any', () => {
    for (const session of [balcony, chamber, romeo]) directory.add(session)

    directory.remove(balcony)
    assert.deepEqual(directory.of(juliet), [chamber])
    directory.remove(chamber)
    assert.deepEqual(directory.of(juliet), [])
    assert.deepEqual([...directory.all()], [romeo])
  })

  it('lets a session take the place of one with the same JID, which cannot remove it then', async () => {
    const other = await balcony.kit.connects('juliet/balcony')
    for (const session of [balcony, chamber, other]) directory.add(session)

    assert.deepEqual(directory.of(juliet), [chamber, other])
    directory.remove(balcony)
    assert.equal(directory.get(other.jid), other)
  })

  it('does not change the sessions that somebody is going through', () => {
    for (const session of [balcony, chamber]) directory.add(session)

    const seen: Session[] = []
    for (const session of directory.of(juliet)) {
      seen.push(session)
      directory.remove(balcony)
      directory.remove(chamber)
    }

    assert.deepEqual(seen, [balcony, chamber])
  })

  it('agrees with a list, whoever comes and goes', async () => {
    const kit = await Kit.start({ modules: [] })
    const names = ['romeo/a', 'romeo/b', 'juliet/a', 'juliet/b', 'juliet/b', 'nurse/a']
    const clients = await Promise.all(names.map(name => kit.connects(name)))
    const step = fc.record({ comes: fc.boolean(), client: fc.constantFrom(...clients) })

    fc.assert(
      fc.property(fc.array(step), steps => {
        const directory = new LocalDirectory()
        let list: Session[] = []
        for (const { comes, client } of steps) {
          const isOther = ({ jid }: Session) => !jid.equals(client.jid)
          if (comes) directory.add(client)
          else directory.remove(client)
          list = comes ? [...list.filter(isOther), client] : list.filter(session => session !== client)
        }

        const of = (account: Jid) => list.filter(session => session.account.equals(account))
        for (const { jid, account } of clients) {
          assert.deepEqual(directory.of(jid), of(account))
          assert.equal(
            directory.get(jid),
            list.find(session => session.jid.equals(jid)),
          )
        }
        assert.deepEqual(new Set(directory.all()), new Set(list))
      }),
    )
  })
})
