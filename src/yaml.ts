import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import { ConfigError } from './core/config.js'

export interface Yaml {
  readonly value: unknown
  /** The line on which the setting of this path stands, `limits.stanzaSize`, or what is left of it in the file. */
  lineOf(path: string): number | undefined
}

/** Reads YAML, strictly: what is wrong or ambiguous in it is a ConfigError with its line. `file` is for these. */
export function readYaml(text: string, file: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) throw new ConfigError(`${file}, line ${lineAt(problem.pos[0])}`, inWords(problem, text))
  return {
    value: toValue(document, file),
    lineOf(path) {
      const offset = offsetOf(document.contents, path)
      return offset === undefined ? undefined : lineAt(offset)
    },
  }
}

function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    throw new ConfigError(file, cause instanceof Error ? cause.message : String(cause)) // an alias of nothing, or too many
  }
}

function inWords({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins, where one was expected'
  if (code !== 'DUPLICATE_KEY') return `this is no YAML: ${message}`
  const key = /^[^\s:]*/.exec(text.slice(pos[0]))?.[0]
  return `${key} was found a second time, once was expected`
}

/** Where in the text the key or item at the end of the path begins. Keys may have dots in them: `domains.example.org.key`. */
function offsetOf(node: unknown, path: string): number | undefined {
  for (const [name, key, value] of entriesOf(node)) {
    if (path === name) return key.range?.[0]
    if (path.startsWith(`${name}.`)) return offsetOf(value, path.slice(name.length + 1)) ?? key.range?.[0]
  }
  return undefined
}

function entriesOf(node: unknown): readonly (readonly [name: string, key: Node, value: unknown])[] {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => (isScalar(key) ? [[String(key.value), key, value]] : []))
  if (!isSeq(node)) return []
  return node.items.flatMap((item, i) =>
    isMap(item) || isScalar(item) || isSeq(item) ? [[String(i), item, item]] : [],
  )
}
