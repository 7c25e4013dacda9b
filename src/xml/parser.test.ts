import assert from 'node:assert/strict'
import {
  Element,
  namespaceOf,
  parseElement,
  StreamClose,
  StreamOpen,
  serialise,
  XmlError,
  type XmlLimits,
} from './index.js'
import { condition, drain, END, HEADER, parser, stanza, stanzas } from './streams.test.js'

describe('XML stream', () => {
  it('gives the header, each stanza and the end', () => {
    const events = drain(parser(), `<?xml version='1.0'?>${HEADER}<presence/> <message/>\n${END}`)

    assert.deepEqual(
      events.map(event => event.constructor),
      [StreamOpen, Element, Element, StreamClose],
    )
  })

  it('gives a stanza as soon as its last byte is there', () => {
    const p = parser()
    drain(p, `${HEADER}<message><body>Ay me!</body></message`)
    assert.equal(p.next(), undefined)

    const [event] = drain(p, '>')

    assert(event instanceof Element)
  })

  it('gives a stanza before the error behind it', () => {
    const p = parser()
    p.write(Buffer.from(`${HEADER}<presence/><presence/><\x01`))

    assert(p.next() instanceof StreamOpen)
    assert(p.next() instanceof Element)
    assert(p.next() instanceof Element)
    assert.throws(() => drain(p, '>'), condition('not-well-formed'))
  })

  it('does not look at what was not asked for', () => {
    const p = parser()
    p.write(
      Buffer.concat([
        Buffer.from(`${HEADER}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`),
        Buffer.of(22, 3, 255),
      ]),
    )

    assert(p.next() instanceof StreamOpen)
    assert(p.next() instanceof Element)
    assert.equal(p.idle, false)
  })

  it('fails for good', () => {
    const p = parser()
    const failure = (): unknown => {
      try {
        return p.next()
      } catch (error) {
        return error
      }
    }
    p.write(Buffer.from('<!-- -->'))
    const first = failure()

    p.write(Buffer.from(HEADER))

    assert(first instanceof XmlError)
    assert.equal(failure(), first)
  })

  it('is idle between stanzas only', () => {
    const p = parser()
    const idleAfter = (bytes: string): boolean => {
      drain(p, bytes)
      return p.idle
    }

    assert.equal(idleAfter(''), true)
    assert.equal(idleAfter('<stre'), false)
    assert.equal(idleAfter(HEADER.slice(5)), true)
    assert.equal(idleAfter(' \n'), true)
    assert.equal(idleAfter('<message>'), false)
    assert.equal(idleAfter('<body>'), false)
    assert.equal(idleAfter('</body></message>'), true)
  })

  it('starts a stanza whatever was wrong with another stream', () => {
    assert.throws(() => drain(parser(), `${HEADER}<message a='1' b='2' a='3'/>`))

    assert.deepEqual(stanzas('<presence/>'), ["<presence xmlns='jabber:client'/>"])
  })
})

describe('XML stream header', () => {
  const open = (xml: string): StreamOpen => {
    const [event] = drain(parser(), xml)
    assert(event instanceof StreamOpen)
    return event
  }

  it('says what was written', () => {
    const { name, prefix, ns, defaultNs, attrs } = open(
      `<?xml version="1.0" encoding="UTF-8" ?>\r\n ${HEADER.replace('>', " xml:lang='it' >")}`,
    )

    assert.deepEqual(
      { name, prefix, ns, defaultNs, attrs },
      {
        name: 'stream',
        prefix: 'stream',
        ns: 'http://etherx.jabber.org/streams',
        defaultNs: 'jabber:client',
        attrs: { to: 'verona.example', version: '1.0', 'xml:lang': 'it' },
      },
    )
  })

  it('may have the namespaces the other way round', () => {
    const { prefix, ns, defaultNs } = open("<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'>")

    assert.deepEqual(
      [prefix, ns, defaultNs],
      ['', 'http://etherx.jabber.org/streams', 'http://etherx.jabber.org/streams'],
    )
  })

  it('may lack a default namespace', () => {
    assert.equal(open("<s:stream xmlns:s='urn:s'>").defaultNs, '')
  })

  it('may be the end as well', () => {
    for (const size of [1, 100]) {
      const events = drain(parser(), "<open xmlns='urn:x'/> ", size)

      assert.deepEqual(
        events.map(event => event.constructor),
        [StreamOpen, StreamClose],
      )
    }
  })

  const declarations = [
    "<?xml version='1.0'?>",
    '<?xml version="1.0"?>',
    "<?xml version='1.0' encoding='utf-8'?>",
    "<?xml\tversion = '1.0' encoding = \"Utf-8\" standalone='yes' ?>",
  ]
  for (const declaration of declarations)
    it(`may stand after ${declaration}`, () => {
      for (const size of [1, 3, 1000]) assert.equal(drain(parser(), declaration + HEADER, size).length, 1)
    })
})

