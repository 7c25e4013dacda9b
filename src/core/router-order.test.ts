import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Client, conditionOf, el, Kit, settled } from '../../test/kit.js'
import { child, type Element, xml } from '../xml/index.js'
import { notAllowed } from '../xmpp/errors.js'
import { follow } from './awaitable.js'
import { availability, Gates, module } from './fixture.test.js'
import { MemoryStorage } from './memory-storage.js'
import { type AnyModule, defineModule, type Flows, get, STAGES, type Stage, TAKEN } from './module.js'
import { log } from './stores.js'

const NURSE = 'urn:example:nurse'

/** Keeps messages that have a body: all of them, before they are delivered. */
const archive: AnyModule = defineModule({
  ...{ name: 'archive', doc: 'Keeps messages.', implements: [] },
  stores: { kept: log<string>() },
  setup: ({ stores: { kept } }) => ({
    hooks: {
      toAccount: {
        record: ({ stanza, account }) =>
          child(stanza.el, 'body') ? kept.append(account, stanza.id).then(() => {}) : undefined,
      },
    },
  }),
})

/** Keeps messages that nobody was there to take. */
const cellar: AnyModule = defineModule({
  ...{ name: 'cellar', doc: 'Keeps messages.', implements: [] },
  stores: { kept: log<string>() },
  setup: ({ stores: { kept } }) => ({
    hooks: { toAccount: { fallback: ({ stanza, account }) => kept.append(account, stanza.id).then(() => TAKEN) } },
  }),
})

/** A database that commits when it is told to. */
async function verona(...modules: readonly AnyModule[]) {
  const storage = new MemoryStorage()
  const kit = await Kit.start({ modules: [availability, ...modules], storage })
  const juliet = await kit.comesOnline('juliet/balcony')
  const romeo = await kit.comesOnline('romeo/orchard')
  storage.hold()
  return { kit, storage, juliet, romeo }
}

const message = (id: string, { to = 'juliet@verona.example', body = true } = {}): Element =>
  el`<message type='chat' id='${id}' to='${to}'>${body ? '<body>Hark</body>' : "<composing xmlns='c'/>"}</message>`

const iq = (id: string, to: string): Element => el`<iq type='get' id='${id}' to='${to}'><call xmlns='${NURSE}'/></iq>`

const ids = (client: Client): string[] => client.received.splice(0).map(({ attrs }) => attrs.id ?? '')

/** Lets a client send stanzas, and tells which of them the server would have acknowledged. */
function send(client: Client, ...stanzas: readonly Element[]): readonly string[] {
  const acknowledged: string[] = []
  for (const stanza of stanzas) client.sends(stanza).then(() => acknowledged.push(stanza.attrs.id ?? ''))
  return acknowledged
}

