import net from 'node:net'
import { ConfigError, type Field, type Fields, readFields, unknownKey, type Values, wrong } from './core/config.js'

/*
 * The kinds of setting that the whole file has and no module does. How each is documented and how it is read stand
 * together, so that the example file cannot say what is not so.
 */

/** A key at the top of the file. */
export interface Setting<T> {
  readonly doc: string
  /** What is written in a file that says the default. */
  readonly written: string
  /** The keys below it, where they are fixed. */
  readonly fields?: Fields
  /** Throws a ConfigError; undefined stands for a key that is not there. */
  read(raw: unknown, path: string): T
}

export type Settings = Readonly<Record<string, Setting<unknown>>>

export type ReadSettings<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** Reads a whole file. Keys that are no settings are refused. */
export function readSettings<S extends Settings>(settings: S, raw: unknown): ReadSettings<S> {
  const file = raw ?? {}
  if (typeof file !== 'object' || Array.isArray(file))
    throw wrong('the file', file, 'settings, such as "log: { level: info }",')
  for (const name of Object.keys(file))
    if (!Object.hasOwn(settings, name)) throw unknownKey('', name, Object.keys(settings))
  const written = new Map(Object.entries(file))
  const values = Object.entries(settings).map(([name, setting]) => [name, setting.read(written.get(name), name)])
  return Object.fromEntries(values) as ReadSettings<S> // every setting has been read just now
}

/** A key with keys below it. */
export const section = <F extends Fields>(doc: string, fields: F): Setting<Values<F>> => ({
  doc,
  fields,
  written: '{}',
  read: (raw, path) => readFields(fields, raw, path),
})

/** A key with a value. */
export const single = <T>(field: Field<T>): Setting<T> => ({
  doc: field.doc,
  written: field.format(field.default),
  read(raw, path) {
    if (raw === undefined) return field.default
    const value = field.parse(raw)
    if (value === undefined) throw wrong(path, raw, field.expects)
    return value
  },
})

/** A list in which every item is read by itself, so that it is the item that is complained about. */
export function each<T>(
  items: readonly unknown[],
  path: string,
  read: (item: unknown, path: string) => T,
): readonly T[] {
  return items.map((item, i) => read(item, `${path}.${i}`))
}

/** A place to listen at: all addresses of the machine unless it has a host. */
export interface Address {
  readonly host?: string
  readonly port: number
}

/** Where to listen: `false` is nowhere. */
export function listener(described: {
  readonly default: number | Address | false
  readonly doc: string
  /** Where a port that stands alone is; on all addresses unless it is said. */
  readonly host?: string
}): Field<readonly Address[]> {
  const place = typeof described.default === 'number' ? { port: described.default } : described.default
  return {
    doc: described.doc,
    default: place === false ? [] : [place],
    expects: 'a port, "address:port", a list of these, or false',
    parse: raw => parseListener(raw, described.host),
    format: addresses => (addresses.length === 0 ? 'false' : listed(addresses.map(formatAddress))),
  }
}

function parseListener(raw: unknown, host: string | undefined): readonly Address[] | undefined {
  if (raw === false) return []
  const addresses = (Array.isArray(raw) ? raw : [raw]).map(place => parseAddress(place, host))
  return addresses.length > 0 && addresses.every(address => address !== undefined) ? addresses : undefined
}

function parseAddress(raw: unknown, alone: string | undefined): Address | undefined {
  if (typeof raw === 'number')
    return isPort(raw) ? { port: raw, ...(alone !== undefined && { host: alone }) } : undefined
  const [, six, other, digits] = typeof raw === 'string' ? (ADDRESS.exec(raw) ?? []) : []
  const host = six ?? other
  const port = Number(digits)
  if (host === undefined || !isPort(port) || (six !== undefined && !net.isIPv6(six))) return undefined
  return { host, port }
}

const ADDRESS = /^(?:\[([^\]]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535

const listed = (items: readonly string[]): string => (items.length === 1 ? items.join() : `[ ${items.join(', ')} ]`)

const formatAddress = ({ host, port }: Address): string =>
  host === undefined ? String(port) : `"${host.includes(':') ? `[${host}]` : host}:${port}"`

/** Two listeners at one place would only be found out when the second cannot have it, and be blamed on another program. */
export function refuseSharedPorts(listen: Readonly<Record<string, readonly Address[]>>): void {
  const taken = new Map<string, string>()
  for (const [name, addresses] of Object.entries(listen)) {
    for (const { host = '', port } of addresses) {
      const other = taken.get(`${host} ${port}`)
      if (other !== undefined)
        throw new ConfigError(`listen.${name}`, `port ${port} was found, which ${other} has already`)
      taken.set(`${host} ${port}`, name)
    }
  }
}
