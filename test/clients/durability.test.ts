/** What the server acknowledged is kept, whatever happens to its process: kill -9 in the middle of a stream of messages. */
import assert from 'node:assert/strict'
import { xml } from '@xmpp/xml'
import { type StartOptions, startServer, type TestServer } from '../server-process.js'
import { ManagedStream } from './managed-stream.js'
import { type Round, seededRandom, verdict } from './sequence.js'
import { Wire } from './wire.js'

const ROUNDS = 20
/** Messages under way at a time. */
const WINDOW = 50
const ROMEO = { jid: 'romeo@localhost', password: 'Neither, fair saint' }
/** As go-sendxmpp and mcabber log in. */
const JULIET = {
  jid: 'juliet@localhost',
  password: 'if either thee dislike',
  mechanism: 'PLAIN',
  directTls: true,
} as const

describe('durability', function () {
  this.timeout(240_000)
  let server: TestServer | undefined

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(`the server's log ends:\n${server?.logTail()}`)
    await server?.dispose()
    server = undefined
  })

  it(`keeps every acknowledged message to an offline user, once and in order, when killed ${ROUNDS} times`, async () => {
    server = await startServer()
    const rounds = await killed(server, HONEST)

    assert.deepEqual(wrong(rounds), [])
  })

  it('would be caught if it acknowledged before the commit', async () => {
    server = await startServer()
    const rounds = await killed(server, LIAR)

    assert.notEqual(wrong(rounds).length, 0, `${ROUNDS} rounds with a server that lies, and nothing was noticed`)
    console.log(`      caught in round ${rounds.length}: ${wrong(rounds).at(-1)}`)
  })
})

const wrong = (rounds: readonly Round[]) =>
  rounds.flatMap((round, index) => {
    const fault = verdict(round)
    return fault === undefined ? [] : [`round ${index}: ${fault}`]
  })

const HONEST: StartOptions = {}
const LIAR: StartOptions = { ackBeforeCommit: true }

/** Plays rounds with a server started like this, for a liar only until one is wrong, and says in a line what they were like. */
async function killed(server: TestServer, like: StartOptions): Promise<readonly Round[]> {
  for (const { jid, password } of [ROMEO, JULIET]) await server.addUser(jid, password)
  const seed = Number(process.env.PARLANCE_TEST_SEED ?? Date.now() % 1e6)
  const random = seededRandom(seed)
  const rounds: Round[] = []
  while (rounds.length < ROUNDS && (like === HONEST || wrong(rounds).length === 0)) {
    if (like !== HONEST) {
      await server.stop()
      await server.restart(like)
    }
    rounds.push(await play(server, rounds.length, random))
  }
  const sum = (number: (round: Round) => number) => rounds.reduce((total, round) => total + number(round), 0)
  console.log(
    `      killed ${rounds.length} times (seed ${seed}): ${sum(round => round.sent)} messages, ` +
      `${sum(round => round.acknowledged)} of them acknowledged before`,
  )
  return rounds
}

/** Romeo writes until the server is killed, says again after the restart what was not acknowledged; Juliet reads. */
async function play(server: TestServer, number: number, random: (from: number, to: number) => number): Promise<Round> {
  const message = (n: number | 'end') =>
    xml('message', { type: 'chat', to: JULIET.jid, id: `${number}-${n}` }, xml('body', {}, `${number} ${n}`))
  const romeo = await ManagedStream.start(server, ROMEO, 'mantua')
  const enough = random(1, 150)
  const piece = random(1, 20)
  let sent = 0
  const write = () => {
    while (romeo.unacknowledged.length + piece <= WINDOW) {
      romeo.send(...Array.from({ length: piece }, () => message(sent++)))
      romeo.requestAck()
    }
  }
  const dead = new Promise<void>((resolve, reject) => {
    // in the turn in which the acknowledgement arrives: whoever gave it too early has no time left to keep its word
    romeo.onAck = () => {
      if (romeo.acknowledged < enough) return write()
      romeo.onAck = () => {}
      server.kill().then(resolve, reject)
    }
  })

  write()
  await Promise.race([dead, romeo.until(`${enough} messages are acknowledged`, () => romeo.acknowledged >= enough)])
  await dead
  await romeo.drained() // acknowledgements that had left the server count, too
  await server.restart(HONEST) // what it finds now is what was kept
  const resumption = await romeo.resume()
  const acknowledged = romeo.acknowledged
  if (!resumption.resumed) romeo.send(...(await romeo.startAgain(resumption.wire, 'mantua')))
  romeo.send(message('end'))
  await romeo.settled()
  await romeo.close()

  return { sent, acknowledged, found: await read(server, number) }
}

/** Juliet logs in, reads all there is of this round, and goes. */
async function read(server: TestServer, number: number): Promise<readonly number[]> {
  const juliet = await Wire.login(server, JULIET)
  await juliet.bind('chamber')
  juliet.send(xml('presence'))
  const found: number[] = []
  for (;;) {
    const message = await juliet.next(({ name }) => name === 'message')
    const [round, n] = message.getChild('body')?.getText().split(' ') ?? []
    assert.equal(round, `${number}`, `${message} was read in an earlier round`)
    if (n === 'end') break
    found.push(Number(n))
  }
  await juliet.ping()
  await juliet.close()
  return found
}
