import assert from 'node:assert/strict'
import {
  Element,
  namespaceOf,
  parseElement,
  StreamClose,
  type StreamEvent,
  StreamOpen,
  StreamParser,
  serialise,
  type XmlCondition,
  XmlError,
  type XmlLimits,
} from './index.js'

const LIMITS: XmlLimits = { maxStanzaBytes: 10_000, maxDepth: 8, maxAttributes: 8 }
const HEADER =
  "<stream:stream to='verona.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
const END = '</stream:stream>'

const parser = (limits = LIMITS): StreamParser => new StreamParser(limits)

/** All that comes out for these bytes, written in chunks of a size. */
function drain(p: StreamParser, bytes: Uint8Array | string, size = Number.POSITIVE_INFINITY): StreamEvent[] {
  const all = Buffer.from(bytes as Uint8Array) // Buffer.from takes strings as well; its overloads take no union
  const events: StreamEvent[] = []
  for (let from = 0; from < all.length; from += size) {
    p.write(all.subarray(from, from + size))
    for (let event = p.next(); event; event = p.next()) events.push(event)
  }
  return events
}

/** The stanzas inside a stream, each written out to stand alone. */
const stanzas = (xml: string, size?: number): string[] =>
  drain(parser(), HEADER + xml, size).flatMap(event => (event instanceof Element ? [serialise(event)] : []))

const stanza = (xml: string): Element => {
  const found = drain(parser(), HEADER + xml).find(event => event instanceof Element)
  assert(found)
  return found
}

const condition =
  (expected: XmlCondition) =>
  (error: unknown): boolean => {
    assert(error instanceof XmlError, String(error))
    assert.equal(error.condition, expected, error.message)
    return true
  }

const refuses = (bytes: Uint8Array | string, expected: XmlCondition, limits = LIMITS): void => {
  for (const size of [Number.POSITIVE_INFINITY, 1, 2, 7])
    assert.throws(() => drain(parser(limits), bytes, size), condition(expected), `in chunks of ${size}`)
}

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

