/** A behaviour as a plain text file: what it is, where it is asked for, and who does what. See ../README.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ScriptFault } from './template.js'

export interface Script {
  /** Its path below the folder of scripts, without the ending. */
  readonly name: string
  /** A sentence about users. */
  readonly title: string
  /** Who asks for it. */
  readonly sources: readonly Source[]
  /** What a server must have for the script to mean something. */
  readonly needs: readonly string[]
  readonly steps: readonly Step[]
}

export interface Source {
  /** `RFC 6121`. */
  readonly specification: string
  /** `8.5.2.1.1`; empty for a rule of the whole. */
  readonly section: string
  readonly level: Level
}

/** How much it is asked for (RFC 2119). */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

export interface Step {
  readonly line: number
  /** What is done: one line. */
  readonly text: string
  /** What stands indented below it. */
  readonly block: string
}

const ENDING = '.script'

/** Where they are, wherever this file was compiled to. */
export const SCRIPTS = (() => {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return path.join(folder, 'conformance', 'scripts')
})()

/** Reads all scripts below a folder, ordered by name. */
export function readScripts(folder: string): readonly Script[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(ENDING))
    .sort()
    .map(file => parseScript(file.slice(0, -ENDING.length), readFileSync(path.join(folder, file), 'utf8')))
}

export function parseScript(name: string, text: string): Script {
  const lines = text.split('\n').map((content, index) => ({ content: content.trimEnd(), line: index + 1 }))
  const steps: { line: number; text: string; block: string }[] = []
  const head: [string, string][] = []
  for (const { content, line } of lines) {
    const field = /^(title|source|needs): (.+)$/.exec(content)
    if (/^\s/.test(content)) {
      const step = steps.at(-1)
      if (!step) throw new ScriptFault(`${name}:${line}: what is indented belongs to a step`)
      step.block += `${content}\n`
    } else if (field) head.push([field[1] ?? '', field[2] ?? ''])
    else if (content !== '' && !content.startsWith('#')) steps.push({ line, text: content, block: '' })
  }
  const values = (key: string) => head.filter(([known]) => known === key).map(([, value]) => value)
  const [title] = values('title')
  if (title === undefined) throw new ScriptFault(`${name}: it needs a title`)
  const sources = values('source').map(value => parseSource(name, value))
  if (sources.length === 0) throw new ScriptFault(`${name}: it needs a source`)
  return { name, title, sources, needs: values('needs'), steps: steps.map(undent) }
}

function parseSource(name: string, value: string): Source {
  const [, specification = '', section = '', level = ''] =
    /^((?:RFC|XEP)[ -]\d+)(?: §([\w.]+))? (MUST|SHOULD|MAY)$/.exec(value) ?? []
  if (!specification) throw new ScriptFault(`${name}: not a source like "RFC 6121 §8.5.2 MUST": ${value}`)
  return { specification, section, level: level as Level } // the expression lets nothing else through
}

function undent(step: Step): Step {
  const lines = step.block.split('\n').slice(0, -1)
  const margin = Math.min(...lines.map(line => line.search(/\S/)))
  return { ...step, block: lines.map(line => line.slice(margin)).join('\n') }
}
