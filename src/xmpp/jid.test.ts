import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  Jid,
  JidError,
  PrecisError,
  parseJid,
  prepareDomain,
  prepareLocal,
  preparePassword,
  prepareResource,
  tryParseJid,
} from './jid.js'

const refuses = (text: string): void => assert.throws(() => parseJid(text), JidError, JSON.stringify(text))

/** More addresses than a cache holds. */
function forgetAll(): void {
  for (let n = 0; n < 10_000; n++) parseJid(`nurse${n}@capulet.example`)
}

const parts = (text: string): string[] => {
  const { local, domain, resource } = parseJid(text)
  return [local, domain, resource]
}

describe('JIDs that RFC 7622 §3.5 has for examples', () => {
  const legal: Readonly<Record<string, readonly [string, string, string]>> = {
    'juliet@example.com': ['juliet', 'example.com', ''],
    'juliet@example.com/foo': ['juliet', 'example.com', 'foo'],
    'juliet@example.com/foo bar': ['juliet', 'example.com', 'foo bar'],
    'juliet@example.com/foo@bar': ['juliet', 'example.com', 'foo@bar'],
    'foo\\20bar@example.com': ['foo\\20bar', 'example.com', ''],
    'fussball@example.com': ['fussball', 'example.com', ''],
    'fußball@example.com': ['fußball', 'example.com', ''],
    'π@example.com': ['π', 'example.com', ''],
    'Σ@example.com/foo': ['σ', 'example.com', 'foo'],
    'σ@example.com/foo': ['σ', 'example.com', 'foo'],
    'ς@example.com/foo': ['ς', 'example.com', 'foo'],
    'king@example.com/♚': ['king', 'example.com', '♚'],
    'example.com': ['', 'example.com', ''],
    'example.com/foobar': ['', 'example.com', 'foobar'],
    'a.example.com/b@example.net': ['', 'a.example.com', 'b@example.net'],
  }
  for (const [text, expected] of Object.entries(legal))
    it(`are read when legal: ${text}`, () => assert.deepEqual(parts(text), expected))

  const illegal = [
    '"juliet"@example.com',
    'foo bar@example.com',
    '@example.com/',
    'henryⅣ@example.com',
    '♚@example.com',
    'juliet@',
    '/foobar',
  ]
  for (const text of illegal) it(`are refused when illegal: ${text}`, () => refuses(text))

  it('may have a blank before the resource after all (erratum 4560)', () => {
    assert.deepEqual(parts('juliet@example.com/ foo'), ['juliet', 'example.com', ' foo'])
  })
})

