import assert from 'node:assert/strict'
import { type Element, parseElement } from '../../xml/index.js'
import type { FormField } from './form.js'
import { type Answers, type DataForm, formTypeField, InvalidSubmission, readSubmission } from './index.js'

const submitted = (fields: Readonly<Record<string, readonly string[]>>, type = 'submit'): Element =>
  parseElement(
    `<x xmlns='jabber:x:data' type='${type}'>${Object.entries(fields)
      .map(
        ([name, values]) => `<field var='${name}'>${values.map(value => `<value>${value}</value>`).join('')}</field>`,
      )
      .join('')}</x>`,
  )

/** A form of one field, filled in. */
function enter(field: FormField, ...values: readonly string[]): Answers {
  return readSubmission({ type: 'form', fields: [{ var: 'f', ...field }] }, submitted({ f: values }))
}

const values = (field: FormField, ...entered: readonly string[]): readonly string[] =>
  enter(field, ...entered).values('f')

/** What the sender is told. */
function problem(act: () => unknown): string {
  try {
    act()
  } catch (fault) {
    assert.ok(fault instanceof InvalidSubmission, `${fault}`)
    assert.deepEqual([fault.condition, fault.type], ['not-acceptable', 'modify'])
    return fault.message
  }
  return assert.fail('it was taken')
}

const form: DataForm = {
  type: 'form',
  fields: [
    formTypeField('urn:example:ball'),
    { type: 'fixed', values: ['About you'] },
    { var: 'name', type: 'text-single', required: true },
    { var: 'dances', type: 'boolean' },
    { var: 'with', type: 'jid-multi' },
  ],
}

describe('a form that was filled in', () => {
  it('gives what was entered, by the names of the fields', () => {
    const answers = readSubmission(
      form,
      submitted({ name: ['Juliet'], dances: ['1'], with: ['Paris@verona.example', 'romeo@verona.example'] }),
    )

    assert.equal(answers.text('name'), 'Juliet')
    assert.equal(answers.flag('dances'), true)
    assert.deepEqual(answers.jids('with').map(String), ['paris@verona.example', 'romeo@verona.example'])
    assert.deepEqual(
      [...answers.entries()].map(([name]) => name),
      ['name', 'dances', 'with'],
    )
  })

  it('may leave out what is not required, which then stays as it is (§3.5)', () => {
    const answers = readSubmission(form, submitted({ name: ['Juliet'], dances: [] }))

    assert.deepEqual([answers.has('dances'), answers.has('with')], [true, false])
    assert.deepEqual([answers.text('dances'), answers.flag('with'), answers.jids('with')], [undefined, false, []])
  })

  it('may not leave out what is required, nor leave it empty', () => {
    for (const fields of [{}, { name: [] }, { name: [''] }])
      assert.equal(
        problem(() => readSubmission(form, submitted(fields))),
        'name is required',
      )
  })

  it('may hold what nobody asked for: that is ignored (§3.1)', () => {
    const answers = readSubmission(form, submitted({ name: ['Juliet'], balcony: ['yes'] }))

    assert.equal(answers.has('balcony'), false)
  })

  it('is told what each field is by the form, not by who fills it in', () => {
    const x = parseElement(
      "<x xmlns='jabber:x:data' type='submit'><field var='name' type='list-multi'><value>Juliet</value></field></x>",
    )

    assert.equal(readSubmission(form, x).text('name'), 'Juliet')
  })

  it('has each field once', () => {
    const x = parseElement("<x xmlns='jabber:x:data' type='submit'><field var='a'/><field var='a'/></x>")

    assert.equal(
      problem(() => readSubmission(form, x)),
      'a stands there twice',
    )
  })

  it('is of the type of the form, if it says so (XEP-0068)', () => {
    const fields = { name: ['Juliet'] }

    assert.ok(readSubmission(form, submitted({ FORM_TYPE: ['urn:example:ball'], ...fields })))
    assert.ok(readSubmission(form, submitted(fields)))
    assert.ok(readSubmission({ type: 'form', fields: [] }, submitted({ FORM_TYPE: ['urn:example:duel'] })))
    assert.equal(
      problem(() => readSubmission(form, submitted({ FORM_TYPE: ['urn:example:duel'], ...fields }))),
      'a form of urn:example:ball was expected',
    )
  })

  it('is a submission', () => {
    for (const type of ['form', 'result', 'cancel'])
      assert.match(
        problem(() => readSubmission(form, submitted({ name: ['Juliet'] }, type))),
        /type submit/,
      )
  })
})

