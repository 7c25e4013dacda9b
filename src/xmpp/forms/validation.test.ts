import assert from 'node:assert/strict'
import { parseElement, serialise } from '../../xml/index.js'
import { checkValue, type Method, readValidation, type Validation, validationElement } from './validation.js'

const read = (validate: string): Validation | undefined =>
  readValidation(parseElement(`<field xmlns='jabber:x:data' var='f'>${validate}</field>`))

const XDV = "xmlns='http://jabber.org/protocol/xdata-validate'"

describe('the validation of a field (XEP-0122)', () => {
  const written: readonly (readonly [Validation, string])[] = [
    [
      { datatype: 'xs:dateTime', method: { by: 'basic' } },
      `<validate ${XDV} datatype='xs:dateTime'><basic/></validate>`,
    ],
    [{ method: { by: 'open' } }, `<validate ${XDV}><open/></validate>`],
    [
      { datatype: 'xs:int', method: { by: 'range', min: '1', max: '9' } },
      `<validate ${XDV} datatype='xs:int'><range min='1' max='9'/></validate>`,
    ],
    [{ datatype: 'xs:int', method: { by: 'range' } }, `<validate ${XDV} datatype='xs:int'><range/></validate>`],
    [
      { method: { by: 'regex', pattern: '([0-9]{3})-([0-9]{2})' } },
      `<validate ${XDV}><regex>([0-9]{3})-([0-9]{2})</regex></validate>`,
    ],
    [
      { method: { by: 'basic' }, listRange: { min: 1, max: 3 } },
      `<validate ${XDV}><basic/><list-range min='1' max='3'/></validate>`,
    ],
  ]
  for (const [validation, text] of written)
    it(`is written and read: ${text.slice(text.indexOf('>') + 1)}`, () => {
      assert.equal(serialise(validationElement(validation)), text)
      assert.deepEqual(read(text), validation)
    })

  it('is basic when no method is named, or none that is known', () => {
    assert.deepEqual(read(`<validate ${XDV}/>`), { method: { by: 'basic' } })
    assert.deepEqual(read(`<validate ${XDV}><magic/></validate>`), { method: { by: 'basic' } })
    assert.equal(serialise(validationElement({})), `<validate ${XDV}><basic/></validate>`)
  })

  it('is nothing where there is none', () => {
    assert.equal(read('<validate/>'), undefined)
    assert.equal(read('<value>1</value>'), undefined)
  })

  it('does not count by what is no number', () =>
    assert.deepEqual(read(`<validate ${XDV}><list-range min='-1' max='some'/></validate>`)?.listRange, {}))
})

