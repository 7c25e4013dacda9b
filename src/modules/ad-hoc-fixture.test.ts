/** A server with commands, and what clients say about them. */
import assert from 'node:assert/strict'
import { type Client, Kit, type KitOptions } from '../../test/kit.js'
import type { AdHocCommand, Question } from '../core/ad-hoc.js'
import { CommandError, defineModule } from '../core/module.js'
import { roster } from '../roster/index.js'
import { child, type Element, elements, firstElement, parseElement, serialise } from '../xml/index.js'
import { conflict } from '../xmpp/errors.js'
import { type FormType, formElement, formIn, readForm } from '../xmpp/forms/index.js'
import { adHoc } from './ad-hoc.js'
import { disco } from './disco.js'

/** What is entered, by the names of fields. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

export const COMMANDS = 'http://jabber.org/protocol/commands'
export const SERVER = 'verona.example'

/** `<command/>` with attributes, and fields to submit. */
export function command(attrs: Readonly<Record<string, string>>, fields?: Fields, type: FormType = 'submit') {
  const written = Object.entries(attrs).map(([name, value]) => ` ${name}='${value}'`)
  const form = fields
    ? serialise(
        formElement({
          type,
          fields: Object.entries(fields).map(([name, value]) => ({ var: name, values: [value].flat() })),
        }),
      )
    : ''
  return parseElement(`<command xmlns='${COMMANDS}'${written.join('')}>${form}</command>`)
}

/** What an answer says, in a few words. */
export function told(reply: Element): string {
  const [payload] = elements(reply)
  if (reply.attrs.type === 'error') {
    const error = child(reply, 'error')
    const [condition, ...more] = elements(error ?? reply).filter(({ name }) => name !== 'text')
    return ['error', error?.attrs.type, condition?.name, ...more.map(({ name }) => name)].join(' ')
  }
  const { status, node } = payload?.attrs ?? {}
  const notes = elements(payload ?? reply)
    .filter(({ name }) => name === 'note')
    .map(note => `${note.attrs.type}: ${note.getText()}`)
  return [`${status} ${node}`, ...notes].join('; ')
}

export const sessionOf = (reply: Element): string => firstElement(reply)?.attrs.sessionid ?? ''

export const actionsOf = (reply: Element): string => {
  const actions = child(firstElement(reply) ?? reply, 'actions')
  return actions ? serialise(actions, COMMANDS) : ''
}

export const formOf = (reply: Element) =>
  readForm(formIn(firstElement(reply) ?? reply) ?? assert.fail(`no form in ${reply}`))

/** Poisons are asked for in three stages: kind, dose, and whether it is meant. */
const poison: AdHocCommand = {
  node: 'poison',
  name: 'Get poison',
  mayRun: by => by.local !== 'nurse',
  begin: () => ({
    form: { type: 'form', title: 'Kind', fields: [{ var: 'kind', type: 'text-single', required: true }] },
    next: kind => dose(kind.text('kind') ?? ''),
  }),
}
const dose = (kind: string): Question => ({
  form: {
    type: 'form',
    fields: [
      { var: 'drops', type: 'text-single', validation: { datatype: 'xs:int' } },
      { var: 'word', type: 'text-private' },
    ],
  },
  notes: [{ type: 'warn', text: `${kind} is strong.` }],
  next: drops => ({
    form: { type: 'form', fields: [{ var: 'sure', type: 'boolean' }] },
    complete: sure => {
      if (!sure.flag('sure')) throw new CommandError('Then not.')
      return { notes: [{ type: 'info', text: `${drops.text('drops') ?? 'no'} drops of ${kind}` }] }
    },
  }),
  complete: drops => ({
    payload: [formElement({ type: 'result', fields: [{ var: kind, values: drops.values('drops') }] })],
  }),
})

/** Offered by the apothecary to everybody but the nurse. */
export const apothecary = defineModule({
  name: 'apothecary',
  doc: '',
  implements: [],
  setup: () => ({
    adHoc: [
      poison,
      {
        node: 'greet',
        name: 'Be greeted',
        mayRun: () => true,
        begin: async ({ from }) => ({ notes: [{ type: 'info', text: `Good morrow, ${from.local}.` }] }),
      },
      { node: 'fail', name: 'Fail', mayRun: () => true, begin: () => assert.fail('a bug') },
      {
        node: 'duel',
        name: 'Duel',
        mayRun: () => true,
        begin: () => ({
          form: { type: 'form', fields: [{ var: 'with', type: 'text-single' }] },
          complete: answers => {
            if (answers.text('with') === 'bug') throw new Error('a bug')
            if (answers.text('with') === 'romeo') throw conflict('He is banished')
            if (answers.text('with') === 'the prince')
              throw new CommandError('Nobody fights the prince.', { condition: 'not-allowed' })
            throw new CommandError('Nobody there.', { condition: 'item-not-found' })
          },
        }),
      },
    ],
  }),
})

export async function start(options: Partial<KitOptions> = {}) {
  const kit = await Kit.start({ modules: [roster, disco, adHoc, apothecary], admins: ['juliet'], ...options })
  return { kit, juliet: await kit.connects('juliet/chamber'), romeo: await kit.connects('romeo/orchard') }
}

export const asks = (client: Client, attrs: Readonly<Record<string, string>>, fields?: Fields) =>
  client.asks('set', command(attrs, fields), SERVER)
