import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatDateTime, parseDateTime } from './dates.js'

describe('a DateTime (XEP-0082)', () => {
  const moon = Date.UTC(1969, 6, 21, 2, 56, 15)

  it('is written in UTC with milliseconds', () => {
    assert.equal(formatDateTime(Date.UTC(2026, 10, 24, 19, 5, 7, 123)), '2026-11-24T19:05:07.123Z')
    assert.equal(formatDateTime(0), '1970-01-01T00:00:00.000Z')
  })

  const legal: Readonly<Record<string, number>> = {
    '1969-07-21T02:56:15Z': moon,
    '1969-07-20T21:56:15-05:00': moon,
    '1969-07-21T08:26:15+05:30': moon,
    '1969-07-21T02:56:15+00:00': moon,
    '1969-07-21T02:56:15.5Z': moon + 500,
    '1969-07-21T02:56:15.123Z': moon + 123,
    '1969-07-21T02:56:15.123999999Z': moon + 123,
    '1595-07-01T00:00:00Z': Date.UTC(1595, 6, 1),
    '2024-02-29T12:00:00Z': Date.UTC(2024, 1, 29, 12),
    '2024-03-01T00:30:00+01:00': Date.UTC(2024, 1, 29, 23, 30),
  }
  for (const [text, at] of Object.entries(legal)) it(`is read: ${text}`, () => assert.equal(parseDateTime(text), at))

  const illegal = [
    '',
    'yesterday',
    '1969-07-21',
    '02:56:15Z',
    '1969-07-21T02:56Z',
    '1969-07-21T02:56:15',
    '1969-07-21 02:56:15Z',
    '1969-07-21t02:56:15z',
    ' 1969-07-21T02:56:15Z',
    '1969-07-21T02:56:15Z\n',
    '19690721T02:56:15',
    '1969-7-21T02:56:15Z',
    '+001969-07-21T02:56:15Z',
    '1969-07-21T02:56:15.Z',
    '1969-07-21T02:56:15,5Z',
    '1969-07-21T02:56:15+0100',
    '1969-07-21T02:56:15+25:00',
    '1969-07-21T02:56:15+01:60',
    '1969-13-21T02:56:15Z',
    '1969-00-21T02:56:15Z',
    '1969-07-32T02:56:15Z',
    '1969-07-00T02:56:15Z',
    '1969-07-21T25:56:15Z',
    '1969-07-21T02:60:15Z',
    '1969-07-21T02:56:61Z',
    '2026-02-29T00:00:00Z',
    '2026-02-31T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '٢٠٢٦-01-01T00:00:00Z',
  ]
  for (const text of illegal) it(`is none: ${JSON.stringify(text)}`, () => assert.equal(parseDateTime(text), undefined))

  it('is read as the moment that was written', () => {
    const [first, last] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]

    fc.assert(
      fc.property(fc.integer({ min: first, max: last }), at => assert.equal(parseDateTime(formatDateTime(at)), at)),
      { examples: [[first], [last], [Date.parse('0000-02-29T00:00:00Z')], [Date.parse('0004-02-29T00:00:00Z')]] },
    )
  })

  it('costs nothing to refuse, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const at = parseDateTime(text)
        assert.ok(at === undefined || Number.isFinite(at))
      }),
    )
  })
})
