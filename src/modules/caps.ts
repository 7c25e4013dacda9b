import { type DiscoInfo, discovery } from '../core/discovery.js'
import { defineModule, type Flows, type Verdict } from '../core/module.js'
import { Slot } from '../core/slot.js'
import { type Element, elements, is, plus, withAttrs, xml } from '../xml/index.js'
import { CAPS, CAPS_2, CAPS_2_OPTIMIZE, CAPS_OPTIMIZE, HASHES } from '../xmpp/ns.js'
import { caps2Input, capsInput, hashOf } from './caps-hash.js'

/** What Parlance is, wherever it runs. XEP-0115 §4 */
const SOFTWARE = 'urn:uuid:96e91238-7954-4d79-8064-0a914636de0e'

/** What a client has said of its capabilities since it has been available. */
const said = new Slot<readonly Element[]>('caps', [])

/**
 * Tells clients what the server can do before they ask, and lets them say only once what they can do themselves.
 * XEP-0115, XEP-0390
 */
export const caps = defineModule({
  name: 'caps',
  doc: 'Tells what the server can do by a hash, and lets clients say what they can only once (XEP-0115, XEP-0390).',
  implements: ['XEP-0115 1.6.0', 'XEP-0390 0.3.2'],
  features: [CAPS, CAPS_OPTIMIZE, CAPS_2, CAPS_2_OPTIMIZE],
  needs: ['disco'],
  setup({ use }) {
    const versions = new Versions(domain => use(discovery).info(domain))
    return {
      streamFeatures: domain => announcement(versions.current(domain)),
      node: (name, { target, to }) => {
        const info = target === 'server' ? versions.find(to.domain, name) : undefined
        return info && { info: () => info }
      },
      hooks: { fromClient: { rewrite: restored } },
    }
  },
})

interface Version {
  readonly input: string
  readonly info: DiscoInfo
  /** XEP-0115 §5 */
  readonly ver: string
  /** By their names in XEP-0300. */
  readonly hashes: ReadonlyMap<string, string>
}

/** What each domain says of itself, and has lately said before modules came or went. */
class Versions {
  readonly #infoOf: (domain: string) => DiscoInfo
  readonly #domains = new Map<string, readonly Version[]>()

  constructor(infoOf: (domain: string) => DiscoInfo) {
    this.#infoOf = infoOf
  }

  current(domain: string): Version {
    const info = this.#infoOf(domain)
    const input = caps2Input(info)
    const before = this.#domains.get(domain) ?? []
    const [latest] = before
    if (latest?.input === input) return latest
    const hashes = new Map([
      ['sha-256', hashOf('sha256', input)],
      ['sha3-256', hashOf('sha3-256', input)],
    ])
    const version = { input, info, ver: hashOf('sha1', capsInput(info)), hashes }
    this.#domains.set(domain, [version, ...before].slice(0, REMEMBERED))
    return version
  }

  /** What a node with a hash in its name stands for. XEP-0115 §6.2, XEP-0390 §4.3 */
  find(domain: string, node: string): DiscoInfo | undefined {
    if (!node.startsWith(`${SOFTWARE}#`) && !node.startsWith(`${CAPS_2}#`)) return undefined
    this.current(domain)
    return this.#domains.get(domain)?.find(version => nodesOf(version).includes(node))?.info
  }
}

/** XEP-0390 §6.1: the most recent three have to be known. */
const REMEMBERED = 3

const nodesOf = ({ ver, hashes }: Version): readonly string[] => [
  `${SOFTWARE}#${ver}`,
  ...[...hashes].map(([algorithm, hash]) => `${CAPS_2}#${algorithm}.${hash}`),
]

/** XEP-0115 §6.3, XEP-0390 §5.2 */
const announcement = ({ ver, hashes }: Version): readonly Element[] => [
  xml('c', { xmlns: CAPS, hash: 'sha-1', node: SOFTWARE, ver }),
  xml(
    'c',
    { xmlns: CAPS_2 },
    [...hashes].map(([algo, hash]) => xml('hash', { xmlns: HASHES, algo }, hash)),
  ),
]

/**
 * A client may leave out of its presence what it has said before (XEP-0115 §8.4, XEP-0390 §6.3): it is put in again, so
 * that whoever sees the client for the first time sees what it can do, whatever became of the presence before. Nothing
 * is taken out that a client repeats: the same presence goes to those who have seen the one before and those who have
 * not, to clients that forget what is not repeated, and where only the last one of several is delivered (XEP-0352).
 */
function restored({ stanza, session }: Flows['fromClient']): Verdict {
  if (stanza.kind !== 'presence' || stanza.to !== undefined) return
  if (stanza.type === 'unavailable') {
    if (session.get(said).length > 0) session.set(said, [])
    return
  }
  if (stanza.type !== 'available') return
  const own = elements(stanza.el).filter(isCaps)
  const leftOut = session.get(said).filter(before => !own.some(now => now.attrs.xmlns === before.attrs.xmlns))
  if (own.length > 0) session.set(said, [...own, ...leftOut])
  if (leftOut.length > 0) return stanza.carrying(plus(stanza.el, ...leftOut.map(before => withAttrs(before, {}))))
}

const isCaps = (el: Element): boolean => is(el, 'c', CAPS) || is(el, 'c', CAPS_2)