describe('XML that a stream must not have', () => {
  const inside: readonly (readonly [string, string, XmlCondition])[] = [
    ['a comment', '<a><!-- x --></a>', 'restricted-xml'],
    ['a comment between stanzas', '<!-- x -->', 'restricted-xml'],
    ['a processing instruction', '<a><?php x?></a>', 'restricted-xml'],
    ['an XML declaration that is not first', "<?xml version='1.0'?>", 'restricted-xml'],
    ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
    ['a declaration', "<!ENTITY a 'b'>", 'restricted-xml'],
    ['an unknown entity', '<a>&nbsp;</a>', 'restricted-xml'],
    ['an unknown entity in an attribute', "<a b='&x;'/>", 'restricted-xml'],
    ['an entity with the name of a property', '<a>&constructor;</a>', 'restricted-xml'],
    ['& alone', '<a>AT&T</a>', 'not-well-formed'],
    ['& before a blank', '<a>a & b;</a>', 'not-well-formed'],
    ['& alone in an attribute', "<a b='&'/>", 'not-well-formed'],
    ['an empty reference', '<a>&;</a>', 'not-well-formed'],
    ['an empty numeric reference', '<a>&#;</a>', 'not-well-formed'],
    ['an empty hexadecimal reference', '<a>&#x;</a>', 'not-well-formed'],
    ['a reference with X', '<a>&#X41;</a>', 'not-well-formed'],
    ['a negative reference', '<a>&#-1;</a>', 'not-well-formed'],
    ['a reference to U+0000', '<a>&#0;</a>', 'not-well-formed'],
    ['a reference to U+0001', "<a b='&#1;'/>", 'not-well-formed'],
    ['a reference to a surrogate', '<a>&#xD800;</a>', 'not-well-formed'],
    ['references to a pair of surrogates', '<a>&#xD83D;&#xDE00;</a>', 'not-well-formed'],
    ['a reference to U+FFFE', '<a>&#xFFFE;</a>', 'not-well-formed'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>', 'not-well-formed'],
    ['a reference to a huge number', `<a>&#${'9'.repeat(400)};</a>`, 'not-well-formed'],
    ['U+0000', '<a>\0</a>', 'not-well-formed'],
    ['U+0001', '<a>\x01</a>', 'not-well-formed'],
    ['U+001F in an attribute', "<a b='\x1f'/>", 'not-well-formed'],
    ['U+0008 in CDATA', '<a><![CDATA[\b]]></a>', 'not-well-formed'],
    ['U+FFFE', '<a>\ufffe</a>', 'not-well-formed'],
    ['U+FFFF in an attribute', "<a b='\uffff'/>", 'not-well-formed'],
    ['an undeclared prefix', '<x:a/>', 'not-well-formed'],
    ['an undeclared prefix of an attribute', "<a x:b='1'/>", 'not-well-formed'],
    ['a prefix out of scope', "<a><b xmlns:x='urn:x'/><x:c/></a>", 'not-well-formed'],
    ['a prefix that is undeclared again', "<a xmlns:x=''/>", 'not-well-formed'],
    ['two colons', "<x:a:b xmlns:x='urn:x'/>", 'not-well-formed'],
    ['a colon first', '<:a/>', 'not-well-formed'],
    ['a colon last', "<x: xmlns:x='urn:x'/>", 'not-well-formed'],
    ['a local name beginning with a digit', "<x:1 xmlns:x='urn:x'/>", 'not-well-formed'],
    ['an attribute named xmlns:', "<a xmlns:='urn:x'/>", 'not-well-formed'],
    ['another xml', "<a xmlns:xml='urn:x'/>", 'not-well-formed'],
    ['another name for xml', "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>", 'not-well-formed'],
    ['the namespace of xml as default', "<a xmlns='http://www.w3.org/XML/1998/namespace'/>", 'not-well-formed'],
    ['a declaration of xmlns', "<a xmlns:xmlns='urn:x'/>", 'not-well-formed'],
    ['another name for xmlns', "<a xmlns:x='http://www.w3.org/2000/xmlns/'/>", 'not-well-formed'],
    ['the namespace of xmlns as default', "<a xmlns='http://www.w3.org/2000/xmlns/'/>", 'not-well-formed'],
    ['an element with the prefix xmlns', '<xmlns:a/>', 'not-well-formed'],
    ['an element with the prefix xml', '<xml:a/>', 'not-well-formed'],
    ['a duplicate attribute', "<a b='1' b='1'/>", 'not-well-formed'],
    ['a duplicate xmlns', "<a xmlns='urn:x' xmlns='urn:x'/>", 'not-well-formed'],
    ['a duplicate by namespace', "<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='1' y:b='2'/>", 'not-well-formed'],
    ['a duplicate by namespace, declared last', "<a x:b='1' y:b='2' xmlns:x='u' xmlns:y='u'/>", 'not-well-formed'],
    ['another end tag', '<a></b>', 'not-well-formed'],
    ['an end tag with more to its name', '<a></ab>', 'not-well-formed'],
    ['an end tag with less of its name', '<ab></a>', 'not-well-formed'],
    ['an end tag with another prefix', "<x:a xmlns:x='u' xmlns:y='u'></y:a>", 'not-well-formed'],
    ['an end tag without a start', '</a>', 'not-well-formed'],
    ['an end tag with an attribute', "<a></a b='1'>", 'not-well-formed'],
    ['an end tag beginning with a blank', '<a></ a>', 'not-well-formed'],
    ['elements that overlap', '<a><b></a></b>', 'not-well-formed'],
    ['text between stanzas', '<a/>x<b/>', 'not-well-formed'],
    ['a reference between stanzas', '&#10;', 'not-well-formed'],
    ['CDATA between stanzas', '<![CDATA[ ]]>', 'not-well-formed'],
    ['a no-break space between stanzas', '\xa0', 'not-well-formed'],
    ['< in an attribute', "<a b='<'/>", 'not-well-formed'],
    ['< in a tag', '<a <b/>', 'not-well-formed'],
    ['an attribute that does not end', "<a b='1><c/>", 'not-well-formed'],
    [']]> in text', '<a>]]></a>', 'not-well-formed'],
    ['<![ of another kind', '<a><![INCLUDE[]]></a>', 'not-well-formed'],
    ['<! alone', '<a><!></a>', 'not-well-formed'],
    ['no blank between attributes', "<a b='1'c='2'/>", 'not-well-formed'],
    ['an attribute without a value', '<a b/>', 'not-well-formed'],
    ['a value without quotes', '<a b=1/>', 'not-well-formed'],
    ['an attribute without a name', "<a ='1'/>", 'not-well-formed'],
    ['a slash inside a tag', "<a / b='1'>", 'not-well-formed'],
    ['a slash and a blank', '<a / >', 'not-well-formed'],
    ['a name beginning with a digit', '<1a/>', 'not-well-formed'],
    ['a name beginning with a hyphen', '<-a/>', 'not-well-formed'],
    ['an attribute beginning with a dot', "<a .b='1'/>", 'not-well-formed'],
    ['a name beginning with a combining mark', '<\u0301a/>', 'not-well-formed'],
    ['a multiplication sign as a name', '<a×b/>', 'not-well-formed'],
    ['a blank before the name', '< a/>', 'not-well-formed'],
    ['an empty tag', '<>', 'not-well-formed'],
    ['an empty end tag', '<a></>', 'not-well-formed'],
    ['the end of the stream inside a stanza', `<a>${END}`, 'not-well-formed'],
    ['markup after the end', `${END}<a/>`, 'not-well-formed'],
    ['another stream after the end', END + HEADER, 'not-well-formed'],
    ['an end tag after the end', END + END, 'not-well-formed'],
    ['text after the end', `${END}x`, 'not-well-formed'],
    ['a comment after the end', `${END}<!-- -->`, 'restricted-xml'],
  ]
  for (const [what, xml, expected] of inside) it(`is ${what}`, () => refuses(HEADER + xml, expected))

  const documents: readonly (readonly [string, string | Uint8Array, XmlCondition])[] = [
    ['text before the header', `x${HEADER}`, 'not-well-formed'],
    ['the greeting of a browser', 'GET / HTTP/1.1\r\n\r\n', 'not-well-formed'],
    ['the greeting of TLS', Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3), 'not-well-formed'],
    ['a byte order mark', `\ufeff${HEADER}`, 'not-well-formed'],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), 'unsupported-encoding'],
    ['UTF-16 without a mark', Buffer.from(HEADER, 'utf16le'), 'unsupported-encoding'],
    ['big-endian UTF-16', Buffer.from(HEADER, 'utf16le').swap16(), 'unsupported-encoding'],
    ['big-endian UTF-16 with a mark', Buffer.from(`\ufeff${HEADER}`, 'utf16le').swap16(), 'unsupported-encoding'],
    ['UTF-32', Buffer.of(0, 0, 0, 0x3c), 'unsupported-encoding'],
    ['another encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${HEADER}`, 'unsupported-encoding'],
    ['UTF-16 by name', `<?xml version='1.0' encoding='UTF-16'?>${HEADER}`, 'unsupported-encoding'],
    ['XML 1.1', `<?xml version='1.1'?>${HEADER}`, 'not-well-formed'],
    ['a declaration without a version', `<?xml encoding='utf-8'?>${HEADER}`, 'not-well-formed'],
    ['a declaration in another order', `<?xml encoding='utf-8' version='1.0'?>${HEADER}`, 'not-well-formed'],
    ['a declaration with something more', `<?xml version='1.0' x='y'?>${HEADER}`, 'not-well-formed'],
    ['two declarations', `<?xml version='1.0'?><?xml version='1.0'?>${HEADER}`, 'restricted-xml'],
    ['a declaration after a blank', ` <?xml version='1.0'?>${HEADER}`, 'restricted-xml'],
    ['a style sheet', `<?xml-stylesheet href='x'?>${HEADER}`, 'restricted-xml'],
    ['a document type before the header', `<!DOCTYPE stream [<!ENTITY x 'y'>]>${HEADER}`, 'restricted-xml'],
    ['a comment before the header', `<!-- -->${HEADER}`, 'restricted-xml'],
    ['CDATA before the header', `<![CDATA[]]>${HEADER}`, 'not-well-formed'],
    ['an end tag before the header', END, 'not-well-formed'],
    ['a header with an undeclared prefix', "<stream:stream xmlns='jabber:client'>", 'not-well-formed'],
  ]
  for (const [what, bytes, expected] of documents) it(`is ${what}`, () => refuses(bytes, expected))

  const notUtf8: Readonly<Record<string, number[]>> = {
    'a lone continuation': [0x80],
    'an overlong slash': [0xc0, 0xaf],
    'an overlong <': [0xc0, 0xbc],
    'an overlong NUL of three bytes': [0xe0, 0x80, 0x80],
    'a surrogate': [0xed, 0xa0, 0x80],
    'a pair of surrogates': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    'a character beyond Unicode': [0xf4, 0x90, 0x80, 0x80],
    'a byte that never occurs': [0xff],
    'a character cut off': [0xe2, 0x82],
    'a character cut off by another': [0xe2, 0x82, 0xc3, 0xa4],
  }
  for (const [what, bytes] of Object.entries(notUtf8)) {
    const around = (before: string, after: string): Buffer =>
      Buffer.concat([Buffer.from(HEADER + before), Buffer.from(bytes), Buffer.from(after)])
    it(`is ${what} in text`, () => refuses(around('<a>', '</a>'), 'not-well-formed'))
    it(`is ${what} in an attribute`, () => refuses(around("<a b='", "'/>"), 'not-well-formed'))
    it(`is ${what} in CDATA`, () => refuses(around('<a><![CDATA[', ']]></a>'), 'not-well-formed'))
    it(`is ${what} between stanzas`, () => refuses(around('<a/>', ' '), 'not-well-formed'))
  }
})

