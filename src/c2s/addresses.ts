import net from 'node:net'

/** Whether a connection comes from this very machine. */
export const isLoopback = (address: string): boolean => address === '::1' || mapped(address).startsWith('127.')

/**
 * Who is taken for one and the same: an IPv4 address, or the first 64 bits of an IPv6 address, which one customer has
 * all of. undefined for what is no address.
 */
export function networkOf(address: string): string | undefined {
  const plain = mapped(address)
  if (net.isIPv4(plain)) return plain
  if (!net.isIPv6(plain)) return undefined
  const [head = '', tail] = plain.split('%', 1).join().toLowerCase().split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = tail === undefined ? before : [...before, ...zeros, ...after]
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** An IPv4 address that is written as one of IPv6. */
const mapped = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

const groupsOf = (text: string): readonly string[] =>
  text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16).toString(16))
