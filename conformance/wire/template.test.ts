import assert from 'node:assert/strict'
import { agrees, fill, ScriptFault } from './template.js'

describe('text in scripts', () => {
  const values = () =>
    new Map([
      ['romeo', 'romeo@verona.example'],
      ['romeo.user', 'romeo'],
      ['mark', '<&>'],
    ])

  it('is sent with what its names stand for', () => {
    assert.equal(fill("to='{romeo}/orchard'", values()), "to='romeo@verona.example/orchard'")
    assert.equal(
      fill('{mark}', values(), text => text.replaceAll('<', '&lt;')),
      '&lt;&>',
    )
    assert.equal(fill('a{U+200B}b{U+1F339}', values()), 'a\u200Bb🌹')
    assert.equal(fill('{repeat 3 {romeo.user}!}', values()), 'romeo!romeo!romeo!')
    assert.equal(
      fill("{count 3 <a b='{#}{romeo.user}'/>}", values()),
      ['1', '2', '3'].map(n => `<a b='${n}romeo'/>`).join(''),
    )
    assert.equal(
      fill('{base64 {U+0000}{romeo.user}{U+0000}rose}', values()),
      Buffer.from('\0romeo\0rose').toString('base64'),
    )
    assert.equal(fill('{sha1 abc}', values()), 'a9993e364706816aba3e25717850c26c9cd0d89d')
    assert.equal(fill('{repeat {max}-2 a}', new Map([['max', '5']])), 'aaa')
    assert.equal(fill('{upper {romeo.user}} {wide a~}', values()), 'ROMEO \uff41\uff5e')
    assert.equal(fill('{utf16 <a}', values()), '3c006100')
    assert.equal(fill('{field s {base64 r=a,s=b=,i=1}}', values()), 'b=')
    assert.throws(() => fill('{field x {base64 r=a}}', values()), ScriptFault)
  })

  it('says when it means nothing', () => {
    for (const text of ['{tybalt}', '{romeo', '{twice x}', '{any}'])
      assert.throws(() => fill(text, values()), ScriptFault)
  })

  it('is compared with what comes', () => {
    const is = (text: string, value?: string) => agrees(text, value, values())

    assert.ok(is('{romeo}', 'romeo@verona.example'))
    assert.ok(!is('{romeo}', 'romeo@veronaXexample'), 'a dot is a dot')
    assert.ok(!is('{romeo}', 'romeo@verona.example/orchard'))
    assert.ok(is('{any}', 'x') && is('x{any}', 'xyz') && !is('{any}', '') && !is('{any}'))
    assert.ok(is('{absent}') && !is('{absent}', ''))
    assert.ok(is('{absent|{romeo}}') && is('{absent|{romeo}}', 'romeo@verona.example') && !is('{absent|{romeo}}', 'x'))
    assert.ok(is('{auth|cancel}', 'cancel') && !is('{auth|cancel}', 'cancelled'))
    assert.ok(is('{number}', '42') && !is('{number}', 'a42'))
    assert.ok(is('{datetime}', '2026-11-25T01:02:03.5Z') && !is('{datetime}', '20261125T01:02:03'))
    assert.ok(is('{utc}', '2026-11-25T01:02:03Z') && !is('{utc}', '2026-11-25T01:02:03+00:00'))
    assert.ok(!is('', undefined) && is('', ''))
  })

  it('remembers what it is asked to', () => {
    const known = values()

    assert.ok(agrees('{romeo}/{=the resource}', 'romeo@verona.example/orchard', known))
    assert.equal(known.get('the resource'), 'orchard')
    assert.ok(agrees('{the resource}', 'orchard', known))
    assert.ok(!agrees('{the resource}', 'balcony', known))
  })
})
