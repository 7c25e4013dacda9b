import assert from 'node:assert/strict'
import { el } from '../../test/kit.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { reasonNotToStore } from './worth-storing.js'

const BODY = '<body>O blessed night</body>'
const CHAT_STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
const ABOUT = "<thread>t</thread><origin-id xmlns='urn:xmpp:sid:0' id='1'/><no-copy xmlns='urn:xmpp:hints'/>"
const RECEIPT = "<received xmlns='urn:xmpp:receipts' id='1'/>"
const ENCRYPTED = "<encrypted xmlns='urn:xmpp:omemo:2'/>"
const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`

/* XEP-0160 §3, XEP-0334 §4 and §5, a row each. */
const ROWS: readonly (readonly [type: string, content: string, what: string, isStored: boolean])[] = [
  ['chat', BODY, 'a chat message', true],
  ['normal', BODY, 'a normal message', true],
  ['normal', "<x xmlns='jabber:x:conference' jid='ball@rooms.verona.example'/>", 'an invitation', true],
  ['chat', '<subject>Night</subject>', 'a subject', true],
  ['chat', RECEIPT, 'a receipt', true],
  ['chat', ENCRYPTED, 'an encrypted message without a body', true],
  ['chat', `${BODY}${CHAT_STATE}`, 'a chat message with a chat state', true],
  ['chat', CHAT_STATE, 'a chat state', false],
  ['normal', CHAT_STATE, 'a chat state in a normal message', false],
  ['chat', `${CHAT_STATE}${ABOUT}`, 'a chat state with what is only about the message', false],
  ['chat', '', 'an empty message', false],
  ['headline', BODY, 'a headline', false],
  ['groupchat', BODY, 'what is said in a room', false],
  ['error', BODY, 'an error', false],
  ['chat', `${BODY}${hint('no-store')}`, 'a message that is not to be stored', false],
  ['chat', `${BODY}${hint('no-permanent-store')}`, 'one that is not to be stored for ever', true],
  ['chat', `${CHAT_STATE}${hint('store')}`, 'a chat state that is to be stored', true],
  ['headline', `${BODY}${hint('store')}`, 'a headline that is to be stored', true],
  ['groupchat', `${BODY}${hint('store')}`, 'what is said in a room, to be stored', false],
  ['error', `${BODY}${hint('store')}`, 'an error about a message that was to be stored', false],
  ['chat', `${BODY}${hint('store')}${hint('no-store')}`, 'one of which both is said', false],
]

describe('worth storing', () => {
  for (const [type, content, what, isStored] of ROWS)
    it(`${what}: ${isStored ? 'yes' : 'no'}`, () => {
      const stanza = makeStanza({
        ...{ type, from: parseJid('romeo@verona.example'), to: parseJid('juliet@verona.example') },
        el: el`<message xmlns='jabber:client'>${content}</message>`,
      })

      assert.equal(reasonNotToStore(stanza) === undefined, isStored, reasonNotToStore(stanza))
    })
})