describe('JIDs', () => {
  it('are taken apart at the first slash and the at sign before it', () => {
    assert.deepEqual(parts('montague.example/a/b'), ['', 'montague.example', 'a/b'])
    assert.deepEqual(parts('montague.example/r@x/y'), ['', 'montague.example', 'r@x/y'])
    assert.deepEqual(parts('romeo@montague.example//'), ['romeo', 'montague.example', '/'])
    assert.deepEqual(parts('romeo@[2001:db8::1]/@'), ['romeo', '[2001:db8::1]', '@'])
  })

  const broken = ['', '@', '/', '@/', 'romeo@', 'romeo@/r', '@montague.example', '@montague.example/r', 'x/', 'a@x/']
  broken.push('a@@x', 'a@b@x', 'a@x@', '.', 'a@.', 'a@x..', 'a@.x', 'a@x..y')
  for (const text of broken) it(`have all the parts that they show: ${text}`, () => refuses(text))

  it('are the same when their texts are', () => {
    const romeo = parseJid('romeo@montague.example/orchard')
    for (const text of [
      'Romeo@Montague.Example./orchard',
      'ＲＯＭＥＯ@MONTAGUE.EXAMPLE/orchard',
      'romeo@montague。example/orchard',
    ]) {
      const other = parseJid(text)

      assert.equal(other.toString(), 'romeo@montague.example/orchard')
      assert(other.equals(romeo))
    }
    assert(!parseJid('romeo@montague.example/Orchard').equals(romeo))
    assert(!romeo.bare.equals(romeo))
  })

  it('can be asked what they are', () => {
    const [full, bare, domain, service] = [
      parseJid('romeo@montague.example/orchard'),
      parseJid('romeo@montague.example'),
      parseJid('montague.example'),
      parseJid('montague.example/x'),
    ]

    assert.deepEqual([full.isBare, bare.isBare, domain.isBare, service.isBare], [false, true, true, false])
    assert.deepEqual([full.isDomain, bare.isDomain, domain.isDomain, service.isDomain], [false, false, true, false])
  })

  it('give their bare form, always the same', () => {
    const full = parseJid('romeo@montague.example/orchard')

    assert.equal(full.bare.toString(), 'romeo@montague.example')
    assert.equal(full.bare, full.bare)
    assert.equal(full.bare, parseJid('romeo@montague.example/balcony').bare)
    assert.equal(full.bare.bare, full.bare)
    assert.equal(parseJid('montague.example/x').bare.toString(), 'montague.example')
  })

  it('can be given another resource', () => {
    const full = parseJid('romeo@montague.example/orchard').withResource(prepareResource('Größe'))

    assert.equal(full.toString(), 'romeo@montague.example/Größe')
    assert(full.equals(parseJid('romeo@montague.example/Größe')))
    assert(full.bare.equals(parseJid('romeo@montague.example')))
    assert.equal(new Jid('', 'montague.example').withResource('x').toString(), 'montague.example/x')
  })

  it('can be tried', () => {
    assert.equal(tryParseJid('romeo@montague.example')?.local, 'romeo')
    assert.equal(tryParseJid('ro meo@montague.example'), undefined)
    assert.equal(tryParseJid('ⅷ@montague.example'), undefined)
  })

  it('say in the log, but not with the words of a stranger, why they are none', () => {
    const reasons: Readonly<Record<string, RegExp>> = {
      'ro meo@x': /^local part: ASCII 32 is not allowed$/,
      '♚@x': /^local part: U\+265A is not allowed$/,
      'a@x_y': /^domain: U\+005F is not allowed$/,
      'a@x/\u2028': /^resource: U\+2028 is not allowed$/,
    }
    for (const [text, message] of Object.entries(reasons)) assert.throws(() => parseJid(text), { message })
  })
})

describe('local parts', () => {
  it('may have any ASCII but blanks, controls and separators', () => {
    for (let code = 0; code < 128; code++) {
      const char = String.fromCharCode(code)
      if (code <= 32 || code === 127 || '"&\'/:<>@'.includes(char)) {
        assert.throws(() => prepareLocal(`a${char}b`), JidError, `code ${code}`)
        assert.throws(() => prepareLocal(`ä${char}b`), JidError, `code ${code}, not in ASCII`)
      } else {
        assert.equal(prepareLocal(`a${char}b`), `a${char.toLowerCase()}b`)
        assert.equal(prepareLocal(`ä${char}b`), `ä${char.toLowerCase()}b`)
      }
    }
  })

  it('have no separators in another width either', () => {
    for (const char of '＂＆＇／：＜＞＠') assert.throws(() => prepareLocal(`a${char}b`), JidError)
    assert.equal(prepareLocal('ａ！'), 'a!')
  })
})

describe('resources', () => {
  it('keep their case, width and blanks', () => {
    for (const text of ['Balcony', ' x ', 'Ｂ', '♚', 'a@b/c', '"&\'<>:', '~', '🫪'])
      assert.equal(prepareResource(text), text)
  })

  it('have one kind of blank, and are composed', () => {
    assert.equal(prepareResource('a\xa0b\u3000c'), 'a b c')
    assert.equal(prepareResource('e\u0301'), 'é')
  })

  it('have no controls, nor what cannot be seen, nor half a character', () => {
    for (const char of '\0\t\n\x7f\x85\xad\u200b\u202e\ufeff\ufffe\ud800\ue000\udc00')
      assert.throws(() => prepareResource(`a${char}b`), JidError, JSON.stringify(char))
  })
})