describe('XML values', () => {
  const text = (xml: string): string => stanza(`<a>${xml}</a>`).getText()
  const value = (xml: string): string | undefined => stanza(`<a b=${xml}/>`).attrs.b

  it('have their references resolved', () => {
    assert.equal(text('&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#x1F600;&#0067;'), '&<>"\'AB😀C')
    assert.equal(value("'&amp;&lt;&gt;&quot;&apos;&#65;&amp;lt;'"), '&<>"\'A&lt;')
  })

  it('keep what CDATA says', () => {
    assert.equal(text('a<![CDATA[<&amp;]>]]]>b<![CDATA[]]>'), 'a<&amp;]>]b')
  })

  it('are one text, however written', () => {
    assert.deepEqual(stanza('<a>x&amp;y<![CDATA[z]]>!</a>').children, ['x&yz!'])
    assert.deepEqual(stanza('<a><![CDATA[]]></a>').children, [])
  })

  it('have line ends as XML wants them', () => {
    assert.equal(text('a\r\nb\rc\n\r\n\rd'), 'a\nb\nc\n\n\nd')
    assert.equal(text('a&#13;\nb'), 'a\r\nb')
    assert.equal(text('<![CDATA[a\r\nb]]>'), 'a\nb')
    assert.equal(value("'a\r\nb\rc\td\n'"), 'a b c d ')
    assert.equal(value("'&#10;&#13;&#9;'"), '\n\r\t')
  })

  it('may hold what looks like markup', () => {
    assert.equal(text('a > b ]] > "\''), 'a > b ]] > "\'')
    assert.equal(value('"a>b\'/>"'), "a>b'/>")
    assert.equal(value("  \n'\"]]>'"), '"]]>')
  })

  it('may have any character that XML has', () => {
    const chars = '\t\n \x7f\x80\x85\xa0\u2028\ud7ff\ue000\ufffd\u{10000}\u{1fffe}\u{10ffff}'

    assert.equal(text(chars), chars)
    assert.equal(value(`'${chars}'`), chars.replace('\t\n', '  '))
  })
})

describe('XML names', () => {
  it('may be beyond ASCII', () => {
    const el = stanza("<größe-1.a·b_é ñ='1' \u{10400}='2'/>")

    assert.equal(el.name, 'größe-1.a·b_é')
    assert.deepEqual({ ...el.attrs }, { ñ: '1', '\u{10400}': '2', xmlns: 'jabber:client' })
  })

  it('that end alike are told apart', () => {
    const names = ['abcdefgh', 'xabcdefgh', 'abcdefghabcdefgh', 'bcdefgh', 'a', 'aa', 'aaaaaaaa', 'aaaaaaaaa']

    for (let round = 0; round < 2; round++) for (const name of names) assert.equal(stanza(`<${name}/>`).name, name)
  })

  it('of the language itself are names like any other', () => {
    const el = stanza("<constructor __proto__='a' toString='b' hasOwnProperty='c'><__proto__/></constructor>")

    assert.equal(Object.getPrototypeOf(el.attrs), Object.prototype)
    assert.equal(Object.getOwnPropertyDescriptor(el.attrs, '__proto__')?.value, 'a')
    assert.equal(
      serialise(el),
      "<constructor xmlns='jabber:client' __proto__='a' toString='b' hasOwnProperty='c'><__proto__/></constructor>",
    )
  })

  it('too long to be kept are read all the same', () => {
    const name = 'n'.repeat(1000)

    assert.deepEqual(stanzas(`<${name} ${name}='${name}' xmlns='${name}'></${name}>`), [
      `<${name} xmlns='${name}' ${name}='${name}'/>`,
    ])
  })
})

