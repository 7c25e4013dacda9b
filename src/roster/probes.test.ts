import assert from 'node:assert/strict'
import { type Client, el, type Kit, settled } from '../../test/kit.js'
import { child, type Element, serialise } from '../xml/index.js'
import { parseJid } from '../xmpp/jid.js'
import { CLIENT } from '../xmpp/ns.js'
import { type Addressed, makeStanza } from '../xmpp/stanza.js'
import { arrives, at, befriends, follows, hears, rosterOf, says, verona } from './fixture.test.js'

/** Romeo sees Juliet, who is on the balcony and away; the nurse sees nobody. */
async function watched() {
  const kit = await verona()
  const romeo = await arrives(kit, 'romeo/orchard')
  const nurse = await arrives(kit, 'nurse/kitchen')
  const juliet = await arrives(
    kit,
    'juliet/balcony',
    el`<presence id='p1'><show>away</show><status>sighs</status></presence>`,
  )
  await follows(romeo, juliet)
  return { kit, romeo, juliet, nurse }
}

async function probes(client: Client, to: string): Promise<Element[]> {
  await client.sends(el`<presence type='probe' id='probe1' to='${to}'/>`)
  await settled()
  return client.takesAll('presence')
}

/** What the server itself sends of a type from now on, also to elsewhere. */
function spy(kit: Kit, type: string): Addressed[] {
  const sent: Addressed[] = []
  const route = kit.router.route.bind(kit.router)
  kit.router.route = stanza => {
    if (stanza.type === type) sent.push(stanza)
    return route(stanza)
  }
  return sent
}

