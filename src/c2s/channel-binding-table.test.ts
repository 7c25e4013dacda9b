/** Every mechanism, on every channel, with everything that a client may say of channel binding: what comes of it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type tls from 'node:tls'
import { bindingTypesOf, mechanismsOf, type ScramOptions, scram } from '../../test/scram-client.js'
import { base64, conditionOf, PASSWORD, type Wire } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import { SASL } from '../xmpp/ns.js'

const CHANNELS: Readonly<Record<string, tls.ConnectionOptions | undefined>> = {
  'without TLS': undefined,
  'under TLS 1.2': { maxVersion: 'TLSv1.2' },
  'under TLS 1.3': { minVersion: 'TLSv1.3' },
}
const HASHES = ['SHA-512', 'SHA-256', 'SHA-1'] as const
const TYPES = ['tls-exporter', 'tls-server-end-point', 'tls-unique'] as const
type Type = (typeof TYPES)[number]

/** What can be seen of a channel, whether or not it is announced. RFC 5929, RFC 9266 */
const DATA: Readonly<Record<Type, (channel: tls.TLSSocket) => Buffer>> = {
  'tls-exporter': channel => channel.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
  // getPeerX509Certificate has one only the first time
  'tls-server-end-point': channel => createHash('sha256').update(channel.getPeerCertificate().raw).digest(),
  'tls-unique': channel => channel.getFinished() ?? assert.fail('no handshake'),
}

/** The types that may be used on a channel: the exporter is not safe in TLS 1.2 as we know it (RFC 9266 §4.2). */
const USABLE: Readonly<Record<string, readonly Type[]>> = {
  'without TLS': [],
  'under TLS 1.2': ['tls-server-end-point', 'tls-unique'],
  'under TLS 1.3': TYPES,
}
/** Of those, the ones that are told. */
const announced = (channel: string): readonly Type[] => (USABLE[channel] ?? []).filter(type => type !== 'tls-unique')

type Outcome = 'success' | 'not-authorized' | 'malformed-request' | 'invalid-mechanism'

type Seen = (type: Type) => Buffer

interface Attempt extends Omit<ScramOptions, 'data'> {
  readonly what: string
  /** Of the channel that there is when it is tried. */
  readonly data?: (seen: Seen) => Buffer
  readonly outcome: Outcome
}

/** What goes wrong however good the rest is: the flag repeated is another, or the attribute is none. */
const broken = (good: Pick<Attempt, 'flag' | 'data'>): readonly Attempt[] => [
  ...['n', 'y', 'p=tls-exporter', 'p=tls-server-end-point', 'p=tls-unique']
    .filter(flag => flag !== good.flag)
    .map((lastFlag): Attempt => ({ ...good, what: `then ${lastFlag}`, lastFlag, outcome: 'not-authorized' })),
  { ...good, what: 'no attribute', attribute: '', outcome: 'malformed-request' },
  { ...good, what: 'an empty attribute', attribute: 'c=,', outcome: 'malformed-request' },
  { ...good, what: 'an attribute that is cut off', attribute: 'c=bi,', outcome: 'malformed-request' },
  { ...good, what: 'an attribute that is no base64', attribute: 'c=b*ws,', outcome: 'malformed-request' },
  {
    ...good,
    what: 'the attribute twice',
    attribute: `c=${base64('n,,')},c=${base64('n,,')},`,
    outcome: 'malformed-request',
  },
  { ...good, what: 'a wrong password', password: 'rosaline', outcome: 'not-authorized' },
]

/** Flags that are none (RFC 5802 §7). */
const NO_FLAGS = ['', 'x', 'N', 'p', 'p=', 'p=tls exporter', 'p=tls_exporter', 'y=tls-exporter', 'n=n']

/** RFC 5802 §6: what a client that binds says, and whether it is let in. */
function bindingAttempts(channel: string): readonly Attempt[] {
  const usable = USABLE[channel] ?? []
  return TYPES.flatMap((type): readonly Attempt[] => {
    const flag = `p=${type}`
    const good = (seen: Seen) => seen(type)
    const bad: Record<string, (seen: Seen) => Buffer> = {
      'no data': () => Buffer.alloc(0),
      'data that is cut off': seen => good(seen).subarray(0, -1),
      'data with more behind': seen => Buffer.concat([good(seen), Buffer.alloc(1)]),
      'data of another channel': seen => Buffer.from(good(seen).map((byte, i) => (i === 0 ? byte ^ 1 : byte))),
      zeros: seen => Buffer.alloc(good(seen).length),
    }
    for (const other of TYPES) if (other !== type) bad[`data of ${other}`] = seen => seen(other)
    const isUsable = usable.includes(type)
    return [
      { what: 'its data', flag, data: good, outcome: isUsable ? 'success' : 'not-authorized' },
      ...Object.entries(bad).map(([what, data]): Attempt => ({ what, flag, data, outcome: 'not-authorized' })),
      ...(isUsable ? broken({ flag, data: good }) : []),
    ]
  })
}

const endPoint = (seen: Seen) => seen('tls-server-end-point')

const unknownTypes: readonly Attempt[] = ['p=tls-constructor', 'p=TLS-EXPORTER', 'p=tls-exporter-2', 'p=n'].map(
  flag => ({ what: 'some data', flag, data: endPoint, outcome: 'not-authorized' }),
)

