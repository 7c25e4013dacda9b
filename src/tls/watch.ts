import { stat } from 'node:fs/promises'
import type { Clock, Timer } from '../core/clock.js'

interface Parts {
  readonly clock: Clock
  /** How often to look, in milliseconds. */
  readonly every: () => number
  /** The files of this name are others than they were, and have been the same for a moment. Never rejects. */
  readonly changed: (name: string) => Promise<void>
  /** All have been looked at. Never rejects. */
  readonly looked: () => Promise<void>
}

/** Files, and how they were when they were last read. */
export interface Seen {
  readonly files: readonly string[]
  readonly mark: string
}

/** How long changed files have to stay the same before they are read: whoever writes them may not be through. */
const SETTLE_MS = 2000

/**
 * Looks at files from time to time. The programs that renew certificates write into files, put others in their place,
 * or turn links round, some behind mounts that tell nobody: looking is what finds all of these.
 */
export class FileWatch {
  readonly #parts: Parts
  readonly #seen = new Map<string, Seen>()
  /** Those that have changed, and how they were then. */
  readonly #restless = new Map<string, string>()
  #timer: Timer | undefined
  #isOn = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** These from now on. */
  see(files: ReadonlyMap<string, Seen>): void {
    this.#seen.clear()
    this.#restless.clear()
    for (const [name, seen] of files) this.#seen.set(name, seen)
  }

  start(): void {
    this.#isOn = true
    this.#wait()
  }

  stop(): void {
    this.#isOn = false
    this.#timer?.cancel()
  }

  #wait(): void {
    const { clock, every } = this.#parts
    if (!this.#isOn) return
    const ms = this.#restless.size > 0 ? Math.min(SETTLE_MS, every()) : every()
    this.#timer = clock.after(ms, () => void this.#look().finally(() => this.#wait()))
  }

  async #look(): Promise<void> {
    for (const [name, seen] of [...this.#seen]) {
      const mark = await markOf(seen.files)
      if (this.#seen.get(name) !== seen) continue // there are others by now
      if (mark === seen.mark) this.#restless.delete(name)
      else if (this.#restless.get(name) !== mark) this.#restless.set(name, mark)
      else {
        this.#restless.delete(name)
        this.#seen.set(name, { ...seen, mark })
        await this.#parts.changed(name)
      }
    }
    await this.#parts.looked()
  }
}

/** Another one when one of the files is another or was written to. Links are followed. */
export const markOf = async (files: readonly string[]): Promise<string> =>
  (await Promise.all(files.map(markOfFile))).join(' ')

async function markOfFile(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch {
    return 'none' // or it cannot be seen: who tries to read it says why
  }
}
