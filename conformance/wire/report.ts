/** How a suite went: for people, for CI servers, for programs. */
import type { Outcome, Result } from './suite.js'
import { escapeXml } from './xml.js'

export const count = (results: readonly Result[], outcome: Outcome): number =>
  results.filter(result => result.outcome === outcome).length

/** By specification and section; a script that has several sources counts for each. */
export function table(results: readonly Result[]): string {
  const rows = new Map<string, Result[]>()
  for (const result of results) {
    for (const { specification, section } of result.script.sources) {
      const key = section ? `${specification} §${section}` : specification
      rows.set(key, [...(rows.get(key) ?? []), result])
    }
  }
  const width = Math.max(...[...rows.keys()].map(key => key.length))
  const line = (name: string, part: readonly Result[]) =>
    `${name.padEnd(width)}  ${OUTCOMES.map(outcome => String(count(part, outcome)).padStart(8)).join(' ')}`
  return [
    `${''.padEnd(width)}  ${OUTCOMES.map(outcome => outcome.padStart(8)).join(' ')}`,
    ...[...rows].sort(([a], [b]) => compare(a, b)).map(([key, part]) => line(key, part)),
    line('all scripts', results),
  ].join('\n')
}

const OUTCOMES: readonly Outcome[] = ['passed', 'failed', 'excluded']

const compare = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })

export const json = (results: readonly Result[]): string =>
  JSON.stringify(
    results.map(({ script: { name, title, sources }, outcome, reason, took }) => ({
      name,
      title,
      sources,
      outcome,
      ...(reason !== undefined && { reason }),
      milliseconds: Math.round(took),
    })),
    undefined,
    2,
  )

/** The format that CI servers read. */
export function junit(results: readonly Result[]): string {
  const cases = results.map(({ script, outcome, reason = '', transcript, took }) => {
    const head = `<testcase classname="${escapeXml(script.name)}" name="${escapeXml(script.title)}" time="${(took / 1000).toFixed(3)}"`
    if (outcome === 'passed') return `  ${head}/>`
    const told =
      outcome === 'excluded'
        ? `<skipped message="${escapeXml(reason)}"/>`
        : `<failure message="${escapeXml(reason)}">${escapeXml(transcript.join('\n'))}</failure>`
    return `  ${head}>${told}</testcase>`
  })
  const counts = `tests="${results.length}" failures="${count(results, 'failed')}" skipped="${count(results, 'excluded')}"`
  return ['<?xml version="1.0"?>', `<testsuite name="conformance" ${counts}>`, ...cases, '</testsuite>', ''].join('\n')
}
