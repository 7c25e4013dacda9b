/** strophe.js: WebSocket, logins and stream management are its own; extensions are written by its users. */
import { $build, $iq, type Builder, Strophe } from 'strophe.js'
import { Refused, serve, type Tell, text, type Verbs } from './lines.js'
import { child, elements, type Tree, tree } from './tree.js'
import { type Link, notice, takePushes, treeVerbs } from './tree-verbs.js'

/** As much of the DOM as is looked at. */
interface Dom {
  readonly tagName: string
  readonly nodeType: number
  readonly nodeValue: string | null
  readonly namespaceURI: string | null
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>
  readonly childNodes: ArrayLike<Dom>
}

/** What the library keeps to itself, but has to be reached to have a connection break. */
interface Broken {
  readonly _proto: { readonly socket: { terminate(): void } }
}

const { CONNECTED, CONNFAIL, AUTHFAIL, DISCONNECTED } = Strophe.Status
const MECHANISMS = {
  PLAIN: Strophe.SASLPlain,
  'SCRAM-SHA-1': Strophe.SASLSHA1,
  'SCRAM-SHA-256': Strophe.SASLSHA256,
  'SCRAM-SHA-512': Strophe.SASLSHA512,
}

function toLibrary(value: Tree): Builder {
  const grow = (builder: Builder, { children }: Tree): Builder => {
    for (const part of children) {
      if (typeof part === 'string') builder.t(part)
      else grow(builder.c(part.name, part.attrs), part).up()
    }
    return builder
  }
  return grow($build(value.name, value.attrs), value)
}

const fromLibrary = (element: Dom): Tree =>
  tree(
    element.tagName,
    {
      ...Object.fromEntries(Array.from(element.attributes, ({ name, value }) => [name, value])),
      xmlns: element.namespaceURI ?? undefined,
    },
    ...Array.from(element.childNodes, node =>
      node.nodeType === Strophe.ElementType.NORMAL ? fromLibrary(node) : (node.nodeValue ?? ''),
    ),
  )

class Session {
  readonly #connection
  readonly #jid
  readonly #password
  readonly #tell
  readonly #watched = new Set<string>()

  constructor(url: string, mechanism: string | undefined, jid: string, password: string, tell: Tell) {
    this.#connection = new Strophe.Connection(url, {
      enableStreamManagement: true,
      ...(mechanism && { mechanisms: [MECHANISMS[mechanism as keyof typeof MECHANISMS]] }), // the suite knows which
    })
    this.#jid = jid
    this.#password = password
    this.#tell = tell
  }

  /** Connects; resumes by itself when there is something to resume. */
  connect(): Promise<void> {
    this.#listen() // anew each time: the library forgets its handlers with the connection
    return new Promise((resolve, reject) =>
      this.#connection.connect(this.#jid, this.#password, (status: number, condition: string | null, element?: Dom) => {
        if (status === CONNECTED) resolve()
        // what it gives as the condition is the text, or nothing; the element has it
        else if (status === AUTHFAIL)
          reject(new Refused({ condition: (element && elements(fromLibrary(element))[0]?.name) ?? `${condition}` }))
        else if (status === CONNFAIL || status === DISCONNECTED) reject(new Error(`no connection: ${condition}`))
      }),
    )
  }

  get jid() {
    return this.#connection.jid
  }

  get hasResumed() {
    return this.#connection.hasResumed()
  }

  async disconnect() {
    if (!this.#connection.connected) return
    const gone = this.#gone()
    this.#connection.disconnect('')
    await gone
  }

  async cut() {
    const gone = this.#gone()
    ;(this.#connection as unknown as Broken)._proto.socket.terminate()
    await gone
  }

  readonly link: Link = {
    iq: (type, to, payload) =>
      new Promise((resolve, reject) => {
        const request = $iq({ type, ...(to && { to }) }).cnode(toLibrary(payload).tree())
        this.#connection.sendIQ(
          request,
          (answer: Dom) => resolve(elements(fromLibrary(answer))[0]),
          (answer: Dom | null) => reject(answer ? refusal(fromLibrary(answer)) : new Error('no answer')),
        )
      }),
    send: async stanza => {
      this.#connection.send(toLibrary(stanza))
      if (stanza.name !== 'message' || !stanza.attrs.id || stanza.attrs.to === undefined) return
      this.#watched.add(stanza.attrs.id)
      this.#connection.sm?.requestAck()
    },
    takes: (type, name, xmlns, then) =>
      void this.#connection.addHandler(
        (request: Dom) => {
          const { attrs, children } = fromLibrary(request)
          const payload = elements({ name: 'iq', attrs, children })[0]
          if (payload?.name !== name) return true
          this.#connection.send($iq({ type: 'result', id: attrs.id ?? '', ...(attrs.from && { to: attrs.from }) }))
          then(payload)
          return true
        },
        xmlns,
        'iq',
        type,
      ),
  }

  #gone() {
    return new Promise<void>(resolve => {
      this.#connection.connect_callback = (status: number) => status === DISCONNECTED && resolve()
    })
  }

  #listen() {
    takePushes(this.link, this.#tell)
    this.link.takes('get', 'ping', 'urn:xmpp:ping', () => {}) // the library leaves that to its users, too
    for (const kind of ['message', 'presence']) {
      this.#connection.addHandler(
        (stanza: Dom) => {
          notice(fromLibrary(stanza), this.link, this.#tell)
          return true
        },
        null as unknown as string, // of any namespace; its type does not say that this is allowed
        kind,
      )
    }
    this.#connection.addHandler(
      () => {
        queueMicrotask(() => this.#tellAcknowledged()) // the library looks at it after this
        return true
      },
      'urn:xmpp:sm:3',
      'a',
    )
  }

  /** The library has no event for it, but a list of what is not acknowledged. */
  #tellAcknowledged() {
    const open = (this.#connection.sm as { state?: { unacked: { stanza: string }[] } }).state?.unacked ?? []
    for (const id of this.#watched) {
      if (open.some(({ stanza }) => stanza.includes(`id="${id}"`))) continue
      this.#watched.delete(id)
      this.#tell('acknowledged', { id })
    }
  }
}

function refusal(answer: Tree): Refused {
  const error = child(answer, 'error')
  return new Refused({
    condition: elements(error)[0]?.name ?? '',
    ...(error?.attrs.type && { type: error.attrs.type }),
  })
}

function begin(tell: Tell): Verbs {
  let session: Session | undefined
  const online = () => {
    if (session) return session
    throw new Error('not online')
  }
  return {
    ...treeVerbs(() => online().link),
    async login(order) {
      const [url, jid, password] = ['url', 'jid', 'password'].map(name => text(order, name) ?? '') as [
        string,
        string,
        string,
      ]
      const begun = new Session(url, text(order, 'mechanism'), jid, password, tell)
      await begun.connect()
      session = begun
      await begun.link.iq('get', undefined, tree('query', { xmlns: 'jabber:iq:roster' }))
      return { jid: begun.jid }
    },
    async logout() {
      await session?.disconnect()
      session = undefined
      return null
    },
    async cut() {
      await online().cut()
      return null
    },
    async resume() {
      await online().connect()
      if (!online().hasResumed) throw new Error('the session was not resumed')
      return null
    },
  }
}

Strophe.setLogLevel(Strophe.LogLevel.FATAL) // what it logs goes to standard output, where the answers go
await serve(begin)
