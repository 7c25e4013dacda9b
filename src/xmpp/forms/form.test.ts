import assert from 'node:assert/strict'
import { parseElement, serialise, xml } from '../../xml/index.js'
import { StanzaError } from '../errors.js'
import { type DataForm, FORM_TYPE, formElement, formIn, formTypeField, formTypeOf, linesOf, readForm } from './index.js'

const read = (inner: string, type = 'form'): DataForm =>
  readForm(parseElement(`<x xmlns='jabber:x:data' type='${type}'>${inner}</x>`))

/** All that a form can have. */
const ball: DataForm = {
  type: 'form',
  title: 'The Capulets’ Ball',
  instructions: ['Whoever comes wears a mask.', 'Montagues stay away.'],
  fields: [
    formTypeField('urn:example:ball'),
    { type: 'fixed', values: ['About you'] },
    { var: 'name', type: 'text-single', label: 'Name', desc: 'As it is sung', required: true },
    { var: 'word', type: 'text-private', label: 'The word' },
    { var: 'dances', type: 'boolean', values: ['true'] },
    {
      var: 'dish',
      type: 'list-single',
      values: ['figs'],
      options: [{ label: 'Figs', value: 'figs' }, { value: 'dates' }],
    },
    {
      var: 'age',
      type: 'text-single',
      validation: { datatype: 'xs:integer', method: { by: 'range', min: '13', max: '99' } },
    },
    { var: 'with', type: 'jid-multi', values: ['paris@verona.example', 'rosaline@verona.example'] },
  ],
}

describe('a data form', () => {
  it('is written as XEP-0004 shows it', () => {
    const form = formElement({
      type: 'form',
      title: 'Bot Configuration',
      instructions: ['Fill out this form!'],
      fields: [
        formTypeField('jabber:bot'),
        { var: 'public', type: 'boolean', label: 'Public bot?', required: true },
        { var: 'maxsubs', type: 'list-single', values: ['20'], options: [{ label: 'None', value: 'none' }] },
      ],
    })

    assert.equal(
      serialise(form),
      "<x xmlns='jabber:x:data' type='form'><title>Bot Configuration</title>" +
        '<instructions>Fill out this form!</instructions>' +
        "<field var='FORM_TYPE' type='hidden'><value>jabber:bot</value></field>" +
        "<field var='public' type='boolean' label='Public bot?'><required/></field>" +
        "<field var='maxsubs' type='list-single'><value>20</value>" +
        "<option label='None'><value>none</value></option></field></x>",
    )
  })

  it('is read as it was written', () => assert.deepEqual(readForm(formElement(ball)), ball))

  for (const type of ['submit', 'cancel', 'result'] as const)
    it(`may be a ${type}`, () => {
      const form = { type, fields: [] }

      assert.equal(serialise(formElement(form)), `<x xmlns='jabber:x:data' type='${type}'/>`)
      assert.deepEqual(readForm(formElement(form)), form)
    })

  it('has no other type', () => {
    for (const type of ['', 'error', 'Form', 'constructor'])
      assert.throws(
        () => read('', type),
        (fault: unknown) => fault instanceof StanzaError && fault.condition === 'bad-request',
      )
  })

  it('has fields with names, but for what is only told', () => {
    assert.throws(() => formElement({ type: 'form', fields: [{ type: 'text-single' }] }), TypeError)
    assert.equal(
      serialise(formElement({ type: 'form', fields: [{ type: 'fixed', values: ['Act I'] }] })),
      "<x xmlns='jabber:x:data' type='form'><field type='fixed'><value>Act I</value></field></x>",
    )
  })

  it('takes a type of field that nobody knows for a line of text (§3.3)', () => {
    assert.deepEqual(read("<field var='a' type='colour'/><field var='b'/>").fields, [
      { var: 'a', type: 'text-single' },
      { var: 'b' },
    ])
  })

  it('is found among other things', () => {
    const command = xml('command', { xmlns: 'urn:example' }, xml('x'), formElement(ball))

    assert.deepEqual(readForm(formIn(command) ?? xml('none')), ball)
    assert.equal(formIn(xml('command', { xmlns: 'urn:example' }, xml('x'))), undefined)
  })
})

describe('a table in a result (§3.4)', () => {
  const table = {
    reported: [{ var: 'name', label: 'Name', type: 'text-single' as const }, { var: 'url' }],
    items: [
      new Map([
        ['name', ['Verona']],
        ['url', ['http://verona.example/']],
      ]),
      new Map([['name', ['Mantua']]]),
    ],
  }

  it('gives each item every field that is reported', () => {
    const form = formElement({ type: 'result', title: 'Towns', fields: [], table })

    assert.equal(
      serialise(form),
      "<x xmlns='jabber:x:data' type='result'><title>Towns</title>" +
        "<reported><field var='name' type='text-single' label='Name'/><field var='url'/></reported>" +
        "<item><field var='name'><value>Verona</value></field>" +
        "<field var='url'><value>http://verona.example/</value></field></item>" +
        "<item><field var='name'><value>Mantua</value></field><field var='url'><value/></field></item></x>",
    )
  })

  it('is read, also where what is reported stands at the end', () => {
    const form = read(
      "<item><field var='name'><value>Verona</value></field></item><reported><field var='name'/></reported>",
      'result',
    )

    assert.deepEqual(form.table, { reported: [{ var: 'name' }], items: [new Map([['name', ['Verona']]])] })
  })

  it('stands alone', () =>
    assert.throws(() => formElement({ type: 'result', fields: [{ var: 'more' }], table }), TypeError))
})

describe('the type of a form’s names (XEP-0068)', () => {
  const named = (type: string) => `<field var='${FORM_TYPE}'${type}><value>urn:example</value></field>`

  it('is in a hidden field', () => {
    assert.equal(formTypeOf(ball), 'urn:example:ball')
    assert.equal(formTypeOf(read(named(" type='hidden'"))), 'urn:example')
    assert.equal(formTypeOf(read(named(" type='hidden'"), 'result')), 'urn:example')
    assert.equal(formTypeOf(read("<field var='a'/>")), undefined)
  })

  it('is nothing in a field that is not hidden', () => {
    assert.equal(formTypeOf(read(named(" type='text-single'"))), undefined)
    assert.equal(formTypeOf(read(named(''), 'result')), undefined)
  })

  it('needs no type of its own in what is submitted (§5)', () =>
    assert.equal(formTypeOf(read(named(''), 'submit')), 'urn:example'))
})

describe('a text of several lines', () => {
  it('is a value for each', () => assert.deepEqual(linesOf('a\nb\r\n\rc'), ['a', 'b', '', 'c']))
})
