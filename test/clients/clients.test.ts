/** Three people, each with a client that others wrote, over real TLS against the built server. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { startServer, type TestServer } from '../server-process.js'
import { slixmpp, xmppjs } from './chat-program.js'
import { requirePackages } from './packages.js'
import type { Account, Person } from './person.js'
import { Profanity } from './profanity.js'
import { Transcript } from './transcript.js'

describe('real clients', function () {
  this.timeout(120_000)
  const transcript = new Transcript()
  let server: TestServer
  let romeo: Profanity
  let juliet: Person
  const everyone: Person[] = []
  let storyIsBroken = false

  before(async function () {
    await requirePackages(this, ['profanity', 'python3-slixmpp', 'tmux'])
    server = await startServer()
    const accounts = ['Romeo', 'Juliet', 'the nurse'].map(accountOf)
    for (const { jid, password } of accounts) await server.addUser(jid, password)
    const [forRomeo, forJuliet, forNurse] = accounts as [Account, Account, Account] // there are three above
    // noted one by one, so that they are ended even if the next one cannot start
    romeo = await Profanity.start(forRomeo, server)
    everyone.push(romeo)
    juliet = await xmppjs(forJuliet, server)
    everyone.push(juliet)
    everyone.push(await slixmpp(forNurse, server))
    transcript.heading(`${server.name}, STARTTLS on ${server.host}:${server.ports.c2s}`)
    for (const { name, jid, program } of everyone) transcript.line(`${name} is ${jid} on ${program}`)
  })

  beforeEach(function () {
    if (storyIsBroken) this.skip() // every scene builds on the ones before
    transcript.heading(this.currentTest?.title ?? '')
  })

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return
    storyIsBroken = true
    transcript.line(`FAILED: ${this.currentTest.err?.message}`)
    console.log(`the server's log ends:\n${server.logTail()}`)
  })

  after(async () => {
    await Promise.allSettled(everyone.map(person => person.leaves()))
    await server?.dispose()
    if (everyone.length === 0) return
    await transcript.save()
    console.log(`      transcript: ${transcript.file}`)
  })

  it('log in', async () => {
    for (const person of everyone) {
      await person.goesOnline()
      transcript.line(`${person.name} is logged in`)
    }
  })

  it('subscribe to each other and see each other come online', async () => {
    for (const [asker, asked] of pairs()) {
      await asker.asksFor(asked)
      await asked.approves(asker)
      await asker.sees(asked, 'online')
      transcript.line(`${asker.name} asks for ${asked.name}'s presence, is approved and sees: online`)
    }
  })

  it('chat both ways, in any script', async () => {
    for (const [speaker, listener] of pairs()) {
      for (const body of [
        'Soft! What light? <east> & "sun" \\o/ ;',
        'Ѓжɠ ☾ ünïcödé 愛 🌹',
        'a second line follows the first;',
      ]) {
        await tells(speaker, listener, body)
      }
    }
  })

  it('see each other go away and come back', async () => {
    for (const person of everyone) {
      const text = `Gone to Mantua, ${person.name}`
      await person.setsStatus('away', text)
      for (const other of others(person)) await other.sees(person, `away (${text})`)
      await person.setsStatus('online')
      for (const other of others(person)) await other.sees(person, 'online')
      transcript.line(`${person.name} is seen away ("${text}") and back by ${names(others(person))}`)
    }
  })

  for (const [index, name] of ['Romeo', 'Juliet', 'the nurse'].entries()) {
    it(`${name} goes offline and gets what was said meanwhile, once and in order`, async () => {
      const sleeper = everyone[index] ?? assert.fail()
      const friends = others(sleeper)
      await sleeper.goesOffline()
      for (const friend of friends) await friend.sees(sleeper, 'offline')
      transcript.line(`${sleeper.name} is gone, ${names(friends)} see it`)
      const began = Date.now()
      for (const n of ONE_TO_FIVE) {
        for (const friend of friends) await friend.says(sleeper, offlineMessage(friend, n))
      }
      // What was said has reached the server when something said after it has reached somebody else.
      await tells(friends[0], friends[1], 'all said')
      await tells(friends[1], friends[0], 'by me too')
      const ended = Date.now()

      await sleeper.goesOnline()

      for (const friend of friends) await friend.sees(sleeper, 'online')
      for (const friend of friends) {
        for (const n of ONE_TO_FIVE) {
          const { body, sentAt } = await sleeper.hears(friend)
          assert.equal(body, offlineMessage(friend, n))
          assert.ok(sentAt, `"${body}" says when it was sent`)
          // a stamp may be in whole seconds
          assert.ok(
            sentAt.getTime() > began - 1500 && sentAt.getTime() < ended + 1500,
            `${sentAt.toISOString()} is then`,
          )
          transcript.line(`${sleeper.name} reads of ${friend.name}: ${body}  [delayed, ${sentAt.toISOString()}]`)
        }
      }
      // Had one come twice, it would stand before this.
      for (const friend of friends) await tells(friend, sleeper, 'welcome back')
    })
  }

  for (const [index, name] of ['Romeo', 'Juliet', 'the nurse'].entries()) {
    it(`${name} blocks somebody, who then cannot write and sees nobody there, and unblocks again`, async () => {
      const blocker = everyone[index] ?? assert.fail()
      const [blocked, other] = others(blocker)

      await blocker.blocks(blocked)
      await blocked.sees(blocker, 'offline')
      transcript.line(`${blocker.name} blocks ${blocked.name}, who sees: offline`)
      await isRefused(blocked, blocker, 'can you hear me?', 'service-unavailable') // as if nobody were there
      await isRefused(blocker, blocked, 'I cannot hear you', 'not-acceptable')
      await blocker.setsStatus('away', 'hiding')
      await other.sees(blocker, 'away (hiding)')
      await tells(other, blocker, 'I still can reach you')
      await blocker.setsStatus('online')
      await other.sees(blocker, 'online')

      await blocker.unblocks(blocked)
      await blocked.sees(blocker, 'online')
      transcript.line(`${blocker.name} unblocks ${blocked.name}, who sees: online`)
      // The first thing heard: what was refused above was not kept either.
      await tells(blocked, blocker, 'and now?')
      await tells(blocker, blocked, 'now I do')
    })
  }

  it('heard nothing twice and nothing that was not meant for them', async () => {
    for (const person of everyone) assert.deepEqual(await person.unheard(others(person)), [])
    transcript.line(`${romeo.name}'s screen with ${juliet.name}, and his console:`)
    transcript.verbatim(await romeo.show(juliet))
    transcript.verbatim(await romeo.show('console'))
  })

  it('log out, and the server stops', async () => {
    for (const person of everyone) await person.goesOffline()
    await server.stop()
    transcript.line('everybody is gone, the server has stopped')
  })

  async function tells(speaker: Person, listener: Person, body: string) {
    await speaker.says(listener, body)
    const heard = await listener.hears(speaker)
    assert.deepEqual(heard, { body, sentAt: undefined })
    transcript.line(`${speaker.name} -> ${listener.name}: ${body}`)
  }

  async function isRefused(speaker: Person, listener: Person, body: string, condition: string) {
    await speaker.says(listener, body)
    assert.equal(await speaker.isRefusedBy(listener), condition)
    transcript.line(`${speaker.name} writes "${body}" to ${listener.name} and gets: ${condition}`)
  }

  const pairs = () => everyone.flatMap(one => others(one).map(other => [one, other] as const))
  const others = (person: Person) => everyone.filter(other => other !== person) as [Person, Person] // of three
})

const ONE_TO_FIVE = [1, 2, 3, 4, 5]

const offlineMessage = (friend: Person, n: number) => `${n} of 5 while you slept ☾ ${friend.name}`

const names = (people: readonly Person[]) => people.map(({ name }) => name).join(' and ')

function accountOf(name: string): Account {
  const user = name.split(' ').at(-1)?.toLowerCase()
  return { name, jid: `${user}@localhost`, password: randomUUID() }
}
