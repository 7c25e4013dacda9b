import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { limits } from './c2s/limits.js'
import { componentLimits } from './component/limits.js'
import { readComponents } from './component/settings.js'
import { ConfigError, choice, duration, flag, integer, list, readFields, text, wrong } from './core/config.js'
import { type ModuleSettings, readModules } from './core/host.js'
import { reasonOf } from './core/system-error.js'
import { httpLimits } from './http/limits.js'
import { LEVELS, type Level } from './log.js'
import { modules } from './modules/index.js'
import {
  each,
  listener,
  type ReadSettings,
  readSettings,
  refuseSharedPorts,
  type Setting,
  section,
  single,
} from './settings.js'
import { readStorage, storageFields } from './storage/settings.js'
import { type Jid, parseJid, prepareDomain } from './xmpp/jid.js'
import { readYaml } from './yaml.js'

/** The configuration of a server, checked: paths are absolute, names prepared, and everything has a value. */
export type Config = ReturnType<typeof absolute> & {
  /** The file it stands in; undefined when there is none and everything is as it is by default. */
  readonly file: string | undefined
}

/** What can be said about one domain: a certificate and its key, or neither. */
export interface DomainSettings {
  readonly certificate?: string
  readonly key?: string
  readonly clientAuthorities?: string
}

const domainFields = {
  certificate: text({ default: '', doc: 'A PEM file with the certificate and those that it is signed with.' }),
  key: text({ default: '', doc: 'A PEM file with its private key.' }),
  clientAuthorities: text({
    default: '',
    doc: 'A PEM file with the certificates of those who vouch for certificates of clients, and with what they have revoked.',
  }),
}

const domains: Setting<ReadonlyMap<string, DomainSettings | undefined>> = {
  doc:
    'The domains that are served. A certificate is DATA/certs/DOMAIN.crt with DOMAIN.key, made if it is not there, or is named:\n' +
    '{ example.org: { certificate: example.pem, key: example.key }, example.net: }\n' +
    'clientAuthorities: FILE beside these names who vouches for certificates of clients, in PEM form: users of the domain can log in ' +
    'by one that has their address in it, as xmppAddr (XEP-0178).',
  written: '[ localhost ]',
  read: (raw = ['localhost'], path) => {
    const named = readDomains(raw, path)
    if (named.length === 0) throw wrong(path, raw, 'at least one domain')
    const domains = new Map<string, DomainSettings | undefined>()
    for (const [domain, settings, where] of named) {
      if (domains.has(domain)) throw new ConfigError(where, `${domain} was found a second time, once was expected`)
      domains.set(domain, settings)
    }
    return domains
  },
}

type NamedDomain = readonly [domain: string, settings: DomainSettings | undefined, path: string]

function readDomains(raw: unknown, path: string): readonly NamedDomain[] {
  if (Array.isArray(raw)) return each(raw, path, (name, where) => [readDomain(name, where), undefined, where])
  if (typeof raw !== 'object' || raw === null) throw wrong(path, raw, 'a list of domains')
  return Object.entries(raw).map(([name, written]) => {
    const where = `${path}.${name}`
    const settings = readFields(domainFields, written, where)
    const { certificate, key, clientAuthorities } = settings
    if ((certificate === '') !== (key === ''))
      throw new ConfigError(
        where,
        `${key ? 'a key' : 'a certificate'} was found, a certificate and a key were expected`,
      )
    const named = { ...(key !== '' && { certificate, key }), ...(clientAuthorities !== '' && { clientAuthorities }) }
    return [readDomain(name, where), Object.keys(named).length > 0 ? named : undefined, where]
  })
}

function readDomain(raw: unknown, path: string): string {
  try {
    if (typeof raw === 'string') return prepareDomain(raw)
  } catch {
    // it is no domain, and what exactly is wrong with it can be seen
  }
  throw wrong(path, raw, 'a domain such as example.org')
}

const admins: Setting<readonly Jid[]> = {
  doc: 'The accounts that may administer the server from their clients.',
  written: '[]',
  read: (raw = [], path) => {
    if (!Array.isArray(raw)) throw wrong(path, raw, 'a list of addresses such as juliet@example.org')
    return each(raw, path, readAccount)
  },
}

function readAccount(raw: unknown, path: string): Jid {
  try {
    const jid = typeof raw === 'string' ? parseJid(raw) : undefined
    if (jid?.local && !jid.resource) return jid
  } catch {
    // as above
  }
  throw wrong(path, raw, 'an address such as juliet@example.org')
}

const moduleSettings: Setting<ModuleSettings> = {
  doc: 'What each module does. `false` switches one off.',
  written: '{}',
  read: (raw = {}, path) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrong(path, raw, 'modules by their names')
    const settings = { ...raw }
    readModules(modules, settings)
    return settings
  },
}

const components: Setting<unknown> = {
  doc:
    'The programs that may connect and own a domain, such as gateways (XEP-0114), by their domains. Each has a secret, and may have\n' +
    'name: what it is called among the services of a domain; else what it calls itself\n' +
    'domains: whose users it is for; else those of the domain that its own is below, or of all\n' +
    'subdomains: true to speak for all domains below its own, too\n' +
    'replace: true to let a second connection end the first; else it is refused\n' +
    'privileges: { roster: get, push: true, message: outgoing, presence: managed_entity, iq: { NAMESPACE: both } } (XEP-0356)\n' +
    'delegations: { NAMESPACE: [], OTHER: [ node ] }, the requests that it answers instead of the server (XEP-0355)\n' +
    '{ gateway.example.org: { secret: "something long" } }',
  written: '{}',
  read: raw => raw, // when it is known which domains are served
}