const malformed: readonly Attempt[] = NO_FLAGS.map(flag => ({ what: 'nothing', flag, outcome: 'malformed-request' }))

for (const [channel, options] of Object.entries(CHANNELS)) {
  describe(`a login ${channel}`, () => {
    let verona: StreamKit
    let wire: Wire

    beforeEach(async () => {
      verona = await StreamKit.start({
        anonymous: ['verona.example'],
        limits: { loginAttempts: 1000, failedLogins: 1000 },
      })
      await connects()
    })

    async function connects() {
      wire = verona.connects()
      const features = await wire.opens()
      if (!options) return features
      await wire.secures(options)
      return wire.opens()
    }

    /** On the same stream for as long as nobody is let in. */
    async function tries(mechanism: string, attempts: readonly Attempt[]): Promise<void> {
      for (const { what, outcome, data = () => Buffer.alloc(0), ...how } of attempts) {
        const answer = await scram(wire, 'juliet', mechanism, { ...how, data: data(seen) })
        const found = answer.name === 'success' ? 'success' : conditionOf(answer)
        assert.equal(found, outcome, `${mechanism} ${channel}: ${how.flag} and ${what}`)
        if (found === 'success') await connects()
      }
    }

    const seen: Seen = type => (options ? DATA[type](wire.channel) : Buffer.from(`no ${type} at all`))

    it('is offered all that the channel has, and no more', async () => {
      const features = await connects()

      const plus = announced(channel).length > 0 ? HASHES.map(hash => `SCRAM-${hash}-PLUS`) : []
      assert.deepEqual(mechanismsOf(features), [...plus, ...HASHES.map(hash => `SCRAM-${hash}`), 'PLAIN', 'ANONYMOUS'])
      assert.deepEqual(bindingTypesOf(features), announced(channel))
    })

    for (const hash of HASHES) {
      it(`by SCRAM-${hash}-PLUS is for who binds to it by its own data`, async () => {
        const unbound = ['n', 'y'].flatMap((flag): readonly Attempt[] => [
          { what: 'nothing', flag, outcome: 'not-authorized' },
          { what: 'data', flag, data: endPoint, outcome: 'not-authorized' },
        ])
        const all = [...bindingAttempts(channel), ...unknownTypes, ...unbound, ...malformed]
        // what was not offered is not looked at
        const isOffered = announced(channel).length > 0
        const expected = isOffered ? all : all.map((one): Attempt => ({ ...one, outcome: 'invalid-mechanism' }))
        await tries(`SCRAM-${hash}-PLUS`, expected)
      })

      it(`by SCRAM-${hash} is for who does not bind, and says so truly`, async () => {
        await tries(`SCRAM-${hash}`, [
          { what: 'nothing', flag: 'n', outcome: 'success' },
          { what: 'data', flag: 'n', data: endPoint, outcome: 'not-authorized' },
          ...broken({ flag: 'n' }),
          // who could bind and was offered nothing for it: somebody took it out of the list (RFC 5802 §6)
          { what: 'nothing', flag: 'y', outcome: announced(channel).length > 0 ? 'not-authorized' : 'success' },
          { what: 'data', flag: 'y', data: endPoint, outcome: 'not-authorized' },
          ...TYPES.map(
            (type): Attempt => ({
              ...{ what: 'its data', flag: `p=${type}`, data: seen => seen(type) },
              outcome: 'not-authorized',
            }),
          ),
          ...unknownTypes,
          ...malformed,
        ])
      })
    }

    for (const [what, message, outcome] of [
      ['her password', `\0juliet\0${PASSWORD}`, 'success'],
      ['a wrong password', '\0juliet\0rosaline', 'not-authorized'],
      ['channel binding before it', `p=tls-exporter,,\0juliet\0${PASSWORD}`, 'invalid-authzid'],
      ['the message of another mechanism', 'n,,n=juliet,r=rose', 'malformed-request'],
    ] as const)
      it(`by PLAIN with ${what}: ${outcome}`, async () => {
        wire.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${base64(message)}</auth>`)
        const answer = await wire.anyOf('success', 'failure')
        assert.equal(answer.name === 'success' ? 'success' : conditionOf(answer), outcome)
      })

    for (const [trace, outcome] of [
      ['', 'success'],
      ['p=tls-exporter,,', 'success'],
      ['n,,\0', 'malformed-request'],
    ] as const)
      it(`by ANONYMOUS with the trace ${JSON.stringify(trace)}: ${outcome}`, async () => {
        wire.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'>${trace === '' ? '=' : base64(trace)}</auth>`)
        const answer = await wire.anyOf('success', 'failure')
        assert.equal(answer.name === 'success' ? 'success' : conditionOf(answer), outcome)
      })

    for (const mechanism of ['SCRAM-SHA-256-PLUS-PLUS', 'SCRAM-MD5', 'scram-sha-256', 'DIGEST-MD5', 'OAUTHBEARER', ''])
      it(`by "${mechanism}" is none`, async () => {
        wire.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64('n,,n=juliet,r=rose')}</auth>`)
        assert.equal(conditionOf(await wire.anyOf('success', 'failure')), 'invalid-mechanism')
      })
  })
}
