import assert from 'node:assert/strict'
import sax from 'sax'
import { Generator, random } from './fuzz-documents.test.js'
import {
  Element,
  parseElement,
  StreamClose,
  type StreamEvent,
  StreamOpen,
  StreamParser,
  serialise,
  XmlError,
} from './index.js'

/*
 * Random streams, whole and broken, in several chunkings, with sax as a second opinion.
 *
 * FUZZ_DOCUMENTS says how many; FUZZ_SEED where to begin: the message of a failure gives the seed of its document.
 */
const DOCUMENTS = Number(process.env.FUZZ_DOCUMENTS ?? 50_000)
const SEED = Number(process.env.FUZZ_SEED ?? 1)

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 64, maxAttributes: 64 }

/** What became of a document: its elements in a form that can be compared, or why there are none. */
type Outcome = { readonly trees: readonly string[] } | { readonly refused: string }

// --- outcomes --------------------------------------------------------------------------------------------------------

const write = (ns: string, name: string, attrs: readonly string[], inside: string): string =>
  `{${blank(ns)}}${name}[${[...attrs].sort().join()}](${inside})`

/** sax leaves raw line ends and tabs in values as they are, so references to them cannot be told apart. */
const blank = (value: string): string => value.replace(/[\t\n\r]/g, ' ')

const attribute = (ns: string, local: string, value: string): string => JSON.stringify([blank(ns), local, blank(value)])

/** An element with all its names resolved, whatever it inherits. */
function expand(el: Element, inherited: string): string {
  const ns = el.attrs.xmlns ?? inherited
  const attrs = Object.entries(el.attrs).flatMap(([name, value]) => {
    if (name === 'xmlns' || name.startsWith('xmlns:')) return []
    const [prefix, local] = name.includes(':') ? name.split(':') : ['', name]
    return [attribute(namespaceOfPrefix(el, prefix ?? ''), local ?? '', value)]
  })
  const inside = el.children.map(c => (typeof c === 'string' ? JSON.stringify(c) : expand(c, ns)))
  return write(ns, el.name, attrs, inside.join())
}

function namespaceOfPrefix(el: Element, prefix: string): string {
  if (prefix === '') return ''
  if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace'
  return el.attrs[`xmlns:${prefix}`] ?? 'undeclared'
}

const plainOpen = ({ prefix, ns, name, attrs }: StreamOpen): string =>
  write(
    ns,
    name,
    Object.entries(attrs)
      .filter(([key]) => !key.startsWith('xmlns'))
      .map(([key, value]) => attribute(key.includes(':') ? 'prefixed' : '', key, value)),
    prefix,
  )

interface Events {
  readonly seen: StreamEvent[]
  readonly error: XmlError | undefined
  readonly idle: boolean
}

function eventsOf(chunks: readonly Buffer[]): Events {
  const parser = new StreamParser(LIMITS)
  const seen: StreamEvent[] = []
  try {
    for (const chunk of chunks) {
      parser.write(chunk)
      for (let event = parser.next(); event; event = parser.next()) seen.push(event)
    }
  } catch (error) {
    if (error instanceof XmlError) return { seen, error, idle: false }
    throw error
  }
  return { seen, error: undefined, idle: parser.idle }
}

const describeEvents = ({ seen, error, idle }: Events): string =>
  [
    ...seen.map(event =>
      event instanceof Element ? expand(event, '?') : event instanceof StreamOpen ? plainOpen(event) : 'end',
    ),
    error?.condition ?? (idle ? 'idle' : 'busy'),
  ].join('\n')

function ours({ seen, error, idle }: Events): Outcome {
  if (error) return { refused: error.condition }
  if (!(seen.at(-1) instanceof StreamClose && idle)) return { refused: 'incomplete' }
  return { trees: seen.flatMap(event => (event instanceof Element ? [expand(event, '?')] : [])) }
}

/** What sax lets pass and says nothing about, seen while it reads. */
interface Lax {
  strayText: boolean
  secondRoot: boolean
  duplicate: boolean
}

