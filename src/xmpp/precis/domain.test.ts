import assert from 'node:assert/strict'
import { domainPart, PrecisError } from './index.js'

const refuses = (text: string): void => assert.throws(() => domainPart(text), PrecisError, JSON.stringify(text))

function gives(expected: Readonly<Record<string, string>>): void {
  for (const [text, prepared] of Object.entries(expected)) {
    assert.equal(domainPart(text), prepared)
    assert.equal(domainPart(prepared), prepared)
  }
}

describe('domain parts', () => {
  it('are names of hosts, long or short', () => {
    for (const name of [
      'localhost',
      'montague.example',
      'a',
      '1und1.example',
      '3com.example',
      '42.example',
      'a-1',
      'x.y.z',
    ])
      assert.equal(domainPart(name), name)
  })

  it('are in lower case and have no dot at their end', () => {
    gives({ 'Montague.EXAMPLE': 'montague.example', 'montague.example.': 'montague.example' })
    for (const name of ['.', 'montague.example..', '.montague.example', 'montague..example']) refuses(name)
  })

  it('have labels of letters, digits and hyphens only', () => {
    for (let code = 0; code < 128; code++) {
      const char = String.fromCharCode(code)
      const isAllowed = /[-.0-9A-Za-z]/.test(char)
      if (isAllowed) assert.equal(domainPart(`a${char}b.example`), `a${char.toLowerCase()}b.example`)
      else refuses(`a${char}b.example`)
    }
  })

  it('have no underscores, which no host has (RFC 7622 §3.2.1)', () => {
    for (const name of ['_xmpp.example', 'a_b', '_', 'ä_b.example']) refuses(name)
  })

  it('have hyphens within labels only, and two of them at the third place in A-labels only', () => {
    for (const name of ['-a.example', 'a-.example', 'a.-', 'ab--c.example', 'äb--c.example', '-ä', 'ä-', '--'])
      refuses(name)
    for (const name of ['a--b.example', 'abc--d', 'ä-b']) assert.equal(domainPart(name), name)
  })

  it('have labels of 63 octets and are not longer than 253, as in the DNS', () => {
    const label = 'a'.repeat(63)
    const longest = `${label}.${label}.${label}.${'b'.repeat(61)}`
    for (const name of [label, longest, `${longest}.`])
      assert.equal(domainPart(name).length, Math.min(name.length, 253))
    for (const name of [`${label}a`, `${longest}b`, 'ä'.repeat(64), `${'ä'.repeat(40)}.`.repeat(7)]) refuses(name)

    assert.equal(domainPart(`ä${'a'.repeat(54)}`).length, 55) // xn-- and -iva
    refuses(`ä${'a'.repeat(60)}`)
  })

  it('are no numbers that a resolver takes for an address', () => {
    for (const name of [
      '127.1',
      '1',
      '1.2.3',
      '256.1.1.1',
      '1.2.3.04',
      '0x7f.1',
      '0x7f000001',
      'a.0x',
      '1.2.3.4.5',
      '１',
    ])
      refuses(name)
  })
})

describe('IP addresses as domain parts', () => {
  it('are kept in one form', () => {
    gives({
      '192.0.2.1': '192.0.2.1',
      '１９２.0.2.1': '192.0.2.1',
      '[2001:db8::1]': '[2001:db8::1]',
      '[2001:DB8:0:0:0::1]': '[2001:db8::1]',
      '[::FFFF:192.0.2.1]': '[::ffff:c000:201]',
      '[0:0:0:0:0:0:0:0]': '[::]',
    })
  })

  it('are refused when broken, or of one host only', () => {
    for (const text of [
      '[',
      '[]',
      '[::1',
      '::1',
      '[1.2.3.4]',
      '[::1]x',
      '[::1]:5222',
      '[fe80::1%eth0]',
      '[v1.a]',
      '[::g]',
      '[::1].',
    ])
      refuses(text)
  })
})

