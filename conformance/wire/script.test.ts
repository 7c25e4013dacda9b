import assert from 'node:assert/strict'
import { parseScript } from './script.js'

describe('a script', () => {
  it('says what it is, and then what happens', () => {
    const script = parseScript(
      'rfc6121/8.5-x',
      [
        'title: Juliet gets what Romeo writes',
        'source: RFC 6121 §8.5.2.1.1 MUST',
        'source: XEP-0280 MAY',
        'needs: feature urn:xmpp:carbons:2',
        '',
        '# they are strangers',
        'romeo sends',
        "  <message to='{juliet}'>",
        '    <body>hi</body>',
        '  </message>',
        'nobody receives anything',
      ].join('\n'),
    )

    assert.deepEqual(script, {
      name: 'rfc6121/8.5-x',
      title: 'Juliet gets what Romeo writes',
      sources: [
        { specification: 'RFC 6121', section: '8.5.2.1.1', level: 'MUST' },
        { specification: 'XEP-0280', section: '', level: 'MAY' },
      ],
      needs: ['feature urn:xmpp:carbons:2'],
      steps: [
        { line: 7, text: 'romeo sends', block: "<message to='{juliet}'>\n  <body>hi</body>\n</message>" },
        { line: 11, text: 'nobody receives anything', block: '' },
      ],
    })
  })

  it('has to say what it is and who asks for it', () => {
    assert.throws(() => parseScript('x', 'source: RFC 6121 MUST\n'), /title/)
    assert.throws(() => parseScript('x', 'title: y\n'), /source/)
    assert.throws(() => parseScript('x', 'title: y\nsource: RFC 6121\n'), /not a source/)
    assert.throws(() => parseScript('x', 'title: y\n  <message/>\n'), /belongs to a step/)
  })
})
