import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MS = 15_000

/**
 * Looks again after every change until there is something to find. A terminal has no event for "the screen changed", so
 * the default is to look twenty times a second.
 */
export async function until<T>(
  expectation: () => string,
  find: () => T | undefined | Promise<T | undefined>,
  change: (signal: AbortSignal) => Promise<unknown> = signal => pause(50, undefined, { signal }),
): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    try {
      await change(signal)
    } catch (cause) {
      throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${expectation()}`, { cause })
    }
  }
}
