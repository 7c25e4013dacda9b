import Element from 'ltx/lib/Element.js'
import * as chars from './chars.js'
import { malformed, overLimit, restricted, type XmlLimits } from './errors.js'
import { StreamClose, type StreamEvent, StreamOpen } from './events.js'
import * as names from './names.js'
import { type Binding, declare, declareUsed, defaultNamespace, resolve } from './namespaces.js'

const CDATA = '<![CDATA['

/** An element whose end has not come yet. */
interface Open {
  readonly name: string
  /** Undefined for a stream, so that each stanza says its own. */
  readonly ns: string | undefined
  readonly defaultNs: string
  readonly scope: Binding | undefined
  readonly element: Element | undefined
  readonly outer: Open | undefined
}

/** What a document that is no stream stands in. */
const DOCUMENT: Open = {
  name: '',
  ns: '',
  defaultNs: '',
  scope: undefined,
  element: undefined,
  outer: undefined,
}

const NOTHING = names.parseName('nothing')

/** The names of the tag being read; used between two lines of `#startTag` only. */
const seen: names.Name[] = []

/**
 * Builds elements from text, token by token. A token that the text does not hold to its end is left where it is, and
 * so is one that is in error: nothing has changed then, and it can be read again.
 */
export class TreeReader {
  text = ''
  /** Where the next token begins. */
  at = 0
  /** 0 between stanzas; -1 before the stream's header and after its end. */
  depth: number
  /** Where the stanza that is being read began; negative when that was before this text. */
  stanzaStart = 0
  limits: XmlLimits
  #open: Open | undefined
  #name = NOTHING
  #plain = true
  #ended = false
  /** How long the namespaces of this stanza are together, each as often as it has to be written without prefixes. */
  #declared = 0
  /** How many elements, attributes and pieces of text this stanza has. */
  #parts = 0

  constructor(limits: XmlLimits, kind: 'stream' | 'document') {
    this.limits = limits
    this.depth = kind === 'stream' ? -1 : 0
    this.#open = kind === 'stream' ? undefined : DOCUMENT
  }

  /** The next thing that ends in this text; without one, `at` tells whether a token was cut off. */
  read(): StreamEvent | undefined {
    const { text } = this
    while (this.at < text.length) {
      const from = this.at
      if (text.charCodeAt(from) !== chars.LESS) {
        if (this.depth <= 0) this.#skipSpace()
        else this.#text()
      } else {
        const event = this.#markup(from)
        if (event) return event
      }
      if (this.at === from) return undefined
    }
    return undefined
  }

  /** Adds character data of which the end was found elsewhere. */
  addText(raw: string): void {
    this.#append(chars.decodeText(raw))
  }