describe('a value', () => {
  const takes = (datatype: string, text: string, method?: Method): boolean =>
    'value' in checkValue({ datatype, ...(method && { method }) }, text)

  const datatypes: Readonly<Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>> = {
    'xs:anyURI': { good: ['http://a.example/?q=%20', 'xmpp:a@b', '../x', ''], bad: ['a b', '%zz', '<a>', '{a}'] },
    'xs:boolean': { good: ['true', '0'], bad: ['yes', 'True', ''] },
    'xs:byte': { good: ['-128', '+127', '007'], bad: ['128', '-129', '1.0', ''] },
    'xs:date': { good: ['2024-02-29', '2024-12-31Z', '1595-07-01+14:00'], bad: ['2023-02-29', '2024-13-01', '24-1-1'] },
    'xs:dateTime': {
      good: ['2003-10-06T11:22:00-07:00', '2003-10-06T11:22:00', '2003-10-06T11:22:00.12345Z'],
      bad: [
        '2003-10-06',
        '2003-10-06T25:22:00Z',
        '2003-02-30T11:22:00Z',
        '2003-10-06 11:22:00',
        '2003-10-06T11:22:00+15:00',
      ],
    },
    'xs:decimal': { good: ['-1.5', '.5', '5.', '+0.0'], bad: ['1e3', '.', '', '1,5', '1'.repeat(1001)] },
    'xs:double': { good: ['1e3', '-INF', 'NaN', '.5E-7'], bad: ['INFINITY', 'e3', '0x10'] },
    'xs:float': { good: ['1.5'], bad: ['one'] },
    'xs:int': { good: ['2147483647', '-2147483648'], bad: ['2147483648'] },
    'xs:integer': { good: ['9'.repeat(1000), '-0'], bad: ['9'.repeat(1001), '1_000', '٣'] },
    'xs:language': { good: ['de', 'fr-CA', 'x-klingon'], bad: ['', 'de_DE', 'verylonglanguage'] },
    'xs:long': { good: ['9223372036854775807'], bad: ['9223372036854775808'] },
    'xs:negativeInteger': { good: ['-1'], bad: ['0'] },
    'xs:nonNegativeInteger': { good: ['0'], bad: ['-1'] },
    'xs:nonPositiveInteger': { good: ['0'], bad: ['1'] },
    'xs:positiveInteger': { good: ['1'], bad: ['0'] },
    'xs:short': { good: ['32767'], bad: ['32768'] },
    'xs:string': { good: ['', ' anything '], bad: [] },
    'xs:time': { good: ['23:59:59', '00:00:00.5Z'], bad: ['24:00:00', '1:00:00'] },
    'xs:unsignedByte': { good: ['255'], bad: ['256', '-1'] },
    'xs:unsignedInt': { good: ['4294967295'], bad: ['4294967296'] },
    'xs:unsignedLong': { good: ['18446744073709551615'], bad: ['18446744073709551616'] },
    'xs:unsignedShort': { good: ['65535'], bad: ['65536'] },
    // one that nobody knows is a string (§4.1)
    'x:mask': { good: ['fox', ''], bad: [] },
    constructor: { good: ['fox'], bad: [] },
  }
  for (const [datatype, { good, bad }] of Object.entries(datatypes))
    it(`of ${datatype} is what it has to be`, () => {
      for (const text of good) assert.ok(takes(datatype, text), `${text} is one`)
      for (const text of bad) assert.ok(!takes(datatype, text), `${text} is none`)
    })

  it('loses the space that its datatype has no use for, and no other', () => {
    assert.deepEqual(checkValue({ datatype: 'xs:int' }, ' \n7\t'), { value: '7' })
    assert.deepEqual(checkValue({}, ' 7 '), { value: ' 7 ' })
  })

  const ranges: readonly (readonly [datatype: string, min: string, max: string, within: string, beyond: string])[] = [
    ['xs:int', '-5', '10', '9', '-6'],
    ['xs:integer', '0', '100000000000000000000', '99999999999999999999', '100000000000000000001'],
    ['xs:decimal', '-0.10', '0.25', '0.249999999999999999999', '0.2500000000000000000001'],
    ['xs:decimal', '-0.10', '0.25', '-.1', '-0.11'],
    ['xs:double', '-INF', '1e3', '999.9', '1000.1'],
    ['xs:date', '2003-10-05', '2003-10-24', '2003-10-24', '2003-10-25'],
    [
      'xs:dateTime',
      '2003-10-05T00:00:00-07:00',
      '2003-10-24T23:59:59-07:00',
      '2003-10-05T07:00:00Z',
      '2003-10-05T06:59:59Z',
    ],
    ['xs:time', '09:00:00', '17:00:00', '16:59:59.999', '17:00:00.001'],
  ]
  for (const [datatype, min, max, within, beyond] of ranges)
    it(`of ${datatype} is from ${min} to ${max}, or refused`, () => {
      assert.ok(takes(datatype, within, { by: 'range', min, max }))
      assert.ok(takes(datatype, min, { by: 'range', min, max }))
      assert.ok(takes(datatype, max, { by: 'range', min, max }))
      assert.ok(!takes(datatype, beyond, { by: 'range', min, max }))
    })

  it('may be bounded on one side, or on none', () => {
    assert.deepEqual(checkValue({ datatype: 'xs:int', method: { by: 'range', min: '3' } }, '2'), {
      expected: 'at least 3',
    })
    assert.deepEqual(checkValue({ datatype: 'xs:int', method: { by: 'range', max: '3' } }, '4'), {
      expected: 'at most 3',
    })
    assert.ok(takes('xs:int', '4', { by: 'range' }))
  })

  it('is not bounded by what is no value, nor where there is no order (§5.1)', () => {
    assert.ok(takes('xs:int', '4', { by: 'range', min: 'five' }))
    assert.ok(takes('xs:string', 'b', { by: 'range', min: 'c' }))
  })

  it('is like an expression as a whole', () => {
    const ssn: Method = { by: 'regex', pattern: '([0-9]{3})-([0-9]{2})-([0-9]{4})' }

    assert.ok(takes('xs:string', '123-12-1234', ssn))
    for (const text of ['123-12-12345', 'x123-12-1234', '', '123-12']) assert.ok(!takes('xs:string', text, ssn))
    assert.deepEqual(checkValue({ method: { by: 'regex', pattern: '[a-z]' } }, '1'), {
      expected: 'something like [a-z]',
    })
  })

  it('is anything where the expression is not understood (§4.1)', () =>
    assert.ok(takes('xs:string', 'x', { by: 'regex', pattern: '(' })))
})