describe('what waits for a commit', () => {
  it('is not delivered and not acknowledged before it', async () => {
    const { storage, juliet, romeo } = await verona(archive)

    const acknowledged = send(romeo, message('1'))
    await settled()
    assert.deepEqual([ids(juliet), acknowledged], [[], []])
    storage.release()
    await settled()

    assert.deepEqual([ids(juliet), acknowledged], [['1'], ['1']])
  })

  it('is not overtaken by what waits for nothing', async () => {
    const { storage, juliet, romeo } = await verona(archive)

    const acknowledged = send(
      romeo,
      message('1'),
      message('2', { body: false }),
      iq('3', 'juliet@verona.example/balcony'),
      message('4', { body: false }),
      el`<presence id='5' to='juliet@verona.example'/>`,
    )
    await settled()
    assert.deepEqual([ids(juliet), acknowledged], [[], []])
    storage.release()
    await settled()

    assert.deepEqual(ids(juliet), ['1', '2', '3', '4', '5'])
    assert.deepEqual(acknowledged, ['1', '2', '3', '4', '5'])
  })

  it('shares the commit with what came after it', async () => {
    const begun: string[] = []
    const note = module('note', { hooks: { toAccount: { rewrite: ({ stanza }) => void begun.push(stanza.id) } } })
    const { romeo } = await verona(note, archive)

    send(romeo, message('1'), message('2'), message('3'))

    assert.deepEqual(begun, ['1', '2', '3'])
  })

  it('does not keep others waiting', async () => {
    const { kit, juliet, romeo } = await verona(archive)
    const nurse = await kit.comesOnline('nurse/kitchen')

    send(romeo, message('1'))
    await nurse.sends(message('2', { body: false }))

    assert.deepEqual(ids(juliet), ['2'])
  })

  it('is refused in its turn when the commit fails, and what came after it goes on', async () => {
    const { storage, juliet, romeo } = await verona(archive)

    send(romeo, message('1'), message('2', { body: false }))
    storage.fail(new Error('disk full'))
    storage.release()
    await settled()

    assert.equal(conditionOf(romeo.takes(({ attrs }) => attrs.id === '1')), 'internal-server-error')
    assert.deepEqual([ids(juliet), romeo.received], [['2'], []])
  })

  it('is acknowledged after the commit also when it is kept because nobody is there', async () => {
    const { kit, storage, romeo } = await verona(cellar)
    const to = 'nurse@verona.example'
    storage.release()
    await settled()
    storage.hold()

    const acknowledged = send(romeo, message('1', { to }), message('2', { to }))
    await settled()
    assert.deepEqual(acknowledged, [])
    storage.release()
    await settled()

    assert.deepEqual(acknowledged, ['1', '2'])
    const kept = kit.storage.log('cellar/kept')
    assert.deepEqual(
      (await kept.read((await kit.connects('nurse/kitchen')).account, { limit: 10 })).map(({ value }) => value),
      ['1', '2'],
    )
  })

  it('does not go to another client when the one that it was for has left, unless it may', async () => {
    const fates: string[] = []
    for (const type of ['normal', 'chat', 'groupchat', 'headline', 'error']) {
      const { kit, storage, juliet, romeo } = await verona(archive)
      const chamber = await kit.comesOnline('juliet/chamber')

      const body = '<body>Hark</body>'
      send(romeo, el`<message id='1' type='${type}' to='juliet@verona.example/balcony'>${body}</message>`)
      await juliet.dies()
      storage.release()
      await settled()

      const answer = romeo.received[0]
      fates.push(`${type}: ${ids(chamber).length > 0 ? 'chamber' : answer ? conditionOf(answer) : 'silence'}`)
    }

    assert.deepEqual(fates, [
      'normal: chamber',
      'chat: chamber',
      'groupchat: service-unavailable',
      'headline: service-unavailable',
      'error: silence',
    ])
  })
})

describe('requests', () => {
  it('wait for what came before, and keep what comes after waiting', async () => {
    const gates = new Gates()
    const slow = module('slow', { iq: [get(['self'], 'call', NURSE, () => gates.wait(undefined, true))] })
    const { storage, juliet, romeo } = await verona(archive, slow)

    const acknowledged = send(romeo, message('1'), iq('2', 'romeo@verona.example'), message('3', { body: false }))
    storage.release()
    await settled()
    assert.deepEqual([ids(juliet), ids(romeo), acknowledged], [['1'], [], ['1']])
    gates.open()
    await settled()

    assert.deepEqual([ids(juliet), ids(romeo), acknowledged], [['3'], ['2'], ['1', '2', '3']])
  })

  it('do not wait for those of others', async () => {
    const slow = module('slow', {
      iq: [
        get(['self'], 'call', NURSE, ({ from }) =>
          from.local === 'romeo' ? new Promise<void>(() => {}) : xml('anon', { xmlns: NURSE }),
        ),
      ],
    })
    const { juliet, romeo } = await verona(slow)

    send(romeo, iq('1', 'romeo@verona.example'))
    await juliet.sends(iq('2', 'juliet@verona.example'))

    assert.deepEqual(ids(juliet), ['2'])
  })
})

const stages = Object.keys(STAGES) as Stage[]

/** The flows that a stanza from one client to another goes through. */
type Flow = 'fromClient' | 'toAccount'

