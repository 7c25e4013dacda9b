// Makes the documents of the fuzz suite. It ends in .test.ts so that it stays out of the build.

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

const NAMES = ['a', 'body', 'message', 'stanza-id', 'x1', 'é', '漢.字', '_-', 'queryquery', 'constructor']
const PREFIXES = ['', '', '', '', 'p', 'q', 'stream', 'xé']
const URIS = ['urn:1', 'urn:2', 'jabber:client', 'jabber:iq:roster', 'http://etherx.jabber.org/streams']
const TEXTS = [
  'Ay me!',
  ' ',
  '\n  ',
  '&amp;',
  '&lt;&#65;&#x1F600;',
  '&#13;&#10;',
  '\r\n',
  '\r',
  ']]',
  '>',
  '"\'',
  'é',
  '€',
  '😀',
  '\ud7ff',
  '\ufffd',
  '<![CDATA[x<&]]]]>',
  '<![CDATA[]]>',
  '<![CDATA[>\r\n]]>',
  'Wherefore art thou Romeo? Deny thy father and refuse thy name.',
]
const VALUES = [
  '',
  '1',
  'romeo@montague.example/orchard',
  '&quot;&apos;',
  '&#9;&#10;',
  '>',
  ']]>',
  'é€😀',
  '/>',
  ' x ',
  'a\nb',
]
const BROKEN = [
  ...['<', '>', '&', ';', "'", '"', '=', '/', ':', ' ', '!', '?', ']', '-', '\0', '\x01', '\ufffe', '\ufeff', '\ud800'],
  ...[
    '<!--',
    '-->',
    '<?x ?>',
    '<?xml version="1.0"?>',
    '<!DOCTYPE a>',
    '<![CDATA[',
    ']]>',
    '&nbsp;',
    '&#0;',
    '&#xD800;',
  ],
  ...[
    '&#x110000;',
    '&;',
    '</a>',
    '<a>',
    '<a/>',
    '< a/>',
    '<1/>',
    '<a:b:c/>',
    '<z:a/>',
    "<a z:b=''/>",
    '<xml:a/>',
    "<a b='' b=''/>",
  ],
  ...[
    "<a b='<'/>",
    "<a b=''c=''/>",
    '<a b/>',
    '<a b=c/>',
    "<a xmlns:p=''/>",
    "<a xmlns:xml='urn:1'/>",
    '</stream:stream>',
    'x',
  ],
  ...[
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
    "</a b=''>",
    ' xmlns=""',
    "<a ='b'/>",
  ],
]

const DECLARATIONS = [
  ...['', '', '', '', '', '', '', '', '', '', '', ''],
  "<?xml version='1.0'?>",
  '<?xml version="1.0" encoding="UTF-8" ?>\n',
  "<?xml version='1.1'?>",
  '\ufeff',
]

export class Generator {
  constructor(readonly random: Random) {}

  /** A stream; about half of them have been tampered with. */
  document(): Buffer {
    const bytes = this.sound()
    let mutations = this.random(2) * (1 + this.random(3))
    let mutated: Buffer = bytes
    while (mutations-- > 0) mutated = this.#mutate(mutated)
    return mutated
  }

  /** A stream that nothing is wrong with, but perhaps its declaration or an attribute that is there twice. */
  sound(): Buffer {
    return Buffer.from(this.#stream())
  }

  chunks(bytes: Buffer): Buffer[] {
    const chunks: Buffer[] = []
    const longest = 1 + this.random(60)
    for (let from = 0; from < bytes.length; ) {
      const to = from + 1 + this.random(longest)
      chunks.push(bytes.subarray(from, to))
      from = to
    }
    return chunks
  }

  #pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    return from[this.random(from.length)] as T // none of the lists is empty
  }

  #stream(): string {
    const quote = this.#pick(["'", '"'])
    const header = `<stream:stream xmlns='jabber:client' xmlns:stream=${quote}http://etherx.jabber.org/streams${quote} xmlns:q='urn:q' to='x'${this.#space()}>`
    const stanzas = Array.from({ length: this.random(4) }, () => this.#element(4) + this.#space())
    return `${this.#pick(DECLARATIONS)}${header}${stanzas.join('')}</stream:stream>${this.#space()}`
  }

  #space(): string {
    return this.#pick(['', '', '', ' ', '\n', '\t \r\n'])
  }

  #element(depth: number): string {
    const prefix = this.#pick(PREFIXES)
    const name = (prefix && `${prefix}:`) + this.#pick(NAMES)
    const attributes = new Map<string, string>()
    if (prefix === 'p' || prefix === 'xé') attributes.set(`xmlns:${prefix}`, this.#pick(URIS))
    for (let n = this.random(4); n > 0; n--) this.#attribute(attributes)
    const tag = name + [...attributes].map(([key, value]) => this.#written(key, value)).join('') + this.#space()
    if (depth === 0 || this.random(3) === 0) return `<${tag}/>`
    const inside = Array.from({ length: this.random(4) }, () =>
      this.random(2) === 0
        ? this.#element(depth - 1)
        : this.#pick(TEXTS) + (this.random(4) === 0 ? this.#pick(TEXTS) : ''),
    )
    return `<${tag}>${inside.join('')}</${name}${this.#space()}>`
  }

  #attribute(attributes: Map<string, string>): void {
    const kind = this.random(8)
    if (kind === 0) attributes.set('xmlns', this.#pick([...URIS, '']))
    else if (kind === 1) attributes.set(`xmlns:${this.#pick(['p', 'q', 'xé'])}`, this.#pick(URIS))
    else if (kind === 2) attributes.set('xml:lang', 'it')
    else if (kind === 3) {
      attributes.set('xmlns:p', this.#pick(URIS))
      attributes.set(`p:${this.#pick(NAMES)}`, this.#pick(VALUES))
    } else if (kind === 4) attributes.set(`${this.#pick(['q', 'stream'])}:${this.#pick(NAMES)}`, this.#pick(VALUES))
    else attributes.set(this.#pick(NAMES), this.#pick(VALUES))
  }

  #written(name: string, value: string): string {
    const quote = this.#pick(["'", "'", '"'])
    const equals = this.#pick(['=', '=', '=', ' = ', '=\n'])
    return `${this.#pick([' ', ' ', '\n', ' \t'])}${name}${equals}${quote}${value}${quote}`
  }

  #mutate(bytes: Buffer): Buffer {
    const at = this.random(bytes.length + 1)
    const to = Math.min(bytes.length, at + 1 + this.random(this.#pick([1, 1, 8, 40])))
    const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
    switch (this.random(7)) {
      case 0:
        return Buffer.concat([before, after])
      case 1:
        return Buffer.concat([before, cut, cut, after])
      case 2:
        return before
      case 3:
        return Buffer.concat([before, Buffer.of(this.random(256)), after])
      case 4:
        return Buffer.concat([before, after.subarray(0, 8), cut, after.subarray(8)])
      case 5:
        return Buffer.concat([before, Buffer.from(this.#pick(BROKEN)), bytes.subarray(at)])
      default: {
        const tag = Math.max(0, bytes.indexOf('<', at))
        return Buffer.concat([bytes.subarray(0, tag), Buffer.from(this.#pick(BROKEN)), bytes.subarray(tag)])
      }
    }
  }
}
