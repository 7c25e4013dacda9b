import assert from 'node:assert/strict'
import { type Account, inBand, newAccount } from '../wire/accounts.js'
import { Client, conditionOf } from '../wire/client.js'
import type { Address, Arrival } from '../wire/link.js'
import { authenticate, bind, connectSecurely, logIn, SASL } from '../wire/login.js'
import { parseElements } from '../wire/xml.js'
import { times } from './intruder.js'
import { Target } from './target.js'

const SM = 'urn:xmpp:sm:3'

describe('by people who are logged in, or want to be', function () {
  this.timeout(60_000)
  let target: Target
  let address: Address

  before(async () => {
    target = await Target.start({
      config: {
        limits: { queueBytes: '200 kB', queue: 100, answerTime: '2 seconds' },
        modules: { registration: { triesPerStream: 5 }, roster: { maxItems: 20, maxRequests: 10 } },
      },
    })
    address = target.stage.address
  })
  after(() => target?.dispose())

  const meet = (name: string): Promise<Account> => newAccount(name, address.domain, inBand(address))
  const clientOf = (account: Account, log: (line: string) => void = () => {}) =>
    new Client(account.user, account, address, log)
  async function online(name: string): Promise<Client> {
    const client = clientOf(await meet(name))
    await logIn(client)
    return client
  }
  const conditionIn = (arrival: Arrival) => (arrival.kind === 'element' ? conditionOf(arrival.element) : undefined)

  it('what was once said to log in means nothing another time', async () => {
    const account = await meet('romeo')
    const said: string[] = []
    const romeo = clientOf(account, line => said.push(line))
    await connectSecurely(romeo)
    await romeo.open()
    await authenticate(romeo, 'SCRAM-SHA-1')
    romeo.leave()
    const [first = '', last = ''] = said.flatMap(line => /> (<(?:auth|response) .*)/.exec(line)?.[1] ?? [])
    assert.ok(first.includes('SCRAM') && last.includes('response'))

    await target.withstands(async () => {
      const thief = clientOf(account)
      await connectSecurely(thief)
      await thief.open()
      thief.send(first)
      await thief.receive(parseElements(`<challenge xmlns='${SASL}'/>`), new Map())
      thief.send(last)

      assert.equal(conditionIn(await thief.expect('a failure', () => true)), 'not-authorized')
      thief.leave()
    })
  })

  it('a thousand guesses let nobody in, and disturb nobody', async () => {
    const account = await meet('juliet')
    await target.withstands(async () => {
      await times(200, async turn => {
        const tybalt = clientOf(account)
        await connectSecurely(tybalt)
        await tybalt.open()
        for (let guess = 0; guess < 5; guess++) {
          const message = Buffer.from(`\0${account.user}\0guess ${turn} ${guess}`).toString('base64')
          tybalt.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${message}</auth>`)
          const answer = await tybalt.expect('a failure', ({ kind }) => kind === 'element')
          assert.match(conditionIn(answer) ?? '', /^(not-authorized|temporary-auth-failure)$/)
        }
        assert.equal(conditionIn(await tybalt.expect('the end', () => true)), 'policy-violation')
        tybalt.leave()
      })
    })
    await logIn(clientOf(account))
  })

  it('accounts that do not exist look like those that do', async () => {
    const account = await meet('nurse')
    const challenges = async (user: string) => {
      const tybalt = clientOf(account)
      await connectSecurely(tybalt)
      await tybalt.open()
      const first = Buffer.from(`n,,n=${user},r=abc`).toString('base64')
      tybalt.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${first}</auth>`)
      const arrival = await tybalt.expect('a challenge', ({ kind }) => kind === 'element')
      tybalt.leave()
      const text = arrival.kind === 'element' ? arrival.element.children.join('') : ''
      const [, salt = '', iterations = ''] = /,s=([^,]+),i=(\d+)/.exec(Buffer.from(text, 'base64').toString()) ?? []
      return { salt, iterations }
    }
    const real = await challenges(account.user)
    const [nobody, again] = [await challenges('nobody-there'), await challenges('nobody-there')]

    assert.equal(nobody.iterations, real.iterations)
    assert.equal(nobody.salt.length, real.salt.length)
    assert.equal(nobody.salt, again.salt, 'a salt that changes belongs to nobody')
    assert.notEqual(nobody.salt, (await challenges('somebody-else')).salt)
  })

  it('accounts are not made without end on one connection', async () => {
    const { user: taken } = await meet('romeo')
    await target.withstands(async () => {
      const register = async (client: Client, id: string, name: string) => {
        const query = `<query xmlns='jabber:iq:register'><username>${name}</username><password>x</password></query>`
        const answer = await client.ask(`<iq type='set' id='${id}' to='localhost'>${query}</iq>`, id)
        return answer.attrs.get('type') === 'result' ? 'registered' : conditionOf(answer)
      }
      const [one, other] = ['one', 'other'].map(user => clientOf({ user, password: '', jid: '' }))
      assert.ok(one && other)
      for (const client of [one, other]) {
        await connectSecurely(client)
        await client.open()
      }
      for (let n = 0; n < 300; n++)
        assert.equal(await register(one, `r${n}`, `crowd${n}`), n === 0 ? 'registered' : 'not-acceptable')
      for (let n = 0; n < 5; n++) assert.equal(await register(other, `r${n}`, taken), 'conflict')
      assert.equal(await register(other, 'last', 'crowd-of-others'), 'not-acceptable')
      one.leave()
      other.leave()
    })
  })

  it('of two who resume a session at once one has it, whichever', async () => {
    const account = await meet('romeo')
    const before = clientOf(account)
    await logIn(before, 'phone')
    before.send(`<enable xmlns='${SM}' resume='true'/>`)
    const enabled = await before.expect('enabled', ({ kind }) => kind === 'element')
    const id = enabled.kind === 'element' ? enabled.element.attrs.get('id') : ''
    before.leave()
    const pair = [clientOf(account), clientOf(account)]
    for (const client of pair) {
      await connectSecurely(client)
      await client.open()
      await authenticate(client)
      await client.open()
    }

    await target.withstands(async () => {
      for (const client of pair) client.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
      const ends = pair.map(async client => {
        await client.expect('resumed', arrival => arrival.kind === 'element' && arrival.element.name === 'resumed')
        const next = client.expect('a conflict', arrival => conditionIn(arrival) === 'conflict').then(() => 'over')
        return { client, next }
      })
      const [one, other] = await Promise.all(ends)
      assert.ok(one && other)
      const loser = await Promise.race([one.next.then(() => one), other.next.then(() => other)])
      const winner = loser === one ? other : one
      winner.next.catch(() => {})
      winner.client.send(`<iq type='get' id='last' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)
      winner.client.leave()
    })
  })

  it('a client that never reads is cut off, and costs no memory', async () => {
    const [romeo, juliet] = [await online('romeo'), await online('juliet')]
    romeo.send('<presence/>')
    await romeo.sync()
    romeo.link.pause()
    const before = target.memory

    await target.withstands(async () => {
      const body = 'a'.repeat(100_000)
      for (let n = 0; n < 250; n++) {
        juliet.send(`<message to='${romeo.jid}' type='headline'><body>${body}</body></message>`)
        if (n % 20 === 19) await juliet.sync()
        assert.ok(target.memory - before < 48, `it holds ${Math.round(target.memory - before)} MiB for him`)
      }
    })
    romeo.leave()
    juliet.leave()
  })

  it('who asks and never reads the answers is not heard any more', async () => {
    const romeo = await online('romeo')
    romeo.link.pause()
    const before = target.memory

    await target.withstands(async () => {
      const id = 'a'.repeat(5000)
      const ping = `<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`
      for (let n = 0; n < 40; n++) {
        romeo.link.write(ping.repeat(100))
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      assert.ok(target.memory - before < 48, `it holds ${Math.round(target.memory - before)} MiB for him`)
    })
    romeo.leave()
  })

  it('a client that never acknowledges is cut off, and what it does not have is kept', async () => {
    const account = await meet('romeo')
    const romeo = clientOf(account)
    await logIn(romeo)
    romeo.send(`<presence/><enable xmlns='${SM}'/>`)
    await romeo.sync()
    romeo.forget()
    romeo.ignore(({ ns, name }) => ns === SM || name === 'message')
    const juliet = await online('juliet')

    await target.withstands(async () => {
      for (let n = 0; n < 1500; n++) juliet.send(`<message to='${account.jid}' type='chat'><body>${n}</body></message>`)
      await juliet.sync()
      await romeo.expect('the end', arrival => arrival.kind === 'gone' || conditionIn(arrival) !== undefined)
    })
    const back = clientOf(account)
    await logIn(back)
    back.ignore(({ name }) => name === 'presence')
    back.send('<presence/>')
    for (let n = 0; n < 100; n++) {
      const body = `<message from='${juliet.jid}'><body>${n}</body></message>`
      await back.receive(parseElements(body), new Map())
    }
    for (const client of [romeo, juliet, back]) client.leave()
  })

  it('a roster and the requests to it have their limits', async () => {
    const [romeo, juliet] = [await online('romeo'), await online('juliet')]
    await target.withstands(async () => {
      for (let n = 0; n <= 20; n++) {
        const id = `item${n}`
        const query = `<query xmlns='jabber:iq:roster'><item jid='friend${n}@localhost'/></query>`
        const answer = await romeo.ask(`<iq type='set' id='${id}'>${query}</iq>`, id)
        if (n < 20) assert.equal(answer.attrs.get('type'), 'result')
        else assert.match(conditionOf(answer) ?? '', /resource-constraint|policy-violation|not-allowed/)
      }
      await times(40, async turn => {
        const stranger = await online(`stranger${turn}`)
        stranger.send(`<presence type='subscribe' to='${juliet.account.jid}'/>`)
        await stranger.sync()
        stranger.leave()
      })
      juliet.send('<presence/>')
      await juliet.sync()
      const requests = juliet
        .unread()
        .filter(arrival => arrival.kind === 'element' && arrival.element.name === 'presence')
      assert.ok(requests.length <= 11, `${requests.length} requests wait`)
    })
    romeo.leave()
    juliet.leave()
  })

  it('who connects as often as he may, and again, ends nobody else', async () => {
    const account = await meet('romeo')
    await target.withstands(() =>
      times(60, async turn => {
        const client = clientOf(account)
        await connectSecurely(client)
        await client.open()
        await authenticate(client)
        await client.open()
        await bind(client, `r${turn % 30}`).catch(fault => assert.match(String(fault), /resource-constraint|conflict/))
        if (turn % 2 === 0) client.leave()
      }),
    )
  })

  it('says nothing of a bug of its own', () => {
    assert.deepEqual(target.bugs, [])
  })
})
