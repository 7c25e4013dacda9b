import assert from 'node:assert/strict'
import { isLoopback, networkOf } from './addresses.js'

describe('addresses', () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    it(`${address} is this very machine`, () => assert.equal(isLoopback(address), true))

  for (const address of ['', '10.0.0.1', '128.0.0.1', '::', '::2', 'fe80::1', '::ffff:10.127.0.1', 'a street'])
    it(`${address} is not`, () => assert.equal(isLoopback(address), false))

  const networks: readonly [address: string, network: string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::2', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3:4:192.0.2.1', '2001:db8:1:2::/64'],
    ['::2', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['a street in Verona', undefined],
    ['', undefined],
  ]
  for (const [address, network] of networks)
    it(`${address || 'nothing'} is of ${network ?? 'no network'}`, () => assert.equal(networkOf(address), network))
})
