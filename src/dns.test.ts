import assert from 'node:assert/strict'
import { adviseOnDns, type Resolver, type Srv } from './dns.js'

describe('what is said about DNS', () => {
  /** A resolver that knows these records. */
  const knowing = (
    srv: Readonly<Record<string, readonly Srv[]>>,
    addresses: Readonly<Record<string, readonly string[]>> = {},
  ): Resolver => ({
    srv: async name => srv[name] ?? [],
    addresses: async name => addresses[name] ?? [],
  })
  const CLIENT = '_xmpp-client._tcp.verona.example'
  const CLIENTS = '_xmpps-client._tcp.verona.example'
  const ask = (resolver: Resolver, { domain = 'verona.example', c2s = [5222], c2sTls = [5223] } = {}) =>
    adviseOnDns({
      domain,
      services: [
        { name: '_xmpps-client._tcp', what: 'direct TLS', ports: c2sTls },
        { name: '_xmpp-client._tcp', what: 'STARTTLS', ports: c2s },
      ],
      resolver,
    })
  const host = { 'xmpp.verona.example': ['192.0.2.1'] }
  const at = (port: number, name = 'xmpp.verona.example') => [{ name, port }]

  it('is nothing when it leads to the server', async () => {
    assert.deepEqual(await ask(knowing({ [CLIENT]: at(5222), [CLIENTS]: at(5223) }, host)), [])
    assert.deepEqual(
      await ask(knowing({ [CLIENT]: [...at(80), ...at(5222)], [CLIENTS]: at(443) }, host), { c2sTls: [5223, 443] }),
      [],
      'one of several',
    )
  })

  it('is nothing for what is in no DNS', async () => {
    const nobody: Resolver = { srv: () => assert.fail(), addresses: () => assert.fail() }
    for (const domain of ['localhost', 'verona.localhost', '192.0.2.1', '[2001:db8::1]'])
      assert.deepEqual(await ask(nobody, { domain }), [])
  })

  it('is which records to make, to the host that is known', async () => {
    const nothing = await ask(knowing({}))
    const own = await ask(knowing({}, { 'verona.example': ['192.0.2.1'] }))
    const half = await ask(knowing({ [CLIENT]: at(5222) }, host))

    assert.deepEqual(nothing, [
      `verona.example: there is no DNS record for direct TLS; make\n  ${CLIENTS}. 86400 IN SRV 0 5 5223 NAME-OF-THIS-MACHINE.`,
      `verona.example: there is no DNS record for STARTTLS; make\n  ${CLIENT}. 86400 IN SRV 0 5 5222 NAME-OF-THIS-MACHINE.`,
    ])
    assert.match(own[1] ?? '', /IN SRV 0 5 5222 verona\.example\.$/)
    assert.deepEqual(half, [
      `verona.example: there is no DNS record for direct TLS; make\n  ${CLIENTS}. 86400 IN SRV 0 5 5223 xmpp.verona.example.`,
    ])
  })

  it('is a record for each port', async () => {
    const [advice] = await ask(knowing({ [CLIENT]: at(5222) }, host), { c2sTls: [5223, 443] })

    assert.match(advice ?? '', / 5223 xmpp\.verona\.example\.\n {2}\S+ 86400 IN SRV 0 5 443 xmpp\.verona\.example\.$/)
  })

  it('is that one leads to a port where nobody listens, or to a host without an address', async () => {
    const [wrong, ...more] = await ask(knowing({ [CLIENT]: at(5269), [CLIENTS]: at(5223) }, host))
    assert.deepEqual(more, [])
    assert.match(
      wrong ?? '',
      /^verona\.example: the DNS record _xmpp-client\._tcp\.verona\.example leads STARTTLS to xmpp\.verona\.example:5269, and the server listens at port 5222; make instead\n/,
    )

    assert.deepEqual(await ask(knowing({ [CLIENT]: at(5222), [CLIENTS]: at(5223, 'gone.verona.example') }, host)), [
      `verona.example: the DNS record ${CLIENTS} leads to gone.verona.example, which has no address.`,
    ])
  })

  it('is that one says that there is nothing, or leads to what is switched off', async () => {
    const records = { [CLIENT]: at(0, ''), [CLIENTS]: at(5223) }

    assert.match(
      (await ask(knowing(records, host)))[0] ?? '',
      /_xmpp-client\._tcp\.verona\.example says that there is nothing for STARTTLS; make instead\n/,
    )
    assert.deepEqual(await ask(knowing(records, host), { c2s: [], c2sTls: [] }), [
      `verona.example: the DNS record ${CLIENTS} leads direct TLS to xmpp.verona.example:5223, and the server does not listen for them.`,
    ])
    assert.deepEqual(await ask(knowing({ [CLIENT]: at(0, '') }), { c2s: [], c2sTls: [] }), [])
  })

  it('is asked for by names as they are in DNS', async () => {
    const advice = await ask(knowing({}), { domain: 'bücher.example' })

    assert.match(advice[0] ?? '', /^bücher\.example: .*\n {2}_xmpps-client\._tcp\.xn--bcher-kva\.example\. /)
  })

  it('is that nobody answers', async () => {
    const refusing: Resolver = {
      srv: async () => {
        throw Object.assign(new Error('querySrv ECONNREFUSED'), { code: 'ECONNREFUSED' })
      },
      addresses: async () => [],
    }

    assert.deepEqual(await ask(refusing), ['verona.example: DNS could not be asked: querySrv ECONNREFUSED.'])
  })

  it('is that nobody answers in time', async () => {
    const silent: Resolver = { srv: () => new Promise(() => {}), addresses: async () => [] }

    const advice = await adviseOnDns({
      domain: 'verona.example',
      services: [{ name: '_xmpp-client._tcp', what: 'clients', ports: [5222] }],
      resolver: silent,
      longestMs: 20,
    })

    assert.deepEqual(advice, ['verona.example: DNS could not be asked: there was no answer within 0.02 seconds.'])
  })
})
