import assert from 'node:assert/strict'
import { type Gateway, Verona } from '../../test/gateway.js'
import { type Client, el } from '../../test/kit.js'
import { defineModule, get } from '../core/module.js'
import { arrives } from '../roster/fixture.test.js'
import { roster } from '../roster/index.js'
import { child, type Element, xml } from '../xml/index.js'
import { DELEGATION, FORWARD } from '../xmpp/ns.js'
import { delegation } from './delegation.js'
import { disco } from './disco.js'
import { privilege } from './privilege.js'

export const GATEWAY = 'gateway.verona.example'
export const SONG = 'urn:example:song'

/** Sings by itself where nobody else does. */
export const choir = defineModule({
  ...{ name: 'choir', doc: '', implements: [], features: [SONG, `${SONG}#loud`, 'urn:example:songbook'] },
  accountFeatures: [`${SONG}#softly`],
  setup: () => ({
    iq: [get(['server', 'account', 'self'], 'sing', SONG, () => xml('la', { xmlns: SONG }))],
    info: () => ({
      forms: [
        {
          type: 'result',
          fields: [
            { var: 'FORM_TYPE', type: 'hidden', values: [SONG] },
            { var: 'voice', values: ['ours'] },
          ],
        },
      ],
    }),
  }),
})

export async function verona(delegations: object = { [SONG]: [] }, more: object = {}, settings: object = {}) {
  const server = await Verona.start({
    modules: [roster, disco, choir, delegation, privilege],
    components: { [GATEWAY]: { delegations, ...more } },
    settings: { delegation: settings },
  })
  const romeo = await arrives(server.kit, 'romeo/orchard')
  return { server, romeo }
}

export async function online(...how: Parameters<typeof verona>) {
  const { server, romeo } = await verona(...how)
  return { server, romeo, gateway: await server.connects() }
}

/** Asks, and waits for nothing. */
export const asks = (
  client: Client,
  to: string | undefined,
  payload: Element = el`<sing xmlns='${SONG}'/>`,
  type = 'get',
) => client.sends(xml('iq', { type, id: 'song-1', to }, payload))

/** The request that the component is to answer, and how it is wrapped. */
export async function forwardedTo(gateway: Gateway): Promise<{ readonly wrapper: Element; readonly request: Element }> {
  const wrapper = await gateway.finds(stanza => child(stanza, 'delegation', DELEGATION) !== undefined)
  const forwarded = child(child(wrapper, 'delegation', DELEGATION) ?? wrapper, 'forwarded', FORWARD)
  const request = forwarded && child(forwarded, 'iq', 'jabber:client')
  assert.ok(request, `${wrapper}`)
  return { wrapper, request }
}

export const answers = (gateway: Gateway, { attrs }: Element, inner: string) =>
  gateway.says(
    `<iq type='result' id='${attrs.id}' from='${attrs.to}' to='${attrs.from}'><delegation xmlns='${DELEGATION}'>` +
      `<forwarded xmlns='${FORWARD}'>${inner}</forwarded></delegation></iq>`,
  )

export const result = (
  attrs = `to='romeo@verona.example/orchard' id='song-1' type='result'`,
  payload = `<lo xmlns='${SONG}'/>`,
) => `<iq xmlns='jabber:client' ${attrs}>${payload}</iq>`

export const answerOf = (client: Client): Element =>
  client.takes(({ name, attrs }) => name === 'iq' && attrs.id === 'song-1')