describe('presence probe', () => {
  it('is answered with the last presence of each resource, complete and with its own id (§4.3.2)', async () => {
    const { kit, romeo } = await watched()
    await kit.comesOnline('juliet/chamber')
    kit.forget()

    const answers = await probes(romeo, at('juliet'))

    assert.deepEqual(
      answers.map(({ attrs, children }) => [attrs.from, attrs.id, attrs.to, children.length]),
      [
        [`${at('juliet')}/balcony`, 'p1', `${at('romeo')}/orchard`, 2],
        [`${at('juliet')}/chamber`, undefined, `${at('romeo')}/orchard`, 0],
      ],
    )
  })

  it('of one resource is answered by that one alone, and only that it is there', async () => {
    const { kit, romeo } = await watched()
    await kit.comesOnline('juliet/chamber')
    kit.forget()

    const [answer, ...more] = await probes(romeo, `${at('juliet')}/balcony`)

    assert.deepEqual(
      [answer?.attrs.from, answer?.attrs.type, answer?.children],
      [`${at('juliet')}/balcony`, undefined, []],
    )
    assert.deepEqual(more, [])
  })

  it('of one resource that is not there says so', async () => {
    const { romeo } = await watched()

    const [answer] = await probes(romeo, `${at('juliet')}/tomb`)

    assert.deepEqual([answer?.attrs.from, answer?.attrs.type], [`${at('juliet')}/tomb`, 'unavailable'])
  })

  it('of somebody who has gone says since when, with the id of the probe', async () => {
    const { kit, romeo, juliet } = await watched()
    await kit.clock.pass(60_000)
    await juliet.dies()
    await kit.clock.pass(60_000)
    kit.forget()

    const [answer] = await probes(romeo, at('juliet'))

    assert.deepEqual(
      [answer?.attrs.from, answer?.attrs.type, answer?.attrs.id],
      [at('juliet'), 'unavailable', 'probe1'],
    )
    assert.equal(answer && child(answer, 'delay', 'urn:xmpp:delay')?.attrs.stamp, '1595-07-01T00:01:00.000Z')
    assert.equal(answer && child(answer, 'status'), undefined)
  })

  it('of somebody who was never there says that much', async () => {
    const kit = await verona({ accounts: ['romeo', 'peter'] })
    const [romeo, peter] = [await arrives(kit, 'romeo'), await kit.connects('peter')]
    await follows(romeo, peter)
    await peter.leaves()

    const [answer, ...more] = await probes(romeo, at('peter'))

    assert.deepEqual([answer?.attrs.from, answer?.attrs.type, answer?.children], [at('peter'), 'unavailable', []])
    assert.deepEqual(more, [])
  })

  it('of an own resource is answered', async () => {
    const { juliet } = await watched()

    assert.deepEqual((await probes(juliet, at('juliet'))).length, 1)
  })

  it('tells a stranger nothing: neither that there is an account, nor that it is online (§8.5.1)', async () => {
    const { nurse, juliet } = await watched()

    assert.deepEqual(await probes(nurse, at('juliet')), [])
    assert.deepEqual(await probes(nurse, `${at('juliet')}/balcony`), [])
    assert.deepEqual(await probes(nurse, at('rosaline')), [])
    await juliet.leaves()
    assert.deepEqual(await probes(nurse, at('juliet')), [])
  })

  it('is refused in the same words, whether there is an account or not (§4.3.2)', async () => {
    const { kit } = await watched()
    const answers = spy(kit, 'unsubscribed')
    const from = parseJid('laura@petrarch.example')

    for (const whom of ['nurse', 'rosaline'])
      await kit.router.route(
        makeStanza({ type: 'probe', from, to: parseJid(at(whom)), el: el`<presence id='probe1'/>` }),
      )

    const [nurse, nobody, ...more] = answers.map(({ el }) => serialise(el, CLIENT))
    assert.equal(nurse?.replaceAll('nurse', 'rosaline'), nobody)
    assert.match(nobody ?? '', / id='probe1'/)
    assert.deepEqual(more, [])
  })

  it('of somebody who sent presence by name is answered for that resource (§4.6.6)', async () => {
    const { kit, juliet, nurse } = await watched()
    await kit.comesOnline('juliet/chamber')
    await juliet.sends(el`<presence to='${at('nurse')}/kitchen'><status>help</status></presence>`)
    kit.forget()

    const asked = [await probes(nurse, `${at('juliet')}/balcony`), await probes(nurse, at('juliet'))]

    for (const answers of asked)
      assert.deepEqual(
        answers.map(({ attrs, children }) => [attrs.from, attrs.type, children.length]),
        [[`${at('juliet')}/balcony`, undefined, 0]],
      )
    assert.deepEqual(await probes(nurse, `${at('juliet')}/chamber`), [])
  })

  it('after the subscription has ended is refused even if presence was sent by name (§4.6.1)', async () => {
    const { romeo, juliet } = await watched()
    await juliet.sends(el`<presence to='${at('romeo')}/orchard'/>`)
    await says(juliet, 'unsubscribed', 'romeo')
    romeo.received.length = 0

    assert.deepEqual(await probes(romeo, at('juliet')), [])
  })

  it('repairs a roster that believes in a subscription that is none', async () => {
    const { kit, romeo, nurse } = await watched()
    await befriends(romeo, nurse)
    await kit.silentAccounts.remove(nurse.account)
    await nurse.leaves()
    kit.forget()

    await probes(romeo, at('nurse'))

    assert.deepEqual(await rosterOf(romeo), ['juliet to', 'nurse from'])
  })

  it('goes out to servers elsewhere for each contact there, and not for those here', async () => {
    const { kit, romeo } = await watched()
    const sent = spy(kit, 'probe')
    await romeo.sends(el`<presence type='subscribe' to='laura@petrarch.example'/>`)
    const approval = { from: parseJid('laura@petrarch.example'), to: romeo.account, el: el`<presence/>` }
    await kit.router.route(makeStanza({ type: 'subscribed', ...approval }))

    await kit.comesOnline('romeo/street')

    assert.deepEqual(
      sent.map(({ from, to }) => `${from} ${to}`),
      [`${at('romeo')} laura@petrarch.example`],
    )
    assert.deepEqual(hears(romeo).slice(-1), ['available romeo/street'])
  })
})