describe('the parts of a JID', () => {
  it('may have 1023 octets and no more', () => {
    const domain = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
    const longest = `${'l'.repeat(1023)}@${domain}/${'r'.repeat(1023)}`
    assert.equal(parseJid(longest).toString(), longest)
    assert.equal(parseJid(`${'ß'.repeat(511)}l@x/${'♚'.repeat(341)}`).resource.length, 341)

    for (const text of ['l'.repeat(1024), 'ß'.repeat(512), '漢'.repeat(342), '\u{10400}'.repeat(256)]) {
      assert.throws(() => prepareLocal(text), /too long/)
      assert.throws(() => prepareResource(text), /too long/)
    }
    assert.equal(prepareLocal('ẞ'.repeat(511)).length, 511) // of two octets each, when prepared
    refuses(`a@${domain}d`)
  })

  it('are refused by their length before they cost anything', () => {
    for (const char of ['a', 'ä', '\u0301', '\u1112', '.', '@', '/', '\ud800']) {
      const text = char.repeat(5_000_000)
      const before = process.cpuUsage()
      for (let n = 0; n < 200; n++) {
        assert.equal(tryParseJid(text), undefined)
        assert.equal(tryParseJid(text), undefined)
        for (const prepare of [prepareLocal, prepareDomain, prepareResource])
          assert.throws(() => prepare(text), JidError)
        assert.throws(() => preparePassword(text), PrecisError)
      }
      const { user } = process.cpuUsage(before)
      assert(user < 1_000_000, `${user} µs`)
    }
  })

  it('take little time whatever they are made of', () => {
    const hostile = [
      `a${'\u0301\u0316'.repeat(511)}`,
      '\u1112\u1161\u11ab'.repeat(341),
      `\u0628${'\u200c\u064b'.repeat(511)}`,
      `\u05d0${'1\u0301'.repeat(510)}!`,
      '\u0661'.repeat(1023),
      `${'\u30fb'.repeat(1022)}a`,
      '\u0344'.repeat(1023),
      'ä.'.repeat(511),
      `xn--${'a'.repeat(1000)}`,
      'xn--bcher-kva.'.repeat(73),
    ]
    const before = process.cpuUsage()
    for (let n = 0; n < 20; n++)
      for (const text of hostile) for (const jid of [`${text}@x`, text, `x/${text}`]) tryParseJid(jid)
    const { user } = process.cpuUsage(before)
    assert(user < 2_000_000, `${user} µs`)
  })
})

describe('the cache of JIDs', () => {
  it('gives the same object for the same text', () => {
    assert.equal(parseJid('Romeo@montague.example/a'), parseJid('Romeo@montague.example/a'))
    assert.equal(parseJid('romeo@montague.example/b').domain, parseJid('juliet@Montague.example/c').domain)
  })

  it('gives what would be read without it', () => {
    const texts = ['Romeo@montague.example', 'Σ@Bücher.example/♚', 'xn--bcher-kva.example/r', '[::1]']
    const first = texts.map(parseJid)
    const cached = texts.map(parseJid)
    forgetAll()
    const again = texts.map(parseJid)

    for (const [n, jid] of first.entries()) {
      assert.equal(cached[n], jid)
      assert.notEqual(again[n], jid)
      assert(again[n]?.equals(jid))
      assert.deepEqual({ ...again[n] }, { ...jid })
    }
  })

  it('keeps what is in use while the rest goes by', () => {
    const romeo = parseJid('romeo@montague.example/kept')
    for (let n = 0; n < 10_000; n++) {
      parseJid(`nurse${n}@capulet.example/x`)
      if (n % 1000 === 0) assert.equal(parseJid('romeo@montague.example/kept'), romeo)
    }
  })

  it('remembers no texts that are long, nor such that are no JIDs', () => {
    const long = `romeo@montague.example/${'x'.repeat(300)}`
    assert.notEqual(parseJid(long), parseJid(long))
    assert(parseJid(long).equals(parseJid(long)))
    for (let n = 0; n < 3; n++) refuses('ro meo@montague.example')
  })

  it('does not hold the chunks that addresses were cut from', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const kept: unknown[] = []
    collect()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < 100; n++) {
      const chunk = `<message to='romeo-montague-${n}@montague-number-${n}.example/the-orchard-${n}'>`.padEnd(
        1_000_000,
        '.',
      )
      const text = chunk.slice(13, chunk.indexOf("'>"))
      const jid = parseJid(text)
      kept.push(jid, jid.local, jid.domain, jid.resource, jid.bare, prepareLocal(jid.local))
      const [local = '', resource = ''] = text.split(/@.*\//)
      kept.push(
        prepareLocal(local),
        prepareResource(resource),
        prepareDomain(chunk.slice(13, 40).replace('@', '-x-').split('-m')[0] ?? ''),
      )
    }
    collect()
    const grown = process.memoryUsage().heapUsed - before

    assert(grown < 20_000_000, `${grown} bytes for ${kept.length} strings`)
  })
})

