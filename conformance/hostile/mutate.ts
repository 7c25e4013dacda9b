/** Changes what somebody says into what nobody would say. The same seed makes the same of it. */
import { type Element, escapeXml, parseElements } from '../wire/xml.js'

export type Random = (below: number) => number

/** mulberry32 */
export function random(seed: number): Random {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

/** What is said in one go, one after the other. */
export type Chunks = readonly Uint8Array[]

export class Mutator {
  readonly #random: Random
  readonly #others: readonly Chunks[]

  /** `others`: what can be mixed in. */
  constructor(random: Random, others: readonly Chunks[]) {
    this.#random = random
    this.#others = others
  }

  mutate(chunks: Chunks): Chunks {
    let mutated = chunks
    for (let n = 1 + this.#random(4); n > 0; n--) mutated = this.#once(mutated)
    return mutated
  }

  #once(chunks: Chunks): Chunks {
    if (chunks.length === 0) return [this.#bytesOf(this.#pick(TOKENS))]
    const at = this.#random(chunks.length)
    const chunk = chunks[at] ?? new Uint8Array()
    switch (this.#random(10)) {
      case 0:
        return chunks.toSpliced(at, 1)
      case 1:
        return chunks.toSpliced(at, 0, ...Array.from({ length: 1 + this.#random(20) }, () => chunk))
      case 2:
        return chunks.toSpliced(this.#random(chunks.length), 0, ...this.#pick(this.#others))
      case 3:
        return [...chunks.slice(0, at), ...this.#pick(this.#others).slice(this.#random(3))]
      case 4:
        return chunks.toSpliced(at, 1).toSpliced(this.#random(chunks.length), 0, chunk)
      case 5:
        return chunks.toSpliced(at, 1, ...this.#pieces(chunk))
      case 6:
      case 7:
        return chunks.toSpliced(at, 1, this.#mutateBytes(Buffer.from(chunk)))
      default:
        return chunks.toSpliced(at, 1, this.#mutateElements(Buffer.from(chunk)))
    }
  }

  #pieces(chunk: Uint8Array): Chunks {
    const pieces: Uint8Array[] = []
    for (let from = 0; from < chunk.length && pieces.length < 50; ) {
      const to = pieces.length === 49 ? chunk.length : from + 1 + this.#random(30)
      pieces.push(chunk.subarray(from, to))
      from = to
    }
    return pieces
  }

  #mutateBytes(bytes: Buffer): Uint8Array {
    const from = this.#random(bytes.length + 1)
    const to = Math.min(bytes.length, from + this.#random(40))
    const [head, part, tail] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
    switch (this.#random(6)) {
      case 0:
        return Buffer.concat([head, Buffer.of(this.#random(256)), tail])
      case 1:
        return Buffer.concat([head, tail])
      case 2:
        return head
      case 3:
        return Buffer.concat([head, ...Array.from({ length: 1 + this.#random(200) }, () => part), tail])
      case 4: {
        const flipped = Buffer.from(bytes)
        if (from < flipped.length) flipped[from] = (flipped[from] ?? 0) ^ (1 << this.#random(8))
        return flipped
      }
      default:
        return Buffer.concat([head, this.#bytesOf(this.#pick(TOKENS)), tail])
    }
  }

  /** As bytes, where it is no XML that stands alone. */
  #mutateElements(bytes: Buffer): Uint8Array {
    let trees: Tree[]
    try {
      trees = parseElements(bytes.toString()).map(treeOf)
    } catch {
      return this.#mutateBytes(bytes)
    }
    const all = trees.flatMap(treesIn)
    if (all.length === 0) return this.#mutateBytes(bytes)
    for (let n = 1 + this.#random(3); n > 0; n--) this.#mutateTree(this.#pick(all), all)
    return this.#bytesOf(trees.map(tree => written(tree)).join(''))
  }

  #mutateTree(tree: Tree, all: readonly Tree[]): void {
    const other = this.#pick(all)
    const names = [...tree.attrs.keys()]
    const name = names.length > 0 ? this.#pick(names) : 'id'
    switch (this.#random(12)) {
      case 0:
        tree.name = this.#pick([...NAMES, other.name])
        return
      case 1:
        tree.ns = this.#pick([...NAMESPACES, other.ns])
        return
      case 2:
        tree.attrs.delete(name)
        return
      case 3:
        tree.attrs.set(name, this.#pick([...VALUES, ...other.attrs.values()]))
        return
      case 4:
        tree.attrs.set(this.#pick([...NAMES, 'to', 'from', 'type', 'id', 'jid', 'node', 'h']), this.#pick(VALUES))
        return
      case 5:
        if (!treesIn(other).includes(tree)) tree.children.push(other)
        return
      case 6:
        tree.children.splice(this.#random(tree.children.length + 1), 1)
        return
      case 7:
        tree.children.push(this.#pick(VALUES))
        return
      case 8: {
        const { children } = tree
        let inner: Tree = { name: this.#pick(NAMES), ns: tree.ns, attrs: new Map(), children }
        for (let n = this.#random(70); n > 0; n--) inner = { ...inner, children: [inner] }
        tree.children = [inner]
        return
      }
      case 9:
        tree.children = Array.from({ length: this.#random(200) }, () => tree.children)
          .flat()
          .slice(0, 500)
        return
      case 10: {
        const { attrs } = tree
        tree.attrs = other.attrs
        other.attrs = attrs
        return
      }
      default:
        Object.assign(tree, { name: other.name, ns: other.ns })
    }
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.#random(from.length)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }

  #bytesOf = (text: string): Uint8Array => Buffer.from(text)
}

interface Tree {
  name: string
  ns: string
  attrs: Map<string, string>
  children: (Tree | string)[]
}

const treeOf = (element: Element): Tree => ({
  name: element.name,
  ns: element.ns,
  attrs: new Map(element.attrs),
  children: element.children.map(child => (typeof child === 'string' ? child : treeOf(child))),
})

function treesIn(tree: Tree): Tree[] {
  return [tree, ...tree.children.flatMap(child => (typeof child === 'string' ? [] : treesIn(child)))]
}

function written({ name, ns, attrs, children }: Tree): string {
  const own = [...attrs].map(([key, value], i) => {
    const [, space, local] = /^\{(.*)\}(.*)$/.exec(key) ?? []
    const text = escapeXml(value)
    return space ? ` xmlns:p${i}='${escapeXml(space)}' p${i}:${local}='${text}'` : ` ${key}='${text}'`
  })
  const inner = children.map(child => (typeof child === 'string' ? escapeXml(child) : written(child)))
  return `<${name} xmlns='${escapeXml(ns)}'${own.join('')}>${inner.join('')}</${name}>`
}

const NAMES = [
  ...['__proto__', 'constructor', 'toString', 'message', 'presence', 'iq', 'query', 'x', 'item', 'error', 'body', 'a'],
  ...['r', 'enable', 'resume', 'set', 'max', 'after', 'forwarded', 'delay', 'block', 'command', 'bind', 'group', 'é'],
]

const NAMESPACES = [
  ...[
    '',
    'jabber:client',
    'jabber:server',
    'jabber:iq:roster',
    'jabber:iq:private',
    'jabber:iq:register',
    'vcard-temp',
  ],
  ...['urn:xmpp:sm:3', 'urn:xmpp:carbons:2', 'urn:xmpp:blocking', 'urn:xmpp:ping', 'urn:xmpp:forward:0', '__proto__'],
  ...[
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/commands',
    'jabber:x:data',
    'urn:xmpp:csi:0',
  ],
  ...['urn:ietf:params:xml:ns:xmpp-bind', 'urn:ietf:params:xml:ns:xmpp-stanzas', 'http://etherx.jabber.org/streams'],
]

const VALUES = [
  ...['', ' ', '0', '-1', '1', '4294967295', '4294967296', '1e9', 'NaN', 'true', 'null', '__proto__', 'constructor'],
  ...[
    'localhost',
    '@localhost',
    'localhost/',
    'a@b/c',
    'x@gateway.localhost',
    'a'.repeat(1024),
    `${'a'.repeat(1024)}@b`,
  ],
  ...['get', 'set', 'result', 'error', 'subscribe', 'subscribed', 'unavailable', 'probe', 'groupchat', 'headline'],
  ...[
    '\u202e',
    '\ufeff',
    '\u{1f339}',
    '\u0301'.repeat(500),
    '\t\n',
    "' OR 1=1 --",
    '<![CDATA[',
    ']]>',
    '&amp;',
    '%s%n',
  ],
  ...['execute', 'cancel', 'both', 'remove', '2002-09-10T23:08:25Z', '9999-99-99', 'x'.repeat(60_000)],
]

const TOKENS = [
  ...[
    '<',
    '>',
    '&',
    "'",
    '"',
    '/',
    '=',
    ':',
    ';',
    '\0',
    '\x01',
    '\ufeff',
    '\ufffe',
    '<!--',
    '-->',
    '<?xml ?>',
    '<![CDATA[',
  ],
  ...[
    ']]>',
    '<!DOCTYPE a>',
    '&lol;',
    '&#0;',
    '&#65;',
    '&#x10ffff;',
    '<a>',
    '</a>',
    '<a/>',
    '</stream:stream>',
    ' xmlns=""',
  ],
  ...[" xmlns:a='b'", " xmlns='jabber:client'", "<a:b xmlns:a='c'/>", "<r xmlns='urn:xmpp:sm:3'/>", ' '.repeat(2000)],
  ...["<a xmlns='urn:xmpp:sm:3' h='0'/>", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>", '<presence/>', '__proto__'],
  ...["<presence type='unavailable'/>", "<message to='localhost'><body>a</body></message>", '<iq/>', '<message/>'],
]