function secondOpinion(text: string): { outcome: Outcome; lax: Lax } {
  const parser = sax.parser(true, { xmlns: true, strictEntities: true } as sax.SAXOptions) // its types lack the latter
  const lax: Lax = { strayText: false, secondRoot: false, duplicate: false }
  const open: { ns: string; name: string; attrs: string[]; inside: string[]; text: string }[] = []
  const trees: string[] = []
  let failure: Error | undefined
  let ended = false
  let last = 0
  const flush = (): void => {
    const top = open.at(-1)
    if (!top) return
    if (top.text !== '') top.inside.push(JSON.stringify(top.text))
    if (open.length === 1 && top.text !== '') lax.strayText = true
    top.text = ''
  }
  const addText = (t: string): void => {
    const top = open.at(-1)
    if (top && (open.length > 1 || /[^ \t\n]/.test(t))) top.text += t
  }
  parser.onerror = error => {
    failure ??= error
    parser.error = null as unknown as Error // its way to go on
  }
  parser.onopentag = tag => {
    if (ended) lax.secondRoot = true
    flush()
    last = parser.position
    const attrs: string[] = []
    const expanded = new Set<string>()
    for (const a of Object.values(tag.attributes)) {
      if (typeof a === 'string' || a.name === 'xmlns' || a.prefix === 'xmlns') continue
      attrs.push(attribute(a.uri, a.local, a.value))
      const key = `${a.local} ${a.uri}`
      if (expanded.has(key)) lax.duplicate = true
      expanded.add(key)
    }
    const { uri, local } = tag as sax.QualifiedTag // as asked for by `xmlns`
    open.push({ ns: uri, name: local, attrs, inside: [], text: '' })
  }
  parser.ontext = t => {
    if (open.length === 1 && text.slice(last, parser.position).includes('&')) lax.strayText = true
    addText(t)
  }
  parser.onopencdata = () => {
    if (open.length === 1) lax.strayText = true
  }
  parser.oncdata = addText
  parser.onclosetag = () => {
    flush()
    last = parser.position
    const el = open.pop()
    if (!el) return
    if (open.length === 0) ended = true
    const tree = write(el.ns, el.name, el.attrs, el.inside.join())
    if (open.length === 1) trees.push(tree)
    else open.at(-1)?.inside.push(tree)
  }
  parser.write(text).close()
  if (failure) return { outcome: { refused: failure.message }, lax }
  return { outcome: ended ? { trees } : { refused: 'no root' }, lax }
}

// --- comparison ------------------------------------------------------------------------------------------------------

