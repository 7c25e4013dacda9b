import assert from 'node:assert/strict'
import { el, Kit, settled } from '../../test/kit.js'
import { roster } from '../roster/index.js'
import { parseJid } from '../xmpp/jid.js'
import { makeStanza } from '../xmpp/stanza.js'
import { delays } from './delays.js'

describe('delays', () => {
  const delay = (from: string) => `<delay xmlns='urn:xmpp:delay' from='${from}' stamp='1595-06-30T23:00:00Z'/>`

  async function seenByJuliet(payload: string): Promise<(string | undefined)[]> {
    const kit = await Kit.start({ modules: [roster, delays] })
    const romeo = await kit.comesOnline('romeo/balcony')
    const juliet = await kit.comesOnline('juliet/chamber')
    kit.forget()
    await romeo.sends(el`<message to='juliet@verona.example'>${payload}</message>`)
    return juliet
      .takes()
      .getChildren('delay')
      .map(({ attrs }) => attrs.from)
  }

  it('that others say our server caused do not come through (§5)', async () => {
    assert.deepEqual(await seenByJuliet(delay('verona.example') + delay('Verona.example')), [])
  })

  it('that somebody else caused come through', async () => {
    assert.deepEqual(await seenByJuliet(delay('ball@rooms.mantua.example')), ['ball@rooms.mantua.example'])
  })

  it('that the server tells of itself come through', async () => {
    const kit = await Kit.start({ modules: [roster, delays] })
    const juliet = await kit.comesOnline('juliet/chamber')
    kit.forget()
    const notice = makeStanza({
      from: parseJid('verona.example'),
      to: parseJid('juliet@verona.example'),
      el: el`<message xmlns='jabber:client'><body>The prince has decreed.</body>${delay('verona.example')}</message>`,
    })

    await kit.router.route(notice)
    await settled()

    assert.equal(juliet.takes().getChildren('delay').length, 1)
  })
})
