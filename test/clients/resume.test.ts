/** Stream management over sockets that break: nothing lost, doubled or out of order, and nothing for strangers. */
import assert from 'node:assert/strict'
import { type Element, xml } from '@xmpp/xml'
import { startServer, type TestServer, usesProsody } from '../server-process.js'
import { ManagedStream } from './managed-stream.js'
import { faults, inWords, seededRandom } from './sequence.js'
import { type Cut, NS, Wire } from './wire.js'

const CUTS = 50
const NOTHING = '0 lost, 0 doubled, 0 reordered'
const ROMEO = { jid: 'romeo@localhost', password: 'Neither, fair saint' }
const JULIET = { jid: 'juliet@localhost', password: 'if either thee dislike' }

describe('stream management', function () {
  this.timeout(120_000)
  let server: TestServer

  before(async () => {
    server = await startServer()
    for (const { jid, password } of [ROMEO, JULIET]) await server.addUser(jid, password)
  })

  after(() => server?.dispose())

  it(`loses, doubles and reorders nothing when ${CUTS} connections are cut mid-burst and resumed`, async () => {
    const seed = Number(process.env.PARLANCE_TEST_SEED ?? Date.now() % 1e6)
    const random = seededRandom(seed)
    const romeo = new Talker(await ManagedStream.start(server, ROMEO, 'balcony'))
    const juliet = new Talker(await ManagedStream.start(server, JULIET, 'chamber'))
    const deserted: Wire[] = []
    let underWay = 0
    let cuts = 0

    for (let round = 0; cuts < CUTS; round++) {
      if (GENTLE) await Promise.all([romeo.stream.settled(), juliet.stream.settled()])
      const plans = victims(round, CUTS - cuts, romeo, juliet).map(([victim, peer]) => ({
        victim,
        peer,
        how: HOW[cuts++ % HOW.length] ?? assert.fail(),
        size: random(10, 80),
      }))
      const heardBefore = new Map([romeo, juliet].map(talker => [talker, talker.heard.length]))
      const spares = await Promise.all(plans.map(({ victim, how }) => how === 'overtaken' && victim.stream.spare()))
      const broken = plans.map(async ({ victim, peer, how, size }, index) => {
        // cut in the turn in which this message arrives, with others behind it in both directions
        const until = (heardBefore.get(victim) ?? 0) + random(1, size)
        await victim.hearing(until, () => {
          underWay += peer.said - victim.heard.length + victim.stream.unacknowledged.length
          if (how === 'overtaken') victim.says(peer, random(1, 20))
          const torn = how === 'torn' ? victim.next(peer) : undefined
          const rest = victim.stream.cut(CUT_BY[how], torn)
          if (CUT_BY[how] === 'silence') deserted.push(rest)
          victim.says(peer, random(0, 20))
        })
        const resumption = await victim.stream.resume(spares[index] || undefined)
        assert.ok(resumption.resumed, 'the session can be resumed')
        victim.says(peer, random(0, 5))
      })
      for (const { victim, peer, size } of plans) {
        peer.says(victim, size)
        victim.says(peer, GENTLE ? random(1, 10) : random(1, size))
      }
      await Promise.all(broken)
    }

    for (const [speaker, listener] of [
      [romeo, juliet],
      [juliet, romeo],
    ] as const) {
      await speaker.stream.settled()
      await listener.stream.until(`hears all ${speaker.said}`, () => listener.heard.length >= speaker.said)
    }
    await Promise.all([romeo.stream.ping(), juliet.stream.ping()])
    console.log(
      `      ${cuts} cuts (seed ${seed}): ${romeo.said} and ${juliet.said} messages, ${underWay} of them under way at a cut`,
    )
    assert.equal(inWords(faults(juliet.heard, romeo.said)), NOTHING)
    assert.equal(inWords(faults(romeo.heard, juliet.said)), NOTHING)
    assert.deepEqual([...romeo.bounced, ...juliet.bounced], [])
    assert.ok(underWay > CUTS, 'the cuts met bursts')
    // The connections that were left lying about were closed when their sessions went elsewhere.
    await Promise.all(deserted.map(wire => wire.remains()))
    await Promise.all([romeo.stream.close(), juliet.stream.close()])
  })

  it('ends the stream of a client that acknowledges more than it was sent', async function () {
    if (usesProsody()) this.skip() // it closes the stream, but with another error or none

    const stream = await ManagedStream.start(server, ROMEO, 'balcony')

    stream.sendNonza(xml('a', { xmlns: NS.sm, h: 1000 }))
    await stream.drained()

    assert.deepEqual(stream.strange.map(tooHigh), [true], `${stream.strange}`)
  })

  it('does not resume a session whose client claims to have handled more than it was sent', async function () {
    if (usesProsody()) this.skip() // it closes the stream, but with another error or none

    const stream = await ManagedStream.start(server, ROMEO, 'balcony')
    const wire = await stream.spare()
    stream.cut('reset')

    wire.send(xml('resume', { xmlns: NS.sm, h: 1000, previd: stream.id }))
    const answer = await wire.next(({ name }) => name === 'stream:error' || name === 'failed' || name === 'resumed')

    assert.ok(tooHigh(answer) || answer.is('failed', NS.sm), `${answer}`)
  })

  it('closes the connection that a session left behind, saying why', async function () {
    if (usesProsody()) this.skip() // it closes it without a word
    const stream = await ManagedStream.start(server, ROMEO, 'balcony')
    const left = stream.cut('silence')

    await stream.resume()

    assert.ok(
      (await left.remains()).some(
        ({ name, children: [first] }) => name === 'stream:error' && `${first}`.includes('conflict'),
      ),
    )
    await stream.ping()
    await stream.close()
  })

  it('refuses to resume a session that never was, and lets the client go on with a new one', async () => {
    const wire = await Wire.login(server, ROMEO)

    wire.send(xml('resume', { xmlns: NS.sm, h: 0, previd: 'no-such-session' }))
    assertNotFound(await wire.next(element => element.getNS() === NS.sm))

    assert.match(await wire.bind('orchard'), /^romeo@localhost\//)
    await wire.ping()
    await wire.close()
  })

  it("refuses to resume somebody else's session, which its owner still can", async () => {
    const juliet = await ManagedStream.start(server, JULIET, 'chamber')
    juliet.cut('reset')
    const thief = await Wire.login(server, ROMEO)

    thief.send(xml('resume', { xmlns: NS.sm, h: 0, previd: juliet.id }))
    assertNotFound(await thief.next(element => element.getNS() === NS.sm))

    const { resumed } = await juliet.resume()
    assert.ok(resumed)
    await juliet.ping()
    await Promise.all([thief.close(), juliet.close()])
  })

  it("refuses to resume somebody else's session while that is connected, and does not disturb it", async () => {
    const juliet = await ManagedStream.start(server, JULIET, 'chamber')
    const thief = await Wire.login(server, ROMEO)

    thief.send(xml('resume', { xmlns: NS.sm, h: 0, previd: juliet.id }))
    assertNotFound(await thief.next(element => element.getNS() === NS.sm))

    await juliet.ping()
    await Promise.all([thief.close(), juliet.close()])
  })

  it('refuses to resume a session that its client has closed', async () => {
    const stream = await ManagedStream.start(server, ROMEO, 'balcony')
    await stream.close()

    const resumption = await stream.resume()

    assertNotFound(resumption.resumed ? undefined : resumption.refusal)
  })
})

/** Prosody 0.12 gives what comes on a resumed stream to the parser of the old one, so no stanza must be torn there. */
const GENTLE = usesProsody()

type How = Cut | 'torn' | 'overtaken'

/** How connections are cut, in turn. */
const HOW: readonly How[] = GENTLE ? ['reset', 'close', 'silence'] : ['reset', 'close', 'silence', 'torn', 'overtaken']

const CUT_BY: Readonly<Record<How, Cut>> = {
  reset: 'reset',
  close: 'close',
  silence: 'silence',
  /** In the middle of a stanza. */
  torn: 'close',
  /** The new connection asks to resume while the server still has things to read from the old one. */
  overtaken: 'silence',
}

/** One, the other, both at once, but no more than are to be. */
function victims(round: number, most: number, romeo: Talker, juliet: Talker): readonly (readonly [Talker, Talker])[] {
  const sides = [[romeo, juliet] as const, [juliet, romeo] as const]
  return ([sides.slice(0, 1), sides.slice(1), sides][round % 3] ?? []).slice(0, most)
}

/** Counts aloud: every message carries its number. */
class Talker {
  readonly stream
  readonly heard: number[] = []
  readonly bounced: string[] = []
  said = 0
  #cue: { readonly at: number; readonly act: () => void } | undefined

  constructor(stream: ManagedStream) {
    this.stream = stream
    stream.onStanza = stanza => this.#hear(stanza)
    stream.send(xml('presence'))
  }

  /** The next message, not yet sent. */
  next(peer: Talker): Element {
    const body = `${this.said++} ${'.'.repeat(GENTLE ? 1 : (this.said * 37) % 1500)} ☾`
    return xml('message', { type: 'chat', to: peer.stream.jid, id: `m${this.said}` }, xml('body', {}, body))
  }

  says(peer: Talker, count: number) {
    this.stream.send(...Array.from({ length: count }, () => this.next(peer)))
    this.stream.requestAck()
  }

  /** Acts in the turn in which that many messages were heard. */
  hearing(at: number, act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#cue = {
        at,
        act: () => {
          act()
          resolve()
        },
      }
      this.stream.until(`hears ${at}`, () => this.heard.length >= at).catch(reject)
    })
  }

  #hear(stanza: Element) {
    if (stanza.name !== 'message') return
    if (stanza.attrs.type === 'error') this.bounced.push(`${stanza}`)
    else this.heard.push(Number.parseInt(stanza.getChild('body')?.getText() ?? '', 10))
    const cue = this.#cue
    if (!cue || this.heard.length < cue.at) return
    this.#cue = undefined
    cue.act()
  }
}

function tooHigh(element: Element): boolean {
  return (
    element.name === 'stream:error' &&
    element.getChild('undefined-condition', NS.streams) !== undefined &&
    element.getChild('handled-count-too-high', NS.sm) !== undefined
  )
}

function assertNotFound(answer: Element | undefined) {
  assert.ok(answer?.is('failed', NS.sm) && answer.getChild('item-not-found', NS.stanzas), `${answer}`)
}