const TAG = /<(?:[^<>"']|"[^"]*"|'[^']*')*>/g
const ATTRIBUTE = /([^\s=<>"'/]+)\s*=\s*(?:"[^"]*"|'[^']*')/g

// a blank in its place, so that what stands around it does not run together
const withoutCdata = (text: string): string => text.replace(/<!\[CDATA\[.*?\]\]>/gs, ' ')

const withoutValues = (text: string): string => text.replace(/=\s*(?:'[^']*'|"[^"]*")/g, '=')

const hasDuplicate = (text: string): boolean =>
  (withoutCdata(text).match(TAG) ?? []).some(tag => {
    const names = [...tag.matchAll(ATTRIBUTE)].map(([, name]) => name)
    return new Set(names).size < names.length
  })

interface Case {
  readonly text: string
  /** The same without CDATA sections. */
  readonly bare: string
  readonly lax: Lax
}

/** All that sax is known to accept though it is not XML, or not allowed in a stream. */
const LAXNESS: Readonly<Record<string, (c: Case) => boolean>> = {
  'comments, declarations, processing instructions': ({ text, bare }) =>
    /<!(?!\[CDATA\[)/.test(text) || /.<\?/s.test(bare),
  'XML declarations of any kind': ({ text }) =>
    /^<\?(?!xml version=(['"])1\.0\1( encoding=(['"])UTF-8\3)? ?\?>)/i.test(text),
  'illegal characters': ({ text }) => /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text),
  'a byte order mark': ({ text }) => text.startsWith('\ufeff'),
  'text, references or CDATA between stanzas': ({ lax }) => lax.strayText,
  'more than one root': ({ lax }) => lax.secondRoot,
  'duplicate attributes': ({ bare, lax }) => lax.duplicate || hasDuplicate(bare),
  '< in values': ({ text }) => /=\s*(?:'[^'<]*<|"[^"<]*<)/.test(text),
  ']]> in text': ({ bare }) => bare.replace(TAG, ' ').includes(']]>'),
  'blanks before a name': ({ bare }) => /<\s/.test(bare),
  'colons anywhere in a name': ({ bare }) => /:[^\s:=<>/]*:|[\s<]\/?:|:[\s=>/]|:[-.\d]/.test(withoutValues(bare)),
  'undeclaring a prefix': ({ bare }) => /xmlns:[^\s=]+\s*=\s*(?:''|"")/.test(bare),
  'reserved namespaces': ({ bare }) => /xmlns\S*\s*=\s*.http:\/\/www\.w3\.org\//.test(bare),
  'elements with the prefix xml': ({ bare }) => /<xml:/.test(bare),
}

/** Why the verdicts may differ here; undefined when they may not. */
const excuse = (c: Case): string | undefined => Object.keys(LAXNESS).find(reason => LAXNESS[reason]?.(c))

/** Compares, and says which excuse it took. */
function compare(outcome: Outcome, bytes: Buffer): string | undefined {
  const text = decode(bytes)
  if (text === undefined) {
    assert('refused' in outcome, 'accepted what is not UTF-8')
    return undefined
  }
  const { outcome: second, lax } = secondOpinion(text.replace(/\r\n?/g, '\n'))
  if ('trees' in outcome) {
    assert('trees' in second, `accepted, but sax: ${'refused' in second ? second.refused : ''}`)
    assert.deepEqual(outcome.trees, second.trees)
    return undefined
  }
  if ('refused' in second) return undefined
  const reason = excuse({ text, bare: withoutCdata(text), lax })
  assert(reason, `refused as ${outcome.refused}, but sax accepts it`)
  return reason
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** All that must hold for a document; the excuse if sax is laxer. */
function check(generator: Generator, bytes: Buffer): { outcome: Outcome; reason: string | undefined } {
  const events = eventsOf([bytes])
  const expected = describeEvents(events)
  const singly = [...bytes].map(byte => Buffer.of(byte))
  assert.equal(describeEvents(eventsOf(singly)), expected, 'in chunks of 1')
  assert.equal(describeEvents(eventsOf(generator.chunks(bytes))), expected, 'in other chunks')
  for (const event of events.seen) if (event instanceof Element) checkRoundTrip(event)
  const outcome = ours(events)
  return { outcome, reason: compare(outcome, bytes) }
}

function checkRoundTrip(el: Element): void {
  const alone = serialise(el)
  const back = parseElement(alone)
  assert.deepEqual(plain(back), plain(el))
  assert.equal(serialise(back), alone)
}

/** The tree as plain values, exactly as it is. */
function plain(el: Element, top = true): unknown {
  const { xmlns, ...attrs } = el.attrs
  return [
    el.name,
    attrs,
    top && xmlns === '' ? undefined : xmlns, // an element that stands alone need not say that it has none
    el.children.map(c => (typeof c === 'string' ? c : plain(c, false))),
  ]
}

describe('XML fuzz', () => {
  it(`agrees with sax on ${DOCUMENTS} documents, however they are cut`, function () {
    this.timeout(600_000)
    const excuses = new Map<string, number>()
    let accepted = 0
    for (let seed = SEED; seed < SEED + DOCUMENTS; seed++) {
      const generator = new Generator(random(seed))
      const bytes = generator.document()
      try {
        const { outcome, reason } = check(generator, bytes)
        if ('trees' in outcome) accepted++
        if (reason) excuses.set(reason, (excuses.get(reason) ?? 0) + 1)
      } catch (error) {
        throw new Error(`FUZZ_SEED=${seed} FUZZ_DOCUMENTS=1\n${JSON.stringify(bytes.toString())}`, { cause: error })
      }
    }
    if (process.env.FUZZ_REPORT) console.log({ accepted, refused: DOCUMENTS - accepted, excuses })
    if (DOCUMENTS < 10_000) return
    assert(accepted > DOCUMENTS / 4 && accepted < (3 * DOCUMENTS) / 4, `${accepted} accepted`)
    for (const reason of Object.keys(LAXNESS)) assert(excuses.has(reason), `never seen: ${reason}`)
  })

  const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
  const bytes = Buffer.from(`${header}<a b='1'>x<c/></a></stream:stream>`)

  it('would notice another tree', () => {
    const { trees } = ours(eventsOf([bytes])) as { trees: string[] } // well-formed

    assert.doesNotThrow(() => compare({ trees }, bytes))
    for (const wrong of [
      [],
      [...trees, ...trees],
      trees.map(t => t.replace('x', 'y')),
      trees.map(t => t.replace('"1"', '"2"')),
    ])
      assert.throws(() => compare({ trees: wrong }, bytes))
  })

  it('would notice a parser that refuses too much', () => {
    assert.throws(() => compare({ refused: 'not-well-formed' }, bytes))
  })

  it('finds no excuse in sound documents', () => {
    let accepted = 0
    for (let seed = 0; seed < 500; seed++) {
      const sound = new Generator(random(seed)).sound()
      if (!('trees' in ours(eventsOf([sound])))) continue
      accepted++
      assert.throws(() => compare({ refused: 'not-well-formed' }, sound), sound.toString())
    }
    assert(accepted > 300)
  })

  it('would notice a parser that accepts too much', () => {
    for (const bad of [`${header}<a></b></stream:stream>`, `${header}<a/>`, `${header}<z:a/></stream:stream>`])
      assert.throws(() => compare({ trees: [] }, Buffer.from(bad)), bad)
    assert.throws(() => compare({ trees: [] }, Buffer.concat([bytes, Buffer.of(0xff)])))
  })

  it('would notice a value lost on the way out and in', () => {
    const el = parseElement("<a b='x'/>")
    const other = parseElement("<a b='y'/>")

    assert.notDeepEqual(plain(el), plain(other))
  })
})