/** A stanza of Romeo's, which of its hooks wait, and which of them fails. */
interface Passage {
  readonly kind: string
  readonly to: string
  readonly waits: Readonly<Record<Flow, readonly Stage[]>>
  readonly fails: { readonly flow: Flow; readonly stage: Stage; readonly refuses: boolean } | undefined
  /** The gates that are opened when it has been sent, and the turns of the microtask queue that pass. */
  readonly opens: readonly number[]
  readonly turns: number
}

const anyPassage: fc.Arbitrary<Passage> = fc.record({
  kind: fc.constantFrom('message', 'message', 'message', 'presence', 'iq'),
  to: fc.constantFrom('juliet@verona.example', 'juliet@verona.example/balcony', 'nurse@verona.example/kitchen'),
  waits: fc.record({ fromClient: fc.subarray(stages), toAccount: fc.subarray(stages) }),
  fails: fc.option(
    fc.record({
      flow: fc.constantFrom('fromClient' as const, 'toAccount' as const),
      stage: fc.constantFrom(...stages),
      refuses: fc.boolean(),
    }),
    { nil: undefined, freq: 6 },
  ),
  opens: fc.array(fc.nat(9), { maxLength: 3 }),
  turns: fc.nat(6),
})

/** Whether it is the sender who gets something. */
function comesBack({ kind, fails }: Passage): boolean {
  if (!fails || (!fails.refuses && STAGES[fails.stage] !== 'refuse')) return false
  // somebody is always there, and of others than messages account hooks make no copies
  return fails.flow === 'fromClient' || (fails.stage !== 'fallback' && (fails.stage !== 'copy' || kind === 'message'))
}

/** Hooks that wait and fail as the passages say; the id of a stanza is its place among them. */
function slow(passages: readonly Passage[], gates: Gates): AnyModule {
  const hook = (flow: Flow, stage: Stage) => (met: Flows[Flow]) => {
    const { waits, fails } = passages[Number(met.stanza.id || -1)] ?? {}
    return follow(gates.wait(undefined, waits?.[flow].includes(stage) === true), () => {
      if (fails?.flow === flow && fails.stage === stage) throw fails.refuses ? notAllowed() : new Error('a bug')
    })
  }
  const hooks = (flow: Flow) => Object.fromEntries(stages.map(stage => [stage, hook(flow, stage)]))
  return module('slow', { hooks: { fromClient: hooks('fromClient'), toAccount: hooks('toAccount') } })
}

describe('what one client sends, however long hooks take and whichever fail', () => {
  it('arrives or comes back, all of it, once, and in the order in which it was sent', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyPassage, { maxLength: 12 }), async passages => {
        const gates = new Gates()
        const kit = await Kit.start({ modules: [availability, slow(passages, gates)] })
        const juliet = await kit.comesOnline('juliet/balcony')
        const nurse = await kit.comesOnline('nurse/kitchen')
        const romeo = await kit.comesOnline('romeo/orchard')
        const arrivals = new Map<Client, string[]>([juliet, nurse, romeo].map(client => [client, []]))

        const acknowledged: string[] = []
        for (const [place, passage] of passages.entries()) {
          const { kind, to, opens, turns } = passage
          const id = String(place)
          // a request to an account would be answered
          const address = kind === 'iq' && to === 'juliet@verona.example' ? `${to}/balcony` : to
          const stanza = xml(kind, { id, to: address, type: TYPES[kind] }, kind === 'iq' ? xml('call') : null)
          arrivals.get(comesBack(passage) ? romeo : to.startsWith('juliet') ? juliet : nurse)?.push(id)
          romeo.sends(stanza).then(() => acknowledged.push(id))
          for (const which of opens) gates.open(which)
          for (let turn = 0; turn < turns; turn++) await undefined
        }
        await gates.openAll()

        for (const [client, expected] of arrivals) assert.deepEqual(ids(client), expected, client.account.toString())
        assert.equal(acknowledged.length, passages.length)
      }),
      { numRuns: 200 },
    ))
})

const TYPES: Readonly<Record<string, string | undefined>> = { message: 'chat', iq: 'get' }