describe('a field', () => {
  const SINGLE = ['boolean', 'jid-single', 'list-single', 'text-private', 'text-single'] as const
  for (const type of SINGLE)
    it(`of type ${type} has one value (§3.2)`, () => {
      const options = [{ value: '1' }, { value: '0' }]

      assert.match(
        problem(() => enter({ type, ...(type === 'list-single' && { options }) }, '1', '0')),
        /one value/,
      )
    })

  it('is a line of text unless it says what it is', () => {
    assert.deepEqual(values({}, 'Art thou not Romeo?'), ['Art thou not Romeo?'])
    assert.throws(() => enter({}, 'a', 'b'), InvalidSubmission)
  })

  it('of type boolean takes four words for two values', () => {
    for (const [word, value] of [
      ['1', 'true'],
      ['true', 'true'],
      ['0', 'false'],
      ['false', 'false'],
    ])
      assert.deepEqual(values({ type: 'boolean' }, word ?? ''), [value])
    for (const word of ['yes', 'TRUE', '2', 'constructor'])
      assert.equal(
        problem(() => enter({ type: 'boolean' }, word)),
        'f: true or false was expected',
      )
  })

  it('for addresses has them prepared, and each once (§3.3)', () => {
    assert.deepEqual(values({ type: 'jid-single' }, ' Romeo@VERONA.example '), ['romeo@verona.example'])
    assert.deepEqual(
      values({ type: 'jid-multi' }, 'romeo@verona.example', '', 'ROMEO@verona.example', 'mantua.example'),
      ['romeo@verona.example', 'mantua.example'],
    )
    assert.equal(
      problem(() => enter({ type: 'jid-multi' }, 'verona.example', '@')),
      'f: an address was expected',
    )
  })

  it('of several lines has a value for each, however they came', () => {
    assert.deepEqual(values({ type: 'text-multi' }, 'a', '', 'b\nc'), ['a', '', 'b', 'c'])
    assert.equal(enter({ type: 'text-multi' }, 'a', 'b').text('f'), 'a\nb')
    assert.deepEqual(values({ type: 'text-multi' }, '', ''), [])
  })

  it('that is hidden comes back as it was given', () =>
    assert.deepEqual(values({ type: 'hidden' }, 'a', 'b'), ['a', 'b']))

  it('that only tells something takes nothing', () => assert.equal(enter({ type: 'fixed' }, 'x').has('f'), false))

  const dishes = { options: [{ value: 'figs' }, { value: 'dates' }, { value: 'quinces' }] }

  it('with options takes one of them', () => {
    assert.deepEqual(values({ type: 'list-single', ...dishes }, 'dates'), ['dates'])
    assert.deepEqual(values({ type: 'list-single', ...dishes }, ''), [])
    assert.equal(
      problem(() => enter({ type: 'list-single', ...dishes }, 'Dates')),
      'f: one of figs, dates, quinces was expected',
    )
  })

  it('with an empty option takes that', () =>
    assert.deepEqual(values({ type: 'list-single', options: [{ value: '' }] }, ''), ['']))

  it('with options takes several of them, in the order of the form (§3.3)', () => {
    assert.deepEqual(values({ type: 'list-multi', ...dishes }, 'quinces', 'figs', 'quinces'), ['figs', 'quinces'])
    assert.throws(() => enter({ type: 'list-multi', ...dishes }, 'figs', 'lark'), InvalidSubmission)
  })
})

describe('validation (XEP-0122)', () => {
  const count = { datatype: 'xs:integer', method: { by: 'range', min: '1', max: '10' } } as const

  it('holds a line to its datatype and range', () => {
    assert.deepEqual(values({ validation: count }, ' 7 '), ['7'])
    assert.equal(
      problem(() => enter({ validation: count }, '11')),
      'f: 1 to 10 was expected',
    )
    assert.equal(
      problem(() => enter({ validation: count }, 'seven')),
      'f: a value of xs:integer was expected',
    )
  })

  it('applies to what is not shown as well', () =>
    assert.throws(() => enter({ type: 'text-private', validation: count }, '0'), InvalidSubmission))

  it('looks at all lines together, or, when more than basic, at each (§3.2.2)', () => {
    const byLine = { datatype: 'xs:integer', method: { by: 'open' } } as const

    assert.throws(() => enter({ type: 'text-multi', validation: { datatype: 'xs:integer' } }, '1', '2'))
    assert.deepEqual(values({ type: 'text-multi', validation: byLine }, '1', '2'), ['1', '2'])
    assert.throws(() => enter({ type: 'text-multi', validation: byLine }, '1', 'two'), InvalidSubmission)
  })

  const dishes = [{ value: 'figs' }, { value: 'dates' }, { value: 'quinces' }]

  it('opens a list to what is not among its options (§3.2)', () => {
    for (const method of [{ by: 'open' }, { by: 'regex', pattern: '[a-z]+' }] as const) {
      const field = { type: 'list-multi', options: dishes, validation: { method } } as const
      assert.deepEqual(values(field, 'lark', 'dates'), ['dates', 'lark'])
    }
    assert.throws(
      () => enter({ type: 'list-single', options: dishes, validation: { method: { by: 'basic' } } }, 'lark'),
      InvalidSubmission,
    )
    assert.throws(
      () =>
        enter(
          { type: 'list-single', options: dishes, validation: { method: { by: 'regex', pattern: '[a-z]' } } },
          'lark',
        ),
      InvalidSubmission,
    )
  })

  it('counts what is chosen (§3.3)', () => {
    const some = { type: 'list-multi', options: dishes, validation: { listRange: { min: 1, max: 2 } } } as const

    assert.deepEqual(values(some, 'figs'), ['figs'])
    assert.equal(
      problem(() => enter(some, 'figs', 'dates', 'quinces')),
      'f: 1 to 2 was expected',
    )
    assert.equal(
      problem(() => enter(some)),
      'f: 1 to 2 was expected',
    )
    assert.equal(
      problem(() => enter({ ...some, validation: { listRange: { min: 2, max: 2 } } }, 'figs')),
      'f: exactly 2 was expected',
    )
    assert.equal(
      problem(() => enter({ ...some, validation: { listRange: { min: 2 } } }, 'figs')),
      'f: 2 or more was expected',
    )
  })

  it('counts lists only', () =>
    assert.deepEqual(values({ type: 'text-multi', validation: { listRange: { max: 1 } } }, 'a', 'b'), ['a', 'b']))
})