describe('XML limits', () => {
  const small: XmlLimits = { maxStanzaBytes: 200, maxDepth: 3, maxAttributes: 3, maxTagBytes: 150 }
  const header = "<s xmlns='urn:s'>"
  const sized = (bytes: number): string => `<a>${'x'.repeat(bytes - 7)}</a>`

  it('let a stanza of the greatest size pass, and no more', () => {
    for (const size of [1, 50, 1000])
      assert.equal(drain(parser(small), header + sized(200) + sized(200), size).length, 3)

    refuses(header + sized(201), 'policy-violation', small)
    refuses(header + sized(100) + sized(201), 'policy-violation', small)
  })

  it('count bytes, not characters', () => {
    const euros = (n: number): string => `<a>${'€'.repeat(n)}</a>`

    for (const size of [1, 50, 1000]) assert.equal(drain(parser(small), header + euros(64), size).length, 2)

    refuses(header + euros(65), 'policy-violation', small)
  })

  it('hold for a stanza that does not end', () => {
    refuses(`${header}<a>${'x'.repeat(200)}`, 'policy-violation', small)
    refuses(`${header}<a>${'<b/>'.repeat(60)}`, 'policy-violation', small)
    refuses(`${header}<a><![CDATA[${'x'.repeat(200)}`, 'policy-violation', small)
    refuses(`${header}<a b='${'x'.repeat(200)}`, 'policy-violation', small)
    refuses(`${header}<${'a'.repeat(201)}`, 'policy-violation', small)
    refuses(`${header}</${'a'.repeat(201)}`, 'policy-violation', small)
  })

  it('hold before the header and for it', () => {
    refuses(`<s xmlns='${'x'.repeat(200)}'>`, 'policy-violation', small)
    refuses(`<?xml version='1.0' ${' '.repeat(200)}?>`, 'policy-violation', small)
  })

  it('count no white space between stanzas', () => {
    for (const size of [1, 50, 2000]) {
      const p = parser(small)

      const events = drain(p, header + ' '.repeat(1000) + sized(200) + '\n'.repeat(1000), size)

      assert.equal(events.length, 2)
      assert.equal(p.idle, true)
    }
  })

  it('hold for the bytes of a tag', () => {
    const tag = (bytes: number): string => `<a b='${'x'.repeat(bytes - 9)}'/>`
    for (const size of [1, 50, 1000]) assert.equal(drain(parser(small), header + tag(150), size).length, 2)

    refuses(header + tag(151), 'policy-violation', small)
  })

  it('hold for depth', () => {
    assert.equal(drain(parser(small), `${header}<a><b><c/></b></a>`).length, 2)

    refuses(`${header}<a><b><c><d/></c></b></a>`, 'policy-violation', small)
  })

  it('hold for attributes, declarations included', () => {
    assert.equal(drain(parser(small), `${header}<a b='1' c='2' xmlns='urn:a'/>`).length, 2)

    refuses(`${header}<a b='1' c='2' d='3' xmlns='urn:a'/>`, 'policy-violation', small)
  })

  it('hold for prefixes in scope', () => {
    refuses(`${header}<a xmlns:p='1' xmlns:q='2'><b xmlns:r='3' xmlns:s='4'/></a>`, 'policy-violation', small)
  })

  it('may grow', () => {
    const p = parser(small)
    drain(p, header + sized(200))

    p.limits = { ...small, maxStanzaBytes: 300 }

    assert.equal(drain(p, sized(300)).length, 1)
    assert.throws(() => drain(p, sized(301)), condition('policy-violation'))
  })

  it('come before what is wrong beyond them', () => {
    refuses(`${header}<a>${'<b/>'.repeat(60)}</c>`, 'policy-violation', small)
  })
})

