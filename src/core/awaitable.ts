/** A value now or later. What every stanza passes through answers now whenever it can: a promise costs more than it. */
export type Awaitable<T> = T | Promise<T>

export const isPromise = <T>(value: Awaitable<T>): value is Promise<T> => value instanceof Promise
