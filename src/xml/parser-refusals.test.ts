import assert from 'node:assert/strict'
import { Element, type StreamEvent, serialise, type XmlCondition, type XmlLimits } from './index.js'
import { condition, drain, END, HEADER, LIMITS, parser, refuses, stanzas } from './streams.test.js'

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

  it('hold for namespaces that each element would have to name for itself', () => {
    const uri = 'u'.repeat(40)
    const long = { ...small, maxAttributes: 100 }
    assert.equal(drain(parser(long), `${header}<a xmlns:p='${uri}'>${'<p:b/>'.repeat(4)}</a>`).length, 2)
    assert.equal(drain(parser(long), `${header}${`<a xmlns='${uri}'/>`.repeat(9)}`).length, 10)

    refuses(`${header}<a xmlns:p='${uri}'>${'<p:b/>'.repeat(6)}</a>`, 'policy-violation', long)
    refuses(`${header}<a xmlns:p='${uri}'>${"<b p:c=''/>".repeat(6)}</a>`, 'policy-violation', long)
  })

  it('hold for elements, attributes and pieces of text together', () => {
    const few = { ...LIMITS, maxParts: 6 }
    for (const inside of ['<b/>'.repeat(5), "<b c='1' d='2'/><e/>x", 'x<![CDATA[y]]>z<![CDATA[]]><b/><c/>'])
      for (const size of [1, 1000]) {
        assert.equal(drain(parser(few), `${header}<a>${inside}</a><a>${inside}</a>`, size).length, 3)
        assert.throws(() => drain(parser(few), `${header}<a>${inside}<z/>`, size), condition('policy-violation'))
        assert.throws(() => drain(parser(few), `${header}<a>${inside}<z/></a>`, size), condition('policy-violation'))
      }
    refuses(`${header}<a>x${'<![CDATA[y]]>'.repeat(5)}`, 'policy-violation', few)
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
