/** Why a text cannot be what it was meant to be. The message is for logs and quotes none of the text. */
export class PrecisError extends Error {
  override readonly name: string = 'PrecisError'
}

/** A code point as the standards write it: U+2163. */
export const codePointName = (cp: number): string => `U+${cp.toString(16).toUpperCase().padStart(4, '0')}`
