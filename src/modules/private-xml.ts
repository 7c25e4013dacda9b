import { integer, size } from '../core/config.js'
import { defineModule, get, type Request, set } from '../core/module.js'
import { map } from '../core/stores.js'
import { type Element, elements, namespaceOf, parseElement, serialise, xml } from '../xml/index.js'
import { badRequest, forbidden, notAcceptable, policyViolation } from '../xmpp/errors.js'
import { PRIVATE } from '../xmpp/ns.js'

/** Keeps what clients want to find again, for nobody else to see: bookmarks, notes, settings. XEP-0049 */
export const privateXml = defineModule({
  name: 'private',
  doc: 'Keeps private data of clients (XEP-0049).',
  implements: ['XEP-0049 1.2'],
  features: [PRIVATE],
  config: {
    maxElements: integer({ default: 100, min: 1, doc: 'How many elements one user may keep.' }),
    maxSize: size({ default: '512 kB', doc: 'How large they may be together.' }),
  },
  // as text, so that what comes back is what went in; several of one name and namespace under one key
  stores: { kept: map<string>() },
  setup({ config, stores: { kept } }) {
    async function find({ to, payload }: Request): Promise<Element> {
      const [wanted, ...more] = named(payload)
      if (more.length > 0) throw badRequest() // §2.3
      const ns = namespaceOf(wanted)
      const text = (await kept.get(to, keyOf(wanted))) ?? likely(ns, await kept.all(to))
      return text === undefined
        ? xml('query', { xmlns: PRIVATE }, xml(wanted.name, { xmlns: ns }))
        : parseElement(`<query xmlns='${PRIVATE}'>${text}</query>`)
    }

    async function keep({ to, payload }: Request): Promise<void> {
      const texts = new Map<string, string>()
      for (const el of named(payload)) texts.set(keyOf(el), (texts.get(keyOf(el)) ?? '') + textOf(el))
      const changes = new Map([...texts].map(([key, text]) => [key, text === '' ? undefined : text] as const))
      checkLimits(new Map([...(await kept.all(to)), ...changes]))
      await kept.change(to, changes)
    }

    function checkLimits(result: ReadonlyMap<string, string | undefined>): void {
      const texts = [...result.values()].filter(text => text !== undefined)
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
      if (texts.length > config.maxElements) throw policyViolation(`At most ${config.maxElements} elements are kept`)
      if (bytes > config.maxSize) throw policyViolation(`At most ${config.maxSize} bytes are kept`)
    }

    const refuse = () => {
      throw forbidden() // §2.3
    }

    return {
      iq: [
        get(['self'], 'query', PRIVATE, find),
        set(['self'], 'query', PRIVATE, keep),
        get(['account'], 'query', PRIVATE, refuse),
        set(['account'], 'query', PRIVATE, refuse),
      ],
    }
  },
})

/** What was given or is asked for: at least one, each in a namespace of its own (§2.3). */
function named(query: Element): readonly [Element, ...Element[]] {
  const [first, ...rest] = elements(query)
  // §2.3 also names "bad-format" for a get, which stanza errors do not have
  if (!first || [first, ...rest].some(el => namespaceOf(el) === PRIVATE)) throw notAcceptable()
  return [first, ...rest]
}

const keyOf = (el: Element): string => `{${namespaceOf(el)}}${el.name}`

/** '' for an element that says nothing, which is not kept: who asks for it gets the same answer. */
function textOf(el: Element): string {
  const says = el.children.length > 0 || Object.keys(el.attrs).some(name => name !== 'xmlns')
  return says ? serialise(el) : ''
}

/**
 * What is kept in the namespace, if nothing is under that name: §2.1 knows no names. nbxmpp (Gajim) writes
 * `<roster xmlns='roster:delimiter'/>` and asks for `<storage xmlns='roster:delimiter'/>`; it would write it anew at
 * every login.
 */
function likely(ns: string, all: ReadonlyMap<string, string>): string | undefined {
  const texts = [...all].filter(([key]) => key.slice(1, key.lastIndexOf('}')) === ns).map(([, text]) => text)
  return texts.length === 0 ? undefined : texts.join('')
}
