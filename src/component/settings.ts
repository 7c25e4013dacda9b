import type { Access, Privileges, Rights } from '../core/components.js'
import { ConfigError, choice, type Field, flag, list, readFields, text, wrong } from '../core/config.js'
import { prepareDomain } from '../xmpp/jid.js'
import { DELEGATION } from '../xmpp/ns.js'

/** What is said about one component. */
export interface ComponentSettings {
  /** What it shows to know when it connects. */
  readonly secret: string
  /** What it is called among the services of a domain; '' for what it calls itself. */
  readonly name: string
  /** The domains of users that it belongs to. */
  readonly domains: readonly string[]
  /** Whether it speaks for the domains below its own, too. */
  readonly subdomains: boolean
  /** Whether another connection takes the place of the one that it has. */
  readonly replace: boolean
  readonly rights: Rights
}

export type ComponentsSettings = ReadonlyMap<string, ComponentSettings>

const fields = {
  secret: text({ default: '', doc: 'What the component shows to know when it connects.' }),
  name: text({ default: '', doc: 'What it is called among the services of a domain; else what it calls itself.' }),
  domains: list({
    default: [],
    doc: 'Whose users it is for: else those of the domain that its own is below, or of all.',
  }),
  subdomains: flag({ default: false, doc: 'Whether it speaks for all domains below its own, too.' }),
  replace: flag({ default: false, doc: 'Whether a second connection ends the first, and is not refused.' }),
  privileges: mapping({ doc: 'What it may do in the name of users (XEP-0356).' }),
  delegations: mapping({ doc: 'By namespace, the requests that it answers instead of the server (XEP-0355).' }),
}

const ACCESS = ['none', 'get', 'set', 'both'] as const

const privilegeFields = {
  roster: choice<Access>({ default: 'none', of: ACCESS, doc: 'What it may do with contact lists.' }),
  push: flag({ default: true, doc: 'Whether it hears of every change to a contact list that it may get.' }),
  message: choice<Privileges['message']>({
    default: 'none',
    of: ['none', 'outgoing'],
    doc: 'Whether it may send messages in the name of users and of the server.',
  }),
  presence: choice<Privileges['presence']>({
    default: 'none',
    of: ['none', 'managed_entity', 'roster'],
    doc: 'Whose presence it sees: that of users, or that of their contacts, too.',
  }),
  iq: mapping({ doc: 'By namespace, the requests that it may make in the name of users.' }),
}

/**
 * Reads all components, by their domains. `served` are the domains of users, prepared. Throws a ConfigError, which never
 * tells a secret.
 */
export function readComponents(raw: unknown, path: string, served: ReadonlySet<string>): ComponentsSettings {
  // not told what was found, for there may be secrets in it
  if (!isMapping(raw ?? {})) throw new ConfigError(path, 'components by their domains were expected')
  const components = new Map<string, ComponentSettings>()
  for (const [name, written] of Object.entries(raw ?? {})) {
    const where = `${path}.${name}`
    const domain = readDomain(name, where)
    if (served.has(domain)) throw new ConfigError(where, 'one of the domains of users was found, another was expected')
    if (components.has(domain)) throw new ConfigError(where, `${domain} was found a second time, once was expected`)
    components.set(domain, readComponent(domain, written, where, served))
  }
  refuseSharedDelegations(components, path)
  return components
}

function readComponent(domain: string, raw: unknown, path: string, served: ReadonlySet<string>): ComponentSettings {
  refuseNoSecret(raw, path)
  const { privileges, delegations, domains, ...settings } = readFields(fields, raw, path)
  return {
    ...settings,
    domains: domains.length > 0 ? readHosts(domains, `${path}.domains`, served) : hostsOf(domain, served),
    rights: {
      privileges: readPrivileges(privileges, `${path}.privileges`),
      delegations: readDelegations(delegations, `${path}.delegations`),
    },
  }
}

/** Here, so that whatever stands there is not told. */
function refuseNoSecret(raw: unknown, path: string): void {
  const secret = isMapping(raw) ? raw.secret : undefined
  if (typeof secret !== 'string' || secret === '')
    throw new ConfigError(
      `${path}.secret`,
      `${secret === undefined || secret === '' ? 'nothing' : 'no text'} was found, a secret in quotes was expected`,
    )
}

/** The domain of users that a component's is below, the nearest one; all where there is none. */
function hostsOf(domain: string, served: ReadonlySet<string>): readonly string[] {
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const above = domain.slice(dot + 1)
    if (served.has(above)) return [above]
  }
  return [...served]
}

function readHosts(written: readonly string[], path: string, served: ReadonlySet<string>): readonly string[] {
  const hosts = written.map((name, i) => readDomain(name, `${path}.${i}`))
  const stranger = hosts.findIndex(host => !served.has(host))
  if (stranger >= 0) throw wrong(`${path}.${stranger}`, written[stranger], `one of ${[...served].join(', ')}`)
  return [...new Set(hosts)]
}

function readPrivileges(raw: unknown, path: string): Privileges {
  const { iq, push, ...privileges } = readFields(privilegeFields, raw, path)
  const mayGet = privileges.roster === 'get' || privileges.roster === 'both'
  // XEP-0356 §7.4
  if (privileges.presence === 'roster' && !mayGet)
    throw new ConfigError(`${path}.presence`, '"roster" was found, which is only possible with roster: get or both')
  const accesses = Object.entries(iq).map(([ns, access]) => {
    const known = ACCESS.find(word => word === access)
    if (!known) throw wrong(`${path}.iq.${ns}`, access, `one of ${ACCESS.join(', ')}`)
    return [ns, known] as const
  })
  return { ...privileges, push: push && mayGet, iq: new Map(accesses) }
}

function readDelegations(raw: Mapping, path: string): ReadonlyMap<string, readonly string[]> {
  const delegations = Object.entries(raw).map(([ns, attributes]) => {
    const where = `${path}.${ns}`
    // XEP-0355 §8
    if (ns === DELEGATION) throw new ConfigError(where, 'delegation itself was found, which cannot be delegated')
    const names = attributes ?? []
    if (!Array.isArray(names) || !names.every(name => typeof name === 'string' && name !== ''))
      throw wrong(where, attributes, 'a list of attributes that a request has to have, or []')
    return [ns, names] as const
  })
  return new Map(delegations)
}

/** Who answers has to be clear. */
function refuseSharedDelegations(components: ComponentsSettings, path: string): void {
  const taken = new Map<string, string>()
  for (const [domain, { domains, rights }] of components) {
    for (const ns of rights.delegations.keys()) {
      for (const host of domains) {
        const other = taken.get(`${host} ${ns}`)
        const where = `${path}.${domain}.delegations.${ns}`
        if (other)
          throw new ConfigError(where, `a namespace was found that is delegated to ${other} for ${host} already`)
        taken.set(`${host} ${ns}`, domain)
      }
    }
  }
}

function readDomain(raw: string, path: string): string {
  try {
    return prepareDomain(raw)
  } catch {
    throw wrong(path, raw, 'a domain such as gateway.example.org')
  }
}

type Mapping = Readonly<Record<string, unknown>>

/** Keys that are not known beforehand, with what stands there; read further by whoever asks for it. */
function mapping({ doc }: { readonly doc: string }): Field<Mapping> {
  return {
    doc,
    default: {},
    expects: 'names with values below',
    parse: raw => (raw === null ? {} : isMapping(raw) ? raw : undefined),
    format: value => JSON.stringify(value),
  }
}

const isMapping = (raw: unknown): raw is Mapping => typeof raw === 'object' && raw !== null && !Array.isArray(raw)
