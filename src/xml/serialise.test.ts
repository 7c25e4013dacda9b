import assert from 'node:assert/strict'
import {
  Element,
  escapeAttr,
  escapeText,
  parseElement,
  serialise,
  serialiseInner,
  stamp,
  withAttrs,
  xml,
} from './index.js'

describe('serialise', () => {
  const message = xml('message', { xmlns: 'jabber:client', to: 'juliet@capulet.example' }, xml('body', {}, 'Ay me!'))

  it('has an element stand alone', () => {
    assert.equal(
      serialise(message),
      "<message xmlns='jabber:client' to='juliet@capulet.example'><body>Ay me!</body></message>",
    )
  })

  it('leaves out the namespace that is in force already', () => {
    assert.equal(
      serialise(message, 'jabber:client'),
      "<message to='juliet@capulet.example'><body>Ay me!</body></message>",
    )
    assert.equal(serialise(message, 'jabber:server'), serialise(message))
  })

  it('writes namespaces where they change only', () => {
    const el = xml(
      'a',
      { xmlns: 'urn:a' },
      xml('b', { xmlns: 'urn:a' }),
      xml('c', { xmlns: '' }, xml('d', { xmlns: 'urn:a' })),
    )

    assert.equal(serialise(el), "<a xmlns='urn:a'><b/><c xmlns=''><d xmlns='urn:a'/></c></a>")
  })

  it('gives an element that says none the namespace of where it is written', () => {
    assert.equal(serialise(xml('presence'), 'jabber:client'), '<presence/>')
    assert.equal(serialise(xml('presence', { xmlns: '' }), 'jabber:client'), "<presence xmlns=''/>")
  })

  it('knows the namespace of a part of a stanza', () => {
    const [body] = message.getChildElements()

    assert.equal(body && serialise(body), "<body xmlns='jabber:client'>Ay me!</body>")
    assert.equal(body && serialise(body, 'jabber:client'), '<body>Ay me!</body>')
  })

  it('follows a root that was given another namespace', () => {
    const forwarded = withAttrs(message, { xmlns: 'jabber:server' })

    assert.equal(
      serialise(forwarded, 'jabber:server'),
      "<message to='juliet@capulet.example'><body>Ay me!</body></message>",
    )
  })

  it('keeps attributes that are called like something every object has', () => {
    const message = parseElement(
      "<message __proto__='a' constructor='b' toString='c' to='juliet' xmlns='jabber:client'/>",
    )

    const stamped = withAttrs(message, { to: 'romeo' })

    assert.equal(
      serialise(stamped, 'jabber:client'),
      "<message __proto__='a' constructor='b' toString='c' to='romeo'/>",
    )
  })

  it('writes empty elements short', () => {
    assert.equal(serialise(xml('a', {}, xml('b'), '')), '<a><b/></a>')
    const el = new Element('a')
    el.children = ['', '']

    assert.equal(serialise(el), '<a/>')
  })

  it('escapes what would not come back the same', () => {
    const odd = '<>&"\'\t\n\r]]>é😀'
    const el = xml('a', { b: odd }, odd)

    const text = serialise(el)

    assert.equal(text, "<a b='&lt;&gt;&amp;&quot;&apos;&#9;&#10;&#13;]]&gt;é😀'>&lt;&gt;&amp;\"'\t\n&#13;]]&gt;é😀</a>")
    const back = parseElement(text)
    assert.equal(back.attrs.b, odd)
    assert.equal(back.getText(), odd)
  })

  it('leaves out what XML cannot say', () => {
    const bad = 'a\0\x01\x1f\ufffe\uffff\ud800b\udc00'

    assert.equal(escapeText(bad), 'ab')
    assert.equal(escapeAttr(bad), 'ab')
    assert.equal(escapeText('\udc00\ud800'), '')
    assert.equal(escapeText('\ud83d\ude00'), '😀')
  })

  it('gives back plain text as it is', () => {
    for (const plain of ['', 'Ay me!', 'Größe', '\x7f\x80']) {
      assert.equal(escapeText(plain), plain)
      assert.equal(escapeAttr(plain), plain)
    }
  })

  it('writes numbers that a builder left as attributes', () => {
    assert.equal(serialise(new Element('a', { b: 5, c: undefined })), "<a b='5'/>")
  })
})

describe('serialiseInner', () => {
  it('writes what is inside of an element', () => {
    const el = xml(
      'a',
      { xmlns: 'urn:a' },
      'x<',
      xml('b', {}, xml('c', { xmlns: 'urn:c' })),
      xml('d', { xmlns: 'urn:a' }),
    )

    assert.equal(serialiseInner(el, 'urn:a'), "x&lt;<b><c xmlns='urn:c'/></b><d/>")
    assert.equal(serialiseInner(xml('a'), ''), '')
  })
})

describe('stamp', () => {
  const message = xml(
    'message',
    { xmlns: 'jabber:client', to: 'garden@rooms.example', id: "a'b" },
    xml('body', {}, 'Ay me!'),
  )

  it('writes the stanza for anyone', () => {
    for (const inherited of ['', 'jabber:client', 'jabber:server']) {
      const stamped = stamp(message, inherited)
      for (const to of ['romeo@montague.example/orchard', "nurse@capulet.example/<&'>\n"]) {
        const back = parseElement(
          stamped(to).replace(
            '<message',
            inherited === 'jabber:client' ? "<message xmlns='jabber:client'" : '<message',
          ),
        )

        assert.deepEqual({ ...back.attrs }, { to, id: "a'b", xmlns: 'jabber:client' })
        assert.equal(serialiseInner(back, 'jabber:client'), '<body>Ay me!</body>')
      }
    }
  })

  it('adds a recipient where there was none', () => {
    assert.equal(
      stamp(xml('presence', { id: '1' }), 'jabber:client')('romeo@montague.example'),
      "<presence id='1' to='romeo@montague.example'/>",
    )
  })
})
