/**
 * What XML costs: CPU-µs a stanza for reading bytes into trees, and for writing trees as text.
 *
 *     node build/bench/xml.js [SECONDS]
 *
 * Each engine reads a stream of the same stanza, a chunk for each, in many short turns: what is shown is the median.
 */
import * as xmpp from '@xmpp/xml'
import sax from 'sax'
import { Element, type StreamEvent, StreamParser, serialise, stamp } from '../src/xml/index.js'

const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='verona.example' version='1.0'>"

const FROM = "from='romeo@montague.example/orchard-7Kq2' to='juliet@capulet.example/balcony-x81c'"

const rosterItem = (n: number): string =>
  `<item jid='contact-${n}@capulet.example' name='Contact number ${n}' subscription='both'><group>Friends ${n % 7}</group></item>`

const base64 = (length: number): string =>
  'mQINBFhKr0YBEADZ/9+kUvTqW3pAx7sL'.repeat(Math.ceil(length / 32)).slice(0, length)

const keys = [1, 2, 3, 4].map(n => `<key rid='${n}23456'>${base64(240)}</key>`).join('')

const STANZAS: Readonly<Record<string, string>> = {
  chat: `<message ${FROM} type='chat' id='b4c1a9e2-7f3d'><body>But, soft! what light through yonder window breaks?</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='b4c1a9e2'/></message>`,
  presence: `<presence from='romeo@montague.example/orchard-7Kq2'><show>away</show><status>Under the window</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://gajim.org' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/><x xmlns='vcard-temp:x:update'><photo>8d5a9b1c2e</photo></x></presence>`,
  MUC: `<message from='garden@rooms.capulet.example/Romeo' to='juliet@capulet.example/balcony-x81c' type='groupchat' id='b4c1a9e2-7f3d'><body>It is the east, and Juliet is the sun.</body><stanza-id xmlns='urn:xmpp:sid:0' id='1731-998-2' by='garden@rooms.capulet.example'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='dd72603deec90a38ba552f7c68cbcc61'/></message>`,
  MAM: `<message to='juliet@capulet.example/balcony-x81c' from='juliet@capulet.example'><result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482-98726-73623'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-07-10T23:08:25Z'/><message xmlns='jabber:client' ${FROM} type='chat' id='b4c1a9e2'><body>Call me but love, and I&apos;ll be new baptized.</body><markable xmlns='urn:xmpp:chat-markers:0'/><origin-id xmlns='urn:xmpp:sid:0' id='b4c1a9e2'/><request xmlns='urn:xmpp:receipts'/></message></forwarded></result></message>`,
  'roster 200': `<iq type='result' id='r1' to='juliet@capulet.example/balcony-x81c'><query xmlns='jabber:iq:roster' ver='ver14'>${Array.from({ length: 200 }, (_, n) => rosterItem(n)).join('')}</query></iq>`,
  OMEMO: `<message ${FROM} type='chat' id='b4c1a9e2'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='27183'>${keys}<iv>${base64(16)}</iv></header><payload>${base64(160)}</payload></encrypted><encryption xmlns='urn:xmpp:eme:0' name='OMEMO' namespace='eu.siacs.conversations.axolotl'/><store xmlns='urn:xmpp:hints'/></message>`,
}

/** Reads chunks and says how many stanzas have come since it was made. */
type Engine = () => (chunk: Buffer) => number

const own: Engine = () => {
  const parser = new StreamParser({ maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 })
  let stanzas = 0
  return chunk => {
    parser.write(chunk)
    for (let event: StreamEvent | undefined = parser.next(); event; event = parser.next())
      if (event instanceof Element) stanzas++
    return stanzas
  }
}

