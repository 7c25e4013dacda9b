/** Elements as a strict parser reads them: namespaces resolved, nothing repaired. */
import sax from 'sax'

export interface Element {
  readonly name: string
  readonly ns: string
  /** By name; those in a namespace by `{namespace}name`, but xml:lang as such. */
  readonly attrs: ReadonlyMap<string, string>
  readonly children: readonly (Element | string)[]
}

export const STREAMS = 'http://etherx.jabber.org/streams'

/** What a stream consists of. */
export interface Events {
  opened(header: Element): void
  element(element: Element): void
  closed(): void
  /** What came is not XML, or not a stream. */
  failed(reason: string): void
}

interface Draft extends Element {
  readonly attrs: Map<string, string>
  readonly children: (Element | string)[]
}

/** Reads one XML stream, or one document, as it comes. */
export class Reader {
  readonly #parser = sax.parser(true, { xmlns: true, position: false })
  readonly #open: Draft[] = []
  #failed = false

  constructor(events: Events) {
    this.#parser.onopentag = tag => {
      const element = draft(tag as sax.QualifiedTag) // what the option xmlns makes
      if (this.#open.length === 0) events.opened(element)
      this.#open.push(element)
    }
    this.#parser.onclosetag = () => {
      const element = this.#open.pop()
      const parent = this.#open.at(-1)
      if (!parent || !element) return events.closed()
      if (this.#open.length === 1) events.element(element)
      else parent.children.push(element)
    }
    this.#parser.ontext = text => void (this.#open.length > 1 && this.#open.at(-1)?.children.push(text))
    this.#parser.oncdata = text => void (this.#open.length > 1 && this.#open.at(-1)?.children.push(text))
    this.#parser.onerror = fault => {
      if (!this.#failed) events.failed(fault.message.split('\n')[0] ?? '')
      this.#failed = true
    }
  }

  write(text: string): void {
    if (!this.#failed) this.#parser.write(text)
  }
}

const draft = (tag: sax.QualifiedTag): Draft => ({
  name: tag.local,
  ns: tag.uri,
  attrs: new Map(
    Object.values(tag.attributes)
      .filter(({ name, prefix }) => name !== 'xmlns' && prefix !== 'xmlns')
      .map(({ uri, local, prefix, value }) => [nameOf(uri, local, prefix), value]),
  ),
  children: [],
})

const nameOf = (uri: string, local: string, prefix: string) =>
  prefix === 'xml' ? `xml:${local}` : uri ? `{${uri}}${local}` : local

export const CLIENT = 'jabber:client'

/** The elements of a text that could stand in a stream. */
export function parseElements(text: string, namespace = CLIENT): readonly Element[] {
  const found: Element[] = []
  let fault: string | undefined
  const reader = new Reader({
    opened() {},
    element: element => found.push(element),
    closed() {},
    failed: reason => {
      fault = reason
    },
  })
  reader.write(`<stream:stream xmlns='${namespace}' xmlns:stream='${STREAMS}'>${text}</stream:stream>`)
  if (fault !== undefined) throw new Error(`this is not XML: ${fault}`)
  return found
}

export const elementsOf = (element: Element): readonly Element[] =>
  element.children.filter(child => typeof child !== 'string')

export const textOf = (element: Element): string => element.children.filter(child => typeof child === 'string').join('')

export const childOf = (element: Element, name: string, ns = element.ns): Element | undefined =>
  elementsOf(element).find(child => child.name === name && child.ns === ns)

/** For people: namespaces are said where they change. */
export function show(element: Element, outer = CLIENT): string {
  const ns = element.ns === outer ? '' : ` xmlns='${element.ns}'`
  const attrs = [...element.attrs].map(([name, value]) => ` ${name}='${escapeXml(value)}'`).join('')
  const inner = element.children
    .map(child => (typeof child === 'string' ? escapeXml(child) : show(child, element.ns)))
    .join('')
  return inner ? `<${element.name}${ns}${attrs}>${inner}</${element.name}>` : `<${element.name}${ns}${attrs}/>`
}

export const escapeXml = (text: string): string => text.replace(/[&<>'"]/g, mark => ESCAPED[mark] ?? mark)

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
}
