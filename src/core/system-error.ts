import { getSystemErrorMap } from 'node:util'

/** Whether a fault is one of the operating system's, or of Node's, with this code: `ENOENT`. */
export function hasCode(fault: unknown, ...codes: readonly string[]): boolean {
  return fault instanceof Error && 'code' in fault && codes.includes(String(fault.code))
}

/** What went wrong, in words for an operator: `permission denied`. */
export function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault)
  const known = 'errno' in fault && typeof fault.errno === 'number' ? getSystemErrorMap().get(fault.errno) : undefined
  return known?.[1] ?? fault.message
}
