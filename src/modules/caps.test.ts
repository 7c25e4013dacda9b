import assert from 'node:assert/strict'
import { type Client, el, Kit } from '../../test/kit.js'
import { isElement } from '../../test/stream-client.js'
import { StreamKit } from '../../test/stream-kit.js'
import type { DiscoInfo } from '../core/discovery.js'
import type { AnyModule } from '../core/module.js'
import { roster } from '../roster/index.js'
import { child, type Element, elements, firstElement, parseElement, serialise } from '../xml/index.js'
import { type DataForm, readForm } from '../xmpp/forms/index.js'
import { caps } from './caps.js'
import { caps2Input, capsInput, hashOf } from './caps-hash.js'
import { contactAddresses } from './contact-addresses.js'
import { disco } from './disco.js'
import { ping } from './ping.js'

const CAPS = 'http://jabber.org/protocol/caps'
const CAPS_2 = 'urn:xmpp:caps'

/** What an answer of service discovery says. */
function infoIn(query: Element): DiscoInfo {
  const named = (name: string) => elements(query).filter(each => each.name === name)
  return {
    identities: named('identity').map(({ attrs: { category = '', type = '', name, 'xml:lang': lang } }) => ({
      ...{ category, type },
      ...(name !== undefined && { name }),
      ...(lang !== undefined && { lang }),
    })),
    features: named('feature').map(({ attrs }) => attrs.var ?? ''),
    forms: named('x').map((x): DataForm => readForm(x)),
  }
}

const info = (inner: string): DiscoInfo =>
  infoIn(parseElement(`<query xmlns='http://jabber.org/protocol/disco#info'>${inner}</query>`))

