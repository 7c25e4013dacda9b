import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of the package that we are in, wherever it was compiled to. */
export function ownVersion(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    try {
      return String(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).version)
    } catch (fault) {
      if (folder === path.dirname(folder)) throw fault
    }
  }
}
