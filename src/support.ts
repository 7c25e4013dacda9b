/** Which specifications the program follows: for people, and for directories of software. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { implemented } from './c2s/index.js'
import { implemented as byComponents } from './component/index.js'
import { modules } from './modules/index.js'

/** What one part of the program does of a specification. */
interface Support {
  /** `RFC 6121`, `XEP-0191`. */
  readonly name: string
  /** Of a XEP: the one that was followed. */
  readonly version: string
  /** The part. */
  readonly where: string
  readonly doc: string
}

function allSupport(): readonly Support[] {
  const rows = [
    ...implemented.map(({ specification, doc }) => ({ specification, where: 'client streams', doc })),
    ...byComponents.map(({ specification, doc }) => ({ specification, where: 'component streams', doc })),
    ...modules.flatMap(({ name, implements: followed, doc }) =>
      followed.map(specification => ({ specification, where: name, doc })),
    ),
  ].sort((a, b) => (sortKey(a.specification) < sortKey(b.specification) ? -1 : 1))
  return rows.map(({ specification, where, doc }) => {
    const [name = '', version = ''] = specification.split(/(?<=^\S+ ?\d+) /)
    return { name, version, where, doc }
  })
}

/** Which specifications the program follows, where, and how many scripts of `conformance/` look at it. */
export function supportTable(scripts: ReadonlyMap<string, number> = new Map()): string {
  const lines = allSupport().map(({ name, version, where, doc }) => {
    const count = scripts.get(name)
    const proof = count === undefined ? '' : `[${count}](../${SCRIPTS}/${folderOf(name)})`
    return `| ${linked(name)} | ${version} | ${where} | ${proof} | ${doc} |`
  })
  return [
    '# What Parlance speaks',
    '',
    'Written by `npm run docs` from what each part says that it implements. The scripts are those of [conformance](../conformance/README.md).',
    '',
    '| Specification | Version | Module | Scripts | What it is for |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

const SCRIPTS = 'conformance/scripts'

const folderOf = (name: string): string => name.toLowerCase().replace(/[ -]/, '')

/** How many there are for each specification that has a folder of its own. */
export function countScripts(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { name } of allSupport()) {
    const folder = path.join(SCRIPTS, folderOf(name))
    if (existsSync(folder)) counts.set(name, readdirSync(folder).filter(file => file.endsWith('.script')).length)
  }
  return counts
}

/** What directories of software read of the project (XEP-0453). */
export function doap(version: string): string {
  const specifications = new Map<string, Support[]>()
  for (const support of allSupport())
    specifications.set(support.name, [...(specifications.get(support.name) ?? []), support])
  return [
    `<?xml version='1.0' encoding='UTF-8'?>`,
    `<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://usefulinc.com/ns/doap#' xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#' xmlns:schema='https://schema.org/'>`,
    '  <Project>',
    '    <name>Parlance</name>',
    `    <shortdesc xml:lang='en'>An XMPP server for people with any client, run from one YAML file.</shortdesc>`,
    '    <programming-language>TypeScript</programming-language>',
    '    <os>Linux</os>',
    `    <category rdf:resource='https://linkmauve.fr/ns/xmpp-doap#category-server'/>`,
    `    <release><Version><revision>${version}</revision></Version></release>`,
    ...[...specifications].flatMap(([name, [support]]) => (support ? implementation(name, support) : [])),
    '  </Project>',
    '</rdf:RDF>',
    '',
  ].join('\n')
}

function implementation(name: string, { version }: Support): readonly string[] {
  const [, kind, number] = /^(RFC|XEP)[ -](\d+)$/.exec(name) ?? []
  if (kind === 'RFC') return [`    <implements rdf:resource='https://www.rfc-editor.org/info/rfc${number}'/>`]
  return [
    '    <implements>',
    '      <xmpp:SupportedXep>',
    `        <xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-${number}.html'/>`,
    '        <xmpp:status>complete</xmpp:status>',
    `        <xmpp:version>${version}</xmpp:version>`,
    '      </xmpp:SupportedXep>',
    '    </implements>',
  ]
}

// RFCs first, by their numbers
const sortKey = (specification: string): string =>
  specification.replace(/^RFC/, '0').replace(/\d+/, digits => digits.padStart(5, '0'))

function linked(name: string): string {
  const [, kind, number] = /^(RFC|XEP)[ -](\d+)$/.exec(name) ?? []
  if (kind === 'RFC') return `[${name}](https://www.rfc-editor.org/rfc/rfc${number})`
  return kind === 'XEP' ? `[${name}](https://xmpp.org/extensions/xep-${number}.html)` : name
}
