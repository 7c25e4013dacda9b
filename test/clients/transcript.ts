import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from '../server-process.js'

/** What happened, in lines that a person reads; kept in build/transcript.txt. */
export class Transcript {
  readonly file = path.join(projectRoot, 'build/transcript.txt')
  readonly #began = Date.now()
  #text = ''

  heading(text: string) {
    this.#text += `\n## ${text}\n`
  }

  line(text: string) {
    const seconds = ((Date.now() - this.#began) / 1000).toFixed(1)
    this.#text += `${seconds.padStart(6)}s  ${text}\n`
  }

  verbatim(text: string) {
    this.#text += `${text.replace(/^/gm, '    ')}\n`
  }

  async save() {
    await mkdir(path.dirname(this.file), { recursive: true })
    await writeFile(this.file, this.#text.trimStart())
  }
}
