/** Date and time in XMPP's profile of ISO 8601. XEP-0082 */

/** A moment as a DateTime in UTC with milliseconds: `2026-11-24T19:05:07.123Z`. */
export const formatDateTime = (at: number): string => new Date(at).toISOString()

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** The moment that a DateTime names, in milliseconds since 1970; undefined when it is none. */
export function parseDateTime(text: string): number | undefined {
  const found = DATE_TIME.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = found
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${zone}`)
  if (Number.isNaN(at)) return undefined
  // Date.parse takes 31 February for a day in March
  return new Date(`${year}-${month}-${day}`).getUTCDate() === Number(day) ? at : undefined
}