  #skipSpace(): void {
    const { text } = this
    let i = this.at
    while (i < text.length && chars.isSpace(text.charCodeAt(i))) i++
    if (i === this.at) throw malformed('text outside of a stanza')
    this.at = i
  }

  #text(): void {
    const { text, at } = this
    chars.PLAIN_TEXT.lastIndex = at
    chars.PLAIN_TEXT.test(text)
    const stop = chars.PLAIN_TEXT.lastIndex
    const plain = stop < text.length && text.charCodeAt(stop) === chars.LESS
    const end = plain ? stop : text.indexOf('<', stop)
    if (end < 0) return
    const raw = text.slice(at, end)
    this.#append(plain ? raw : chars.decodeText(raw))
    this.at = end
  }

  #append(text: string): void {
    const el = this.#open?.element
    if (!el || text === '') return
    this.#checkParts(this.#parts + 1)
    this.#parts++
    const { children } = el
    const last = children.length - 1
    if (last < 0)
      el.children = [text] // an array of one takes a tenth of what push() sets aside
    else if (typeof children[last] === 'string') children[last] += text
    else children.push(text)
  }

  #markup(from: number): StreamEvent | undefined {
    const { text } = this
    if (from + 1 === text.length) return undefined
    switch (text.charCodeAt(from + 1)) {
      case chars.SLASH:
        return this.#endTag(from)
      case chars.BANG:
        this.#cdata(from)
        return undefined
      case chars.QUESTION:
        throw restricted('processing instruction')
      default:
        return this.#startTag(from)
    }
  }

  #cdata(from: number): void {
    const { text } = this
    const start = text.slice(from, from + CDATA.length)
    if (start !== CDATA) {
      if (text.length < from + CDATA.length && CDATA.startsWith(start)) return
      throw /^<![-A-Z]/.test(start) ? restricted('comment or declaration') : malformed('<! without a meaning')
    }
    const end = text.indexOf(']]>', from + CDATA.length)
    if (end < 0) return
    if (this.depth <= 0) throw malformed('text outside of a stanza')
    this.#append(chars.decodeLiteral(text.slice(from + CDATA.length, end)))
    this.at = end + 3
  }

  #endTag(from: number): StreamEvent | undefined {
    const { text } = this
    const open = this.#open
    if (!open || open === DOCUMENT) throw malformed('end tag without an element')
    let i = from + 2 + open.name.length
    if (i >= text.length) return undefined
    if (!names.standsAt(open.name, text, from + 2)) throw malformed('end tag of another element')
    while (i < text.length && chars.isSpace(text.charCodeAt(i))) i++
    if (i === text.length) return undefined
    if (text.charCodeAt(i) !== chars.GREATER) throw malformed('end tag of another element')
    this.#checkTagBytes(from, i + 1)
    if (this.depth === 0) this.stanzaStart = from
    this.at = i + 1
    this.#open = open.outer
    this.depth--
    if (this.depth < 0) return this.#end()
    return this.depth === 0 ? open.element : undefined
  }

  /** Reads a start tag. Its element is put into the tree when nothing can fail any more. */
  #startTag(from: number): StreamEvent | undefined {
    const { text, depth, limits } = this
    const outer = this.#open
    let i = this.#readName(from + 1)
    if (i < 0) return undefined
    const tag = this.#name
    const el = new Element(tag.local)
    let defaultNs = outer === undefined ? '' : outer.defaultNs
    let scope = outer?.scope
    let count = 0
    let qualified = 0
    let c = 0
    for (;;) {
      const gap = i
      i = this.#afterSpace(i)
      if (i < 0) return undefined
      c = text.charCodeAt(i)
      if (c === chars.GREATER || c === chars.SLASH) break
      if (i === gap) throw malformed('no blank between attributes')

      i = this.#readName(i)
      if (i < 0) return undefined
      const name = this.#name
      for (let k = 0; k < count; k++) if (seen[k]?.text === name.text) throw malformed('duplicate attribute')
      if (count === limits.maxAttributes) throw overLimit('too many attributes')
      seen[count++] = name

      const start = this.#valueStart(i)
      if (start < 0) return undefined
      i = this.#valueEnd(start)
      if (i < 0) return undefined
      const raw = text.slice(start, i++)
      const value = this.#plain ? raw : chars.decodeValue(raw)
      if (name.kind === names.PLAIN) el.attrs[name.text] = value
      else if (name.kind === names.DEFAULT_NAMESPACE) defaultNs = defaultNamespace(value)
      else if (name.kind === names.PREFIX_DECLARATION) scope = declare(scope, name.local, value, limits.maxAttributes)
      else {
        if (name.kind === names.QUALIFIED) qualified++
        names.setOwn(el.attrs, name.text, value)
      }
    }
    const empty = c === chars.SLASH
    if (empty) {
      if (++i === text.length) return undefined
      if (text.charCodeAt(i) !== chars.GREATER) throw malformed('/ inside a tag')
    }
    i++
    const ns = tag.prefix === '' ? defaultNs : resolve(scope, tag.prefix)
    const news = ns !== outer?.ns
    let declared = (depth <= 0 ? 0 : this.#declared) + (news ? ns.length : 0)
    if (qualified > 0) {
      const used = seen.slice(0, count).filter(({ kind }) => kind === names.QUALIFIED)
      declared += declareUsed(el, used, scope)
    }
    this.#checkTagBytes(from, i)
    const stanzaStart = depth <= 0 ? from : this.stanzaStart
    if (depth >= limits.maxDepth) throw overLimit('too deep')
    if (i - stanzaStart > limits.maxStanzaBytes) throw overLimit('stanza too big')
    if (declared > limits.maxStanzaBytes) throw overLimit('too many namespaces')
    const parts = (depth <= 0 ? 0 : this.#parts) + 1 + count
    this.#checkParts(parts)

    if (outer === undefined)
      return this.#begin(new StreamOpen(tag.local, tag.prefix, ns, defaultNs, el.attrs), { tag, scope, empty })
    this.at = i
    this.stanzaStart = stanzaStart
    this.#declared = declared
    this.#parts = parts
    if (news) el.attrs.xmlns = ns
    if (outer.element) appendElement(outer.element, el)
    if (!empty) {
      this.#open = { name: tag.text, ns, defaultNs, scope, element: el, outer }
      this.depth = depth + 1
    } else if (depth === 0) return el
    return undefined
  }

  #begin(event: StreamOpen, { tag, scope, empty }: Header): StreamOpen {
    if (this.#ended) throw malformed('markup after the end')
    this.at = this.text.length
    if (empty) this.#ended = true
    else {
      const { defaultNs } = event
      this.#open = { name: tag.text, ns: undefined, defaultNs, scope, element: undefined, outer: undefined }
      this.depth = 0
    }
    return event
  }

  #end(): StreamClose {
    this.#ended = true
    return new StreamClose()
  }

  /** Reads a name into `#name`, and returns where it ends; -1 when that is beyond the text. */
  #readName(from: number): number {
    const { text } = this
    let early = 0
    let late = 0
    for (let i = from; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (c >= 128 || chars.IN_NAME[c] !== 1)
        return c < 128 ? this.#foundName(from, i, early, late) : this.#rareName(from)
      early = (early << 8) | (late >>> 24)
      late = (late << 8) | c
    }
    return -1
  }

  #foundName(from: number, to: number, early: number, late: number): number {
    this.#name = names.nameAt(this.text, from, to, early, late)
    return to
  }

  /** The same for a name beyond ASCII. */
  #rareName(from: number): number {
    const { text } = this
    for (let i = from; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (c < 128 && chars.IN_NAME[c] !== 1) {
        this.#name = names.parseName(text.slice(from, i))
        return i
      }
    }
    return -1
  }

  /** Where the next character stands that is no blank; -1 when that is beyond the text. */
  #afterSpace(from: number): number {
    const { text } = this
    let i = from
    while (i < text.length && chars.isSpace(text.charCodeAt(i))) i++
    return i < text.length ? i : -1
  }

  /** Where the value begins, given where the name ends; -1 when that is beyond the text. */
  #valueStart(from: number): number {
    const { text } = this
    if (from + 1 < text.length && text.charCodeAt(from) === chars.EQUALS) {
      const c = text.charCodeAt(from + 1)
      if (c === chars.APOSTROPHE || c === chars.QUOTE) return from + 2
    }
    const equals = this.#afterSpace(from)
    if (equals < 0) return -1
    if (text.charCodeAt(equals) !== chars.EQUALS) throw malformed('attribute without a value')
    const quote = this.#afterSpace(equals + 1)
    if (quote < 0) return -1
    const c = text.charCodeAt(quote)
    if (c !== chars.APOSTROPHE && c !== chars.QUOTE) throw malformed('value without quotes')
    return quote + 1
  }

  /** Where the quote stands that ends the value; -1 when that is beyond the text. Sets `#plain`. */
  #valueEnd(from: number): number {
    const { text } = this
    const quote = text.charCodeAt(from - 1)
    const pattern = quote === chars.APOSTROPHE ? chars.PLAIN_IN_SINGLE : chars.PLAIN_IN_DOUBLE
    pattern.lastIndex = from
    pattern.test(text)
    const stop = pattern.lastIndex
    this.#plain = stop < text.length && text.charCodeAt(stop) === quote
    return this.#plain ? stop : text.indexOf(quote === chars.APOSTROPHE ? "'" : '"', stop)
  }

  #checkParts(count: number): void {
    const max = this.limits.maxParts
    if (max !== undefined && count > max) throw overLimit('too many elements')
  }

  #checkTagBytes(from: number, to: number): void {
    const max = this.limits.maxTagBytes
    if (max === undefined || 3 * (to - from) <= max) return
    if (Buffer.byteLength(this.text.slice(from, to)) > max) throw overLimit('tag too big')
  }
}

/** What `#begin` needs to know beside the event. */
interface Header {
  readonly tag: names.Name
  readonly scope: Binding | undefined
  readonly empty: boolean
}

function appendElement(parent: Element, el: Element): void {
  el.parent = parent
  if (parent.children.length === 0) parent.children = [el]
  else parent.children.push(el)
}

/** Reads one complete element, strictly: no more than white space may stand around it. */
export function parseElement(text: string, limits: XmlLimits = STORED): Element {
  if (3 * text.length > limits.maxStanzaBytes && Buffer.byteLength(text) > limits.maxStanzaBytes)
    throw overLimit('element too big')
  const reader = new TreeReader(limits, 'document')
  reader.text = text
  const el = reader.read()
  if (!(el instanceof Element)) throw malformed('not a complete element')
  if (reader.read() !== undefined || reader.at < text.length) throw malformed('more than one element')
  return el
}

/** For what was let in once, and may have been wrapped since. */
const STORED: XmlLimits = { maxStanzaBytes: 64 * 1024 * 1024, maxDepth: 1024, maxAttributes: 1024 }
