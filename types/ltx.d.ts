/** ltx and @xmpp/xml ship no types; this is the part of them that Parlance uses. */
declare module 'ltx/lib/Element.js' {
  export default class Element {
    name: string
    attrs: Record<string, string>
    children: (Element | string)[]
    parent: Element | null
    constructor(name: string, attrs?: Record<string, string | number | undefined>)
    is(name: string, xmlns?: string): boolean
    getName(): string
    getNS(): string | undefined
    getChild(name: string, xmlns?: string): Element | undefined
    getChildren(name: string, xmlns?: string): Element[]
    getChildElements(): Element[]
    getText(): string
    toString(): string
  }
}

declare module '@xmpp/xml' {
  import Element from 'ltx/lib/Element.js'

  type Child = Element | string | undefined | null | false | readonly Child[]
  export function xml(
    name: string,
    attrs?: Record<string, string | number | undefined> | null,
    ...children: Child[]
  ): Element
  export { Element }
  export default xml
}