describe('internationalised domain parts', () => {
  it('are kept in U-labels', () => {
    gives({
      'Bücher.Example': 'bücher.example',
      'xn--bcher-kva.example': 'bücher.example',
      'XN--BCHER-KVA.example': 'bücher.example',
      'bu\u0308cher.example': 'bücher.example',
      'ＢÜＣＨＥＲ．example': 'bücher.example',
      '例え。テスト': '例え.テスト',
      '例え｡ﾃｽﾄ': '例え.テスト',
      'пример。': 'пример',
      '\u212aelvin.example': 'kelvin.example',
    })
  })

  it('keep what IDNA2003 mapped away', () => {
    gives({
      'faß.example': 'faß.example',
      'xn--fa-hia.example': 'faß.example',
      'βόλος.example': 'βόλος.example',
      'xn--nxasmm1c.example': 'βόλος.example',
      'نامه\u200cای.example': 'نامه\u200cای.example',
      'ශ්\u200dරී.example': 'ශ්\u200dරී.example',
    })
  })

  it('keep the capitals of the one script that has no others in IDNA', () => {
    gives({ 'ᏣᎳᎩ.example': 'ᏣᎳᎩ.example' })
    refuses('ꭰ.example')
  })

  it('have no symbols, nor what is not stable', () => {
    for (const label of [
      '♚',
      '☃',
      '☕',
      '½',
      'ﬁ',
      'ᾀ',
      '\u0345a',
      '\u20d0a',
      'a\u0338=',
      'a\u00ad',
      '\u{1d165}',
      '\u1100',
      '⒈',
      '؀',
    ])
      refuses(`x${label}.example`)
  })

  it('have labels that begin with a letter, not a mark', () => {
    for (const label of ['\u0308a', '\u05b8א', '\u0903']) refuses(`${label}.example`)
    assert.equal(domainPart('a.\u0905\u0903'), 'a.\u0905\u0903')
  })

  it('have the contextual rules', () => {
    for (const name of ['l·l.example', '・ア', 'ג׳.example', '͵α.example']) assert.equal(domainPart(name), name)
    for (const name of ['a·b.example', '・a', 'a\u200cb', 'a\u200db', '׳ג', '͵a', 'ب١۱']) refuses(name)
  })

  it('have A-labels that are nothing but what the U-label gives', () => {
    const wrong = {
      'xn--': 'nothing',
      'xn--abc-': 'ASCII',
      'xn--bcher-kva-': 'ASCII, however it looks',
      'xn--bcher-kv': 'an end before the end',
      'xn--99999999': 'more than Unicode has',
      'xn--bücher': 'no ASCII',
      'xn--uber-vwc': 'decomposed',
      'xn--ber-ska': 'a capital',
      'xn--n3h': 'a symbol',
      'xn--jm6c': 'a ligature',
      'xn--_-9fa': 'an underscore',
      'xn--ab-j1t': 'a joiner out of place',
      'xn--a-wbb': 'a mark at the beginning',
      'xn----eha': 'a hyphen at the beginning',
      'xn----dha': 'a hyphen at the end',
      'xn--ab---3ra': 'two hyphens at the third place',
      'xn--xn--bcher-u9a': 'an A-label within',
      'xn--a-zhc': 'mixed directions',
    }
    for (const [label, what] of Object.entries(wrong))
      assert.throws(() => domainPart(`${label}.example`), PrecisError, `${label}: ${what}`)
  })

  it('satisfy the Bidi Rule in all labels when one is from right to left (RFC 5893 §2)', () => {
    for (const name of ['אבג.example', 'אבג.a1', 'ب١.ب1', 'ab.אב', 'xn--4dbrk0ce']) domainPart(name)
    for (const name of ['אa.example', '1א.example', 'אבג.1a', '1.אבג', 'xn--4dbrk0ce.1x', '١.example', 'ب1١'])
      refuses(name)

    assert.equal(domainPart('1a.example'), '1a.example')
  })
})
