import assert from 'node:assert/strict'
import { matches } from './pattern.js'
import { parseElements } from './xml.js'

describe('what a script expects', () => {
  const values = new Map([['romeo', 'romeo@verona.example']])
  const fits = (pattern: string, element: string, known = new Map(values)) => {
    const [wanted, came] = [pattern, element].map(text => parseElements(text)[0])
    assert.ok(wanted && came)
    return matches(wanted, came, known)
  }

  it('is there by name, namespace, attributes and text, whatever there is besides', () => {
    assert.ok(fits("<iq type='result'/>", "<iq type='result' id='1'><query xmlns='jabber:iq:roster'/></iq>"))
    assert.ok(!fits("<iq type='result'/>", "<iq type='error'/>"))
    assert.ok(!fits('<iq/>', "<iq xmlns='jabber:server'/>"))
    assert.ok(!fits('<iq/>', '<message/>'))
    assert.ok(fits('<body>art thou {any}?</body>', '<body>art thou not Romeo?</body>'))
    assert.ok(!fits('<body>art</body>', '<body>art </body>'))
    assert.ok(fits("<body xml:lang='en'/>", "<body xml:lang='en'>hi</body>"))
  })

  it('has its children, in any order, each by one of its own', () => {
    assert.ok(fits('<x><a/><b/></x>', '<x><b/><c/><a/></x>'))
    assert.ok(!fits('<x><a/><a/></x>', '<x><a/></x>'))
    assert.ok(!fits('<x><a><b/></a></x>', '<x><a/><b/></x>'))
  })

  it('may say what must not be there', () => {
    assert.ok(fits("<x><not><a by='{romeo}'/></not></x>", "<x><a by='juliet@capulet.example'/></x>"))
    assert.ok(!fits("<x><not><a by='{romeo}'/></not></x>", "<x><a by='romeo@verona.example'/></x>"))
    assert.ok(fits("<x a='1'><b/><only/></x>", "<x a='1'><b c='2'/></x>"))
    assert.ok(!fits("<x a='1'><only/></x>", "<x a='1' b='2'/>"))
    assert.ok(!fits('<x><b/><only/></x>', '<x><b/><b/></x>'))
    assert.ok(!fits('<x><only/></x>', '<x>y</x>') && fits('<x>y<only/></x>', '<x>y</x>'))
  })

  it('may leave a choice', () => {
    assert.ok(fits('<x><one-of><a/><b/></one-of></x>', '<x><b/></x>'))
    assert.ok(!fits('<x><one-of><a/><b/></one-of></x>', '<x><c/></x>'))
    assert.ok(fits('<x><any/></x>', '<x><c/></x>') && !fits('<x><any/></x>', '<x/>'))
  })

  it('gives names only when all agrees', () => {
    const known = new Map(values)

    assert.ok(!fits("<x id='{=id}'><a/></x>", "<x id='1'/>", known))
    assert.ok(!known.has('id'))
    assert.ok(fits("<x id='{=id}'><a/></x>", "<x id='1'><a/></x>", known))
    assert.equal(known.get('id'), '1')
  })
})