describe('the hash of what an entity can do', () => {
  const exodus = info(
    "<identity category='client' name='Exodus 0.9.1' type='pc'/><feature var='http://jabber.org/protocol/muc'/>" +
      "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#items'/>" +
      "<feature var='http://jabber.org/protocol/disco#info'/>",
  )
  const psi = info(
    "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" +
      "<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>" +
      "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>" +
      "<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>" +
      "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" +
      "<value>urn:xmpp:dataforms:softwareinfo</value></field><field var='ip_version' type='text-multi'>" +
      "<value>ipv6</value><value>ipv4</value></field><field var='software'><value>Psi</value></field>" +
      "<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>" +
      "<field var='software_version'><value>0.11</value></field></x>",
  )

  it('is the one of XEP-0115 §5.2 and §5.3', () => {
    assert.equal(hashOf('sha1', capsInput(exodus)), 'QgayPKawpkPSDYmwT/WM94uAlu0=')
    assert.equal(hashOf('sha1', capsInput(psi)), 'q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })

  const bombus = info(
    "<identity category='client' name='BombusMod' type='mobile'/>" +
      [
        ...['http://jabber.org/protocol/si', 'http://jabber.org/protocol/bytestreams'],
        ...['http://jabber.org/protocol/chatstates', 'http://jabber.org/protocol/disco#info'],
        ...['http://jabber.org/protocol/disco#items', 'urn:xmpp:ping', 'jabber:iq:time', 'jabber:iq:privacy'],
        ...['jabber:iq:version', 'http://jabber.org/protocol/rosterx', 'urn:xmpp:time', 'jabber:x:oob'],
        ...['http://jabber.org/protocol/ibb', 'http://jabber.org/protocol/si/profile/file-transfer'],
        ...['urn:xmpp:receipts', 'jabber:iq:roster', 'jabber:iq:last'],
      ]
        .map(feature => `<feature var='${feature}'/>`)
        .join(''),
  )
  const tkabber = info(
    "<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>" +
      "<identity category='client' name='Ткаббер' type='pc' xml:lang='ru'/>" +
      [
        ...['games:board', 'http://jabber.org/protocol/activity', 'http://jabber.org/protocol/activity+notify'],
        ...['http://jabber.org/protocol/bytestreams', 'http://jabber.org/protocol/chatstates'],
        ...['http://jabber.org/protocol/commands', 'http://jabber.org/protocol/disco#info'],
        ...['http://jabber.org/protocol/disco#items', 'http://jabber.org/protocol/evil'],
        ...['http://jabber.org/protocol/feature-neg', 'http://jabber.org/protocol/geoloc'],
        ...['http://jabber.org/protocol/geoloc+notify', 'http://jabber.org/protocol/ibb'],
        ...['http://jabber.org/protocol/iqibb', 'http://jabber.org/protocol/mood'],
        ...['http://jabber.org/protocol/mood+notify', 'http://jabber.org/protocol/rosterx'],
        ...['http://jabber.org/protocol/si', 'http://jabber.org/protocol/si/profile/file-transfer'],
        ...['http://jabber.org/protocol/tune', 'http://www.facebook.com/xmpp/messages'],
        ...['http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify', 'jabber:iq:avatar'],
        ...['jabber:iq:browse', 'jabber:iq:dtcp', 'jabber:iq:filexfer', 'jabber:iq:ibb', 'jabber:iq:inband'],
        ...['jabber:iq:jidlink', 'jabber:iq:last', 'jabber:iq:oob', 'jabber:iq:privacy', 'jabber:iq:roster'],
        ...['jabber:iq:time', 'jabber:iq:version', 'jabber:x:data', 'jabber:x:event', 'jabber:x:oob'],
        ...['urn:xmpp:avatar:metadata+notify', 'urn:xmpp:ping', 'urn:xmpp:receipts', 'urn:xmpp:time'],
      ]
        .map(feature => `<feature var='${feature}'/>`)
        .join('') +
      "<x xmlns='jabber:x:data' type='result'><field type='hidden' var='FORM_TYPE'>" +
      "<value>urn:xmpp:dataforms:softwareinfo</value></field><field var='software'><value>Tkabber</value></field>" +
      "<field var='software_version'><value>0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)</value></field>" +
      "<field var='os'><value>Windows</value></field><field var='os_version'><value>XP</value></field></x>",
  )

  it('is the one of XEP-0390 §4.5', () => {
    assert.equal(hashOf('sha256', caps2Input(bombus)), 'kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=')
    assert.equal(hashOf('sha3-256', caps2Input(bombus)), '79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=')
    assert.equal(hashOf('sha256', caps2Input(tkabber)), 'u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=')
    assert.equal(hashOf('sha3-256', caps2Input(tkabber)), 'XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=')
  })

  it('does not depend on the order of things, but on that of octets', () => {
    const turned = {
      identities: psi.identities.toReversed(),
      features: psi.features.toReversed(),
      forms: psi.forms.map(form => ({ ...form, fields: form.fields.toReversed() })),
    }
    const odd = (features: readonly string[]): DiscoInfo => ({ identities: [], forms: [], features })

    assert.equal(capsInput(turned), capsInput(psi))
    assert.equal(caps2Input(turned), caps2Input(psi))
    // a surrogate pair comes after the private use area in UTF-8, and before it in UTF-16
    assert.equal(capsInput(odd(['\u{1f319}', '\ue000'])), '\ue000<\u{1f319}<')
  })
})

describe('the server’s capabilities', () => {
  const modules: readonly AnyModule[] = [disco, caps, ping, contactAddresses]
  const kit = { settings: { contact: { abuse: ['mailto:abuse@verona.example'] } } }

  /** Asks on a stream of its own, after what its features have said. */
  async function romeoLogsIn(server: StreamKit) {
    const romeo = server.connects()
    await romeo.opens()
    const features = await romeo.logsIn('romeo')
    await romeo.binds()
    const [c, c2] = [CAPS, CAPS_2].map(ns => child(features, 'c', ns) ?? assert.fail(`${features}`))
    async function ask(node: string): Promise<Element> {
      romeo.send(
        `<iq type='get' id='${node}' to='verona.example'>` +
          `<query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/></iq>`,
      )
      const reply = await romeo.finds(event => isElement(event) && event.attrs.id === node)
      assert.ok(isElement(reply))
      return reply
    }
    return { c: c?.attrs ?? {}, hashes: elements(c2 ?? features), ask }
  }

  it('are in the stream features, and what is asked about them has the hash that they say (§6.3)', async () => {
    const { c, ask } = await romeoLogsIn(await StreamKit.start({ modules, kit }))

    const node = `${c.node}#${c.ver}`
    const query = firstElement(await ask(node))

    assert.ok(query)
    assert.equal(query.attrs.node, node)
    assert.equal(c.hash, 'sha-1')
    assert.equal(hashOf('sha1', capsInput(infoIn(query))), c.ver)
    assert.match(`${query}`, /abuse@verona.example/)
    for (const feature of [CAPS, `${CAPS}#optimize`, CAPS_2, `${CAPS_2}:optimize`])
      assert.ok(infoIn(query).features.includes(feature), feature)
  })

  it('are there by XEP-0390 as well, under two hashes', async () => {
    const { hashes, ask } = await romeoLogsIn(await StreamKit.start({ modules, kit }))

    assert.deepEqual(
      hashes.map(({ name, attrs }) => [name, attrs.xmlns, attrs.algo]),
      [
        ['hash', 'urn:xmpp:hashes:2', 'sha-256'],
        ['hash', 'urn:xmpp:hashes:2', 'sha3-256'],
      ],
    )
    for (const hash of hashes) {
      const algorithm = hash.attrs.algo === 'sha-256' ? 'sha256' : 'sha3-256'
      const query = firstElement(await ask(`urn:xmpp:caps#${hash.attrs.algo}.${hash.getText()}`))
      assert.equal(hashOf(algorithm, caps2Input(infoIn(query ?? assert.fail()))), hash.getText())
    }
  })

  it('are remembered when they have changed, for three times (XEP-0390 §6.1)', async () => {
    const server = await StreamKit.start({ modules, kit })
    const nodes: string[] = []
    for (const name of ['one', 'two', 'three', 'four']) {
      server.kit.host.reload({ disco: { name } })
      const { c } = await romeoLogsIn(server)
      nodes.push(`${c.node}#${c.ver}`)
    }
    const { ask } = await romeoLogsIn(server)

    const replies: Element[] = []
    for (const node of nodes) replies.push(await ask(node))

    assert.deepEqual(
      replies.map(reply => reply.attrs.type),
      ['error', 'result', 'result', 'result'],
    )
    assert.match(`${replies[1]}`, /name="two"/)
  })

  it('are none of an account’s, nor is any other hash known', async () => {
    const kit = await Kit.start({ modules: [roster, disco, caps] })
    const romeo = await kit.connects('romeo')
    const node = kit.host.streamFeaturesOf('verona.example').find(({ attrs }) => attrs.xmlns === CAPS)?.attrs
    const ask = (name: string) => el`<query xmlns='http://jabber.org/protocol/disco#info' node='${name}'/>`

    assert.ok(await romeo.asks('get', ask(`${node?.node}#${node?.ver}`), 'verona.example'))
    assert.equal(await romeo.isRefused('get', ask(`${node?.node}#${node?.ver}`)), 'item-not-found')
    for (const name of [`${node?.node}#`, `${node?.node}#x`, 'urn:xmpp:caps#sha-256.x', 'urn:xmpp:caps#'])
      assert.equal(await romeo.isRefused('get', ask(name), 'verona.example'), 'item-not-found')
  })
})

describe('caps that a client does not repeat', () => {
  const FOX = `<c xmlns='${CAPS}' hash='sha-1' node='urn:example:fox' ver='fox'/>`
  const OWL = `<c xmlns='${CAPS}' hash='sha-1' node='urn:example:owl' ver='owl'/>`
  const FOX_2 = `<c xmlns='${CAPS_2}'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>fox</hash></c>`

  /** Romeo sees Juliet's presence. */
  async function verona() {
    const kit = await Kit.start({ modules: [roster, disco, caps] })
    const romeo = await kit.comesOnline('romeo/orchard')
    const juliet = await kit.connects('juliet/chamber')
    await romeo.sends(el`<presence to='juliet@verona.example' type='subscribe'/>`)
    await juliet.sends(el`<presence to='romeo@verona.example' type='subscribed'/>`)
    kit.forget()
    return { kit, romeo, juliet, says: (inner: string) => juliet.sends(el`<presence>${inner}</presence>`) }
  }
  const seen = (client: Client): readonly string[] =>
    client.takesAll('presence').map(presence =>
      elements(presence)
        .filter(({ name }) => name === 'c' || name === 'show')
        .map(each => serialise(each, 'jabber:client'))
        .join(''),
    )

  it('are seen all the same, by those who saw them before and by those who did not (XEP-0115 §8.4)', async () => {
    const { kit, romeo, says } = await verona()

    await says(FOX)
    await says('<show>away</show>')
    assert.deepEqual(seen(romeo), [FOX, `<show>away</show>${FOX}`])
    const street = await kit.comesOnline('romeo/street')

    assert.deepEqual(seen(street).at(-1), `<show>away</show>${FOX}`)
  })

  it('give way to others', async () => {
    const { romeo, says } = await verona()

    for (const inner of [FOX, OWL, '']) await says(inner)

    assert.deepEqual(seen(romeo), [FOX, OWL, OWL])
  })

  it('are left alone where they are repeated', async () => {
    const { romeo, says } = await verona()

    await says(FOX)
    await says(FOX)

    assert.deepEqual(seen(romeo), [FOX, FOX])
  })

  it('are of two kinds, and each is remembered (XEP-0390)', async () => {
    const { romeo, says } = await verona()

    await says(FOX + FOX_2)
    await says(OWL)
    await says('')

    assert.deepEqual(seen(romeo), [FOX + FOX_2, OWL + FOX_2, OWL + FOX_2])
  })

  it('are forgotten when the client goes', async () => {
    const { romeo, juliet, says } = await verona()

    await says(FOX)
    await juliet.sends(el`<presence type='unavailable'/>`)
    await says('')

    assert.deepEqual(seen(romeo), [FOX, '', ''])
  })

  it('are another client’s never', async () => {
    const { kit, romeo, says } = await verona()

    await says(FOX)
    await kit.comesOnline('juliet/balcony')

    assert.deepEqual(seen(romeo), [FOX, ''])
  })

  it('are not put into what is for one person only', async () => {
    const { romeo, juliet, says } = await verona()

    await says(FOX)
    await juliet.sends(el`<presence to='romeo@verona.example'/>`)

    assert.deepEqual(seen(romeo), [FOX, ''])
  })
})
