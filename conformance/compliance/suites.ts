/** Whether a server complies with the suites of XEP-0479, by what it shows. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import type { Abilities } from '../wire/needs.js'
import { SCRIPTS } from '../wire/script.js'

/** What a suite asks for, as xep-0479.yaml has it. */
export interface Feature {
  readonly category: string
  readonly name: string
  /** Asked of every server, and of advanced ones. */
  readonly core: boolean
  readonly advanced: boolean
  readonly providers: readonly string[]
  /** All that a server with it can be seen to have. */
  readonly shows: readonly string[]
  /** Whether this project has it. */
  readonly here: boolean
}

export function readFeatures(): readonly Feature[] {
  const file = path.join(SCRIPTS, '..', 'compliance', 'xep-0479.yaml')
  const categories: Record<
    string,
    Record<string, Omit<Feature, 'category' | 'name' | 'here'> & { here?: boolean }>
  > = parse(readFileSync(file, 'utf8'))
  return Object.entries(categories).flatMap(([category, features]) =>
    Object.entries(features).map(([name, feature]) => ({ here: true, ...feature, category, name })),
  )
}

/** What is missing of it; nothing if the server has it. Abilities are those over each transport that there is. */
export const missingOf = ({ shows }: Feature, abilities: readonly Abilities[]): readonly string[] =>
  shows.filter(need => abilities.every(one => one.missing(need) !== undefined))

export function complianceTable(features: readonly Feature[], abilities: readonly Abilities[]): string {
  const rows = features.map(feature => {
    const missing = missingOf(feature, abilities)
    const level = feature.core ? 'core' : 'advanced'
    const told = missing.length === 0 ? 'yes' : `no: ${missing.join(', ')}`
    return [feature.category, feature.name, level, feature.providers.join(', '), told]
  })
  const widths = [0, 1, 2, 3].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}