describe('reading a JID', () => {
  const interesting = [
    ...'aZ0-.@/ "\\\x7f\tßẞΣςİıé\u0301\u0316\u0345א\u05b8״ب١۱क\u094d\u200c\u200d·l͵・カｶﾞＡ＠\u3000。각\u1100\u1161',
    ...'\u212a\u212b\u0958\u09dfⅷǅᾈᎠꭰᲐ♚🫪\u{10400}\ud800\ufe0f\xad\u{e0001}\u{1e900}\u1c89\u{10d50}',
    ...['xn--', 'xn--bcher-kva', '[::1]', '127.0.0.1'],
  ]
  const word = fc.array(
    fc.oneof({ arbitrary: fc.constantFrom(...interesting), weight: 3 }, fc.string({ unit: 'binary', maxLength: 2 })),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  const text = word.map(chars => chars.join(''))
  const address = fc.oneof(
    fc.tuple(text, text, text).map(([local, domain, resource]) => `${local}@${domain}/${resource}`),
    fc.tuple(text, text).map(([local, resource]) => `${local}@montague.example/${resource}`),
    fc.tuple(text, text).map(([domain, resource]) => `${domain}/${resource}`),
    fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}`),
    text,
  )

  it('gives what reads as itself', () => {
    fc.assert(
      fc.property(address, written => {
        const jid = tryParseJid(written)
        if (!jid) return
        const again = parseJid(jid.toString())
        assert(again.equals(jid))
        assert.deepEqual({ ...again }, { ...jid })
        assert.equal(jid.toString().normalize('NFC'), jid.toString())
      }),
      { numRuns: 5_000 },
    )
  })

  it('gives a bare form that reads as itself', () => {
    fc.assert(
      fc.property(address, written => {
        const jid = tryParseJid(written)
        if (!jid) return
        assert(jid.bare.isBare)
        assert.equal(jid.bare.bare, jid.bare)
        assert(parseJid(jid.bare.toString()).equals(jid.bare))
        if (!jid.isBare) assert(jid.bare.withResource(jid.resource).equals(jid))
      }),
      { numRuns: 5_000 },
    )
  })

  it('is the same as preparing the parts', () => {
    fc.assert(
      fc.property(text, text, text, (local, domain, resource) => {
        if (/[@/]/.test(local + domain)) return
        let expected: string | undefined
        try {
          expected = `${prepareLocal(local)}@${prepareDomain(domain)}/${prepareResource(resource)}`
        } catch (fault) {
          assert(fault instanceof JidError)
        }
        assert.equal(tryParseJid(`${local}@${domain}/${resource}`)?.toString(), expected)
      }),
      { numRuns: 5_000 },
    )
  })

  it('never fails otherwise than by a JidError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), written => {
        tryParseJid(written)
      }),
      { numRuns: 5_000 },
    )
  })
})