/** All there is to set, in the order of the example file. */
export const settings = {
  domains,
  data: single(
    text({
      default: './data',
      doc: 'The folder for everything that is kept: database, certificates, admin socket. Relative to this file.',
    }),
  ),
  listen: section('Where to listen: a port, "address:port", a list of these, or false.', {
    c2s: listener({ default: 5222, doc: 'Clients, encrypted by STARTTLS.' }),
    'c2s-tls': listener({ default: 5223, doc: 'Clients, encrypted from the first byte.' }),
    component: listener({
      default: { host: '127.0.0.1', port: 5347 },
      doc: 'Components, such as gateways; nobody listens there unless there are some in `components`. They are not encrypted.',
    }),
    metrics: listener({
      default: false,
      host: '127.0.0.1',
      doc: 'Metrics, health and readiness by HTTP, for whoever watches the server. A port alone is on 127.0.0.1: nobody is asked who he is.',
    }),
    s2s: listener({ default: false, doc: 'Other servers. Not part of this version.' }),
    http: listener({ default: false, doc: 'HTTP. Not part of this version.' }),
    https: listener({ default: false, doc: 'HTTPS. Not part of this version.' }),
  }),
  tls: section('Encryption.', {
    required: flag({ default: true, doc: 'No login without it. Off only for tests on a loopback address.' }),
    reread: duration({
      default: '30 seconds',
      doc: 'How often the files of certificates are looked at: those that have changed are read anew.',
    }),
  }),
  storage: section('The database, in the words of Knex (https://knexjs.org).', storageFields),
  admins,
  auth: section('Logging in.', {
    iterations: integer({
      default: 10_000,
      min: 4096, // RFC 7677 §4
      max: 10_000_000,
      doc: 'What a new password costs to try: more is safer and slower. Those that are there keep theirs.',
    }),
    anonymous: list({
      default: [],
      doc: 'The domains that let anybody in without an account, as a guest of whom nothing is kept (XEP-0175).',
    }),
  }),
  log: section('The log, on standard error.', {
    level: choice<Level>({
      default: 'info',
      of: LEVELS,
      doc: 'What to leave out: all below this.',
    }),
  }),
  limits: section('What one client may ask of the server.', limits),
  components,
  componentLimits: section('What one component may ask of the server.', componentLimits),
  http: section('What visitors may ask of the server by HTTP.', httpLimits),
  modules: moduleSettings,
}

/** What is read when nothing else is asked for, if it is there. */
export const DEFAULT_FILE = 'parlance.yaml'

/** Reads the configuration. Throws a ConfigError with the line, what was found there and what was expected. */
export function loadConfig(file?: string): Config {
  const chosen = file ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)
  return chosen === undefined ? parseConfig('') : parseConfig(readText(chosen), path.resolve(chosen))
}

/** The data folder of a configuration that cannot be read as a whole, as far as it can be told. */
export function dataFolderIn(file = DEFAULT_FILE): string {
  const base = path.dirname(path.resolve(file))
  try {
    const written = Object(readYaml(readText(file), file).value).data
    if (typeof written === 'string') return path.resolve(base, written)
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
  }
  return path.resolve(base, settings.data.read(undefined, 'data'))
}

/** Reads a configuration's text. Its paths are relative to its file, or to the working directory. */
export function parseConfig(text: string, file?: string): Config {
  const name = file === undefined ? 'configuration' : shortest(file)
  const yaml = readYaml(text, name)
  try {
    const config = readSettings(settings, yaml.value)
    refuseSharedPorts(config.listen)
    refuseStrangeDomains(config.auth.anonymous, config.domains)
    return { ...absolute(config, file === undefined ? process.cwd() : path.dirname(file)), file }
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
    const line = yaml.lineOf(fault.path)
    const problem = fault.message.slice(fault.path.length + 2)
    throw new ConfigError(`${name}${line === undefined ? '' : `, line ${line}`}: ${fault.path}`, problem)
  }
}

function refuseStrangeDomains(named: readonly string[], domains: ReadonlyMap<string, unknown>): void {
  for (const [i, domain] of named.entries())
    if (!domains.has(domain)) throw wrong(`auth.anonymous.${i}`, domain, 'one of the domains that are served')
}

const shortest = (file: string): string => (path.relative('', file).startsWith('..') ? file : path.relative('', file))

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    if (cause instanceof TypeError) throw new ConfigError(file, 'bytes that are no UTF-8 were found, text was expected')
    throw new ConfigError(file, `the configuration cannot be read: ${reasonOf(cause)}`)
  }
}

function absolute(config: ReadSettings<typeof settings>, base: string) {
  const data = path.resolve(base, config.data)
  const files = (named: DomainSettings | undefined): DomainSettings | undefined =>
    named && Object.fromEntries(Object.entries(named).map(([name, file]) => [name, path.resolve(base, file)]))
  const components = readComponents(config.components, 'components', new Set(config.domains.keys()))
  return {
    ...config,
    data,
    components,
    listen: components.size > 0 ? config.listen : { ...config.listen, component: [] },
    domains: new Map([...config.domains].map(([domain, pem]) => [domain, files(pem)])),
    storage: readStorage(config.storage, 'storage', { base, data }),
  }
}
