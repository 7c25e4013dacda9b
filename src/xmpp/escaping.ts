/*
 * Local parts as people write and read them (XEP-0106). What goes over the wire, is kept, and is compared is never
 * anything but the escaped form (§4.1, rules 4 and 5).
 */

/**
 * The local part that stands for a text which may hold what no local part may (§4.2): `d'artagnan` is `d\27artagnan`.
 * undefined when it begins or ends with a space (§3.2). Whether it is a local part otherwise is for `prepareLocal` to say.
 */
export function escapeLocal(text: string): string | undefined {
  if (text.startsWith(' ') || text.endsWith(' ')) return undefined
  return text.replace(DISALLOWED, char => `\\${char.charCodeAt(0).toString(16)}`)
}

/** The text that clients show for a local part, which has to be prepared (§4.1, rule 2). */
export const unescapeLocal = (local: string): string =>
  local.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/**
 * Whether a prepared local part is the one that stands for what clients show of it. `romeo\20` is not, which they show
 * with a space behind, nor is `foo\5cbar`, which they show as they show `foo\bar` (§2, requirement 3).
 */
export const isEscaped = (local: string): boolean => escapeLocal(unescapeLocal(local)) === local

/** The disallowed characters of §3.2, and a backslash that would be taken for an escape (§4.2, step 3). */
const DISALLOWED = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g

/** In small letters only (§3.1); all else is left as it is (§4.3). */
const ESCAPED = /\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g