describe('XML chunks', () => {
  const xml =
    "<message to='juliet@capulet.example' id='é'><body>Ay me! \u20ac &amp; 😀 &#x1F600;<![CDATA[<]]]]><![CDATA[>]]></body>" +
    "<x:y xmlns:x='urn:x' x:z=\"a'b\">\r\n</x:y ></message>\n<presence/>"

  it('may be cut anywhere', () => {
    const whole = stanzas(xml)
    const bytes = Buffer.from(HEADER + xml)
    assert.equal(whole.length, 2)

    for (let cut = 1; cut < bytes.length; cut++) {
      const p = parser()
      const events = [...drain(p, bytes.subarray(0, cut)), ...drain(p, bytes.subarray(cut))]
      assert.deepEqual(
        events.flatMap(event => (event instanceof Element ? [serialise(event)] : [])),
        whole,
        `cut at ${cut}`,
      )
    }
  })

  it('may be of any size', () => {
    for (let size = 1; size < 40; size++) assert.deepEqual(stanzas(xml, size), stanzas(xml), `of ${size}`)
  })

  it('may wait in a row', () => {
    const p = parser()
    for (const byte of Buffer.from(HEADER + xml)) p.write(Uint8Array.of(byte))
    const events: StreamEvent[] = []
    for (let event = p.next(); event; event = p.next()) events.push(event)

    assert.equal(events.length, 3)
  })

  // 300 kB a byte at a time would take minutes if pieces were put together and searched again each time
  const big: Readonly<Record<string, string>> = {
    text: `<a>${'x>'.repeat(150_000)}</a>`,
    CDATA: `<a><![CDATA[${']]'.repeat(150_000)}]]></a>`,
    'one attribute': `<a b='${'>"'.repeat(150_000)}'/>`,
    'a start tag of blanks': `<a ${' '.repeat(300_000)}/>`,
    'an end tag of blanks': `<a></a${' '.repeat(300_000)}>`,
    references: `<a>${'&#38;'.repeat(60_000)}</a>`,
    'a reference with zeros': `<a>&#${'0'.repeat(300_000)}65;</a>`,
    elements: `<a>${'<b/>x'.repeat(60_000)}</a>`,
    'white space between stanzas': `${' '.repeat(300_000)}<a/>`,
  }
  for (const [what, text] of Object.entries(big))
    it(`take time in proportion to ${what}`, () => {
      const limits = { ...LIMITS, maxStanzaBytes: 400_000 }
      for (const size of [1, 1000, 1_000_000]) {
        const before = process.cpuUsage()
        assert.equal(drain(parser(limits), HEADER + text, size).length, 2)
        const { user } = process.cpuUsage(before)
        assert(user < 2_000_000, `${user} µs in chunks of ${size}`)
      }
    })

  it('of white space leave nothing behind', () => {
    const p = parser()
    drain(p, HEADER)
    const blanks = Buffer.alloc(100_000, ' \n')
    const before = process.memoryUsage().heapUsed

    for (let n = 0; n < 500; n++) drain(p, blanks, 50_000)

    assert(process.memoryUsage().heapUsed - before < 30_000_000)
    assert.equal(p.idle, true)
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