describe('canonical form', () => {
  const forms: readonly (readonly [string, string, string])[] = [
    [
      'has the namespace of the stream on each stanza',
      '<message><body>Ay me!</body></message>',
      "<message xmlns='jabber:client'><body>Ay me!</body></message>",
    ],
    ['has no prefix on an element', "<x:foo xmlns:x='urn:x'/>", "<foo xmlns='urn:x'/>"],
    [
      'resolves prefixes of the stream',
      '<stream:error><stream:text/></stream:error>',
      "<error xmlns='http://etherx.jabber.org/streams'><text/></error>",
    ],
    [
      'says a namespace where it changes only',
      "<a xmlns='urn:a'><b xmlns='urn:a'><c xmlns='urn:c'><d xmlns='urn:a'/></c></b></a>",
      "<a xmlns='urn:a'><b><c xmlns='urn:c'><d xmlns='urn:a'/></c></b></a>",
    ],
    [
      'tells children of a prefixed element their own namespace',
      "<x:a xmlns:x='urn:x'><b/><x:c/></x:a>",
      "<a xmlns='urn:x'><b xmlns='jabber:client'/><c/></a>",
    ],
    ['knows elements in no namespace', "<a><b xmlns=''/></a>", "<a xmlns='jabber:client'><b xmlns=''/></a>"],
    [
      'has the declaration with each element whose attributes need it',
      "<a xmlns:x='urn:x' x:b='1'><c x:d='2'/></a>",
      "<a xmlns='jabber:client' x:b='1' xmlns:x='urn:x'><c x:d='2' xmlns:x='urn:x'/></a>",
    ],
    [
      'takes such a declaration from the stream',
      "<a stream:b='1'/>",
      "<a xmlns='jabber:client' stream:b='1' xmlns:stream='http://etherx.jabber.org/streams'/>",
    ],
    [
      'drops declarations that nothing needs',
      "<a xmlns:x='urn:x'><b xmlns:y='urn:y'/></a>",
      "<a xmlns='jabber:client'><b/></a>",
    ],
    [
      'keeps prefixes apart that are declared twice',
      "<a xmlns:x='urn:1' x:b='1'><c xmlns:x='urn:2' x:b='2'/><d x:b='3'/></a>",
      "<a xmlns='jabber:client' x:b='1' xmlns:x='urn:1'><c x:b='2' xmlns:x='urn:2'/><d x:b='3' xmlns:x='urn:1'/></a>",
    ],
    ['keeps xml:lang', "<a xml:lang='it'/>", "<a xmlns='jabber:client' xml:lang='it'/>"],
    [
      'lets xml be declared as what it is',
      "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
      "<a xmlns='jabber:client'/>",
    ],
  ]
  for (const [what, xml, expected] of forms)
    it(what, () => {
      for (const size of [1, 7, 1000]) assert.deepEqual(stanzas(xml, size), [expected])
      assert.deepEqual(stanzas(expected), [expected])
    })

  it('has a stanza stand alone, and its children know their parents', () => {
    const el = stanza('<a><b><c/>x</b></a>')
    const [b] = el.getChildElements()
    const [c] = b?.getChildElements() ?? []

    assert.equal(el.parent, null)
    assert.equal(b?.parent, el)
    assert.equal(c?.parent, b)
    assert.equal(c && namespaceOf(c), 'jabber:client')
  })

  it('lets an element be taken out of its stanza', () => {
    const [item] = stanza("<a xmlns:x='urn:x' x:b='1'><item x:b='2'/></a>").getChildElements()

    assert.equal(item && serialise(item), "<item xmlns='jabber:client' x:b='2' xmlns:x='urn:x'/>")
  })
})

describe('parseElement', () => {
  it('reads what serialise wrote', () => {
    const text = "<a xmlns='urn:a' b='&#10;'><c xmlns=''>x</c>😀</a>"

    assert.equal(serialise(parseElement(text)), text)
  })

  it('gives an element without a namespace no xmlns', () => {
    assert.deepEqual(Object.keys(parseElement('<a/>').attrs), [])
  })

  it('allows white space around', () => {
    assert.equal(parseElement('\n <a/> ').name, 'a')
  })

  it('refuses all that is not one complete element', () => {
    for (const text of [
      '',
      ' ',
      'x',
      '<a',
      '<a>',
      '<a><b></a>',
      '<a/><b/>',
      '<a/>x',
      '</a>',
      '<a>x',
      '<a>&amp',
      '</<>',
    ])
      assert.throws(() => parseElement(text), condition('not-well-formed'), text)
  })

  it('is strict', () => {
    assert.throws(() => parseElement('<a><!-- --></a>'), condition('restricted-xml'))
    assert.throws(() => parseElement("<?xml version='1.0'?><a/>"), condition('restricted-xml'))
    assert.throws(() => parseElement('<a>\ud800</a>'), condition('not-well-formed'))
    assert.throws(() => parseElement("<a b='\udc00'/>"), condition('not-well-formed'))
    assert.throws(() => parseElement('<a\ud800/>'), condition('not-well-formed'))
  })

  it('has limits', () => {
    const limits: XmlLimits = { maxStanzaBytes: 30, maxDepth: 2, maxAttributes: 1 }

    assert.equal(parseElement("<a b='1'><c/></a>", limits).name, 'a')
    for (const text of ["<a b='1' c='2'/>", '<a><b><c/></b></a>', `<a>${'€'.repeat(8)}</a>`])
      assert.throws(() => parseElement(text, limits), condition('policy-violation'), text)
  })
})