const saxWithTrees: Engine = () => {
  const parser = sax.parser(true, { xmlns: true })
  let current: Element | undefined
  let depth = 0
  let stanzas = 0
  parser.onopentag = tag => {
    const attrs: Record<string, string> = {}
    for (const [name, value] of Object.entries(tag.attributes))
      attrs[name] = typeof value === 'string' ? value : value.value
    const el = new Element(tag.name, attrs)
    if (depth++ > 1 && current) {
      el.parent = current
      current.children.push(el)
    }
    current = el
  }
  parser.ontext = text => {
    if (depth > 1) current?.children.push(text)
  }
  parser.onclosetag = () => {
    if (--depth === 1) stanzas++
    current = current?.parent ?? undefined
  }
  return chunk => {
    parser.write(chunk.toString())
    return stanzas
  }
}

/** As far as it is used here: the package has no types. */
interface XmppParser {
  on(event: 'element', listener: () => void): void
  write(text: string): void
}

const xmppXml: Engine = () => {
  const { Parser } = xmpp as unknown as { Parser: new () => XmppParser }
  const parser = new Parser()
  let stanzas = 0
  parser.on('element', () => stanzas++)
  return chunk => {
    parser.write(chunk.toString())
    return stanzas
  }
}

const ENGINES: Readonly<Record<string, Engine>> = { own, '@xmpp/xml': xmppXml, 'sax xmlns + ltx': saxWithTrees }

const treeOf = (stanza: string): Element => {
  const parser = new StreamParser({ maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 })
  parser.write(Buffer.from(HEADER + stanza))
  parser.next()
  const el = parser.next()
  if (el instanceof Element) return el
  throw new Error('no stanza')
}

/** All that can be measured, by name: work to do `n` times. */
const subjects = (stanza: string): Map<string, (n: number) => void> => {
  const readers = Object.entries(ENGINES).map(([name, engine]): [string, (n: number) => void] => {
    const feed = engine()
    const chunk = Buffer.from(stanza)
    let expected = feed(Buffer.from(HEADER))
    return [
      name,
      n => {
        let seen = 0
        for (let i = 0; i < n; i++) seen = feed(chunk)
        expected += n
        if (seen !== expected) throw new Error(`${name} read ${seen} stanzas, not ${expected}`)
      },
    ]
  })
  const el = treeOf(stanza)
  const stamped = stamp(el, 'jabber:client')
  return new Map([
    ...readers,
    ['serialise', repeat(() => serialise(el, 'jabber:client'))],
    ['ltx toString', repeat(() => el.toString())],
    ['stamp', repeat(() => stamped('juliet@capulet.example/balcony-x81c'))],
  ])
}

/** The bytes are asked for as well, since a string put together from pieces is work left for later. */
const repeat = (write: () => string) => (n: number) => {
  for (let i = 0; i < n; i++) scratch.latin1Write(write())
}

const scratch = Buffer.alloc(65_536) as Buffer & { latin1Write(text: string): number } // missing in the types

const cpuMicros = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const measure = (stanza: string, seconds: number): Map<string, number> => {
  const all = subjects(stanza)
  const turn = Math.max(20, Math.round(2_000_000 / stanza.length)) // about as long for every stanza
  const samples = new Map([...all.keys()].map(name => [name, [] as number[]]))
  const until = performance.now() + seconds * 1000
  for (const work of all.values()) work(turn)
  while (performance.now() < until)
    for (const [name, work] of all) samples.get(name)?.push(cpuMicros(() => work(turn)) / turn)
  return new Map([...samples].map(([name, values]) => [name, median(values)]))
}

const seconds = Number(process.argv[2] ?? 3)
const columns = Object.keys(STANZAS)
const results = columns.map(name => measure(STANZAS[name] ?? '', seconds))
const rows = [...(results[0]?.keys() ?? [])].map(name => [
  name,
  ...results.map(result => (result.get(name) ?? Number.NaN).toFixed(2)),
])
const head = ['CPU-µs', ...columns.map(name => `${name} (${STANZAS[name]?.length} B)`)]
for (const cells of [head, ['---', ...columns.map(() => '---:')], ...rows]) console.log(`| ${cells.join(' | ')} |`)
