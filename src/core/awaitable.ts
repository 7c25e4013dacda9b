/** A value now or later. What every stanza passes through answers now whenever it can: a promise costs more than it. */
export type Awaitable<T> = T | Promise<T>

export const isPromise = <T>(value: Awaitable<T>): value is Promise<T> => value instanceof Promise

/** Asks for a promise; what is thrown instead becomes one that rejects. Unlike an async function it adds no delay. */
export function attempt<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return ask()
  } catch (fault) {
    return Promise.reject(fault)
  }
}

/** Goes on with a value, at once if it is there. */
export const follow = <A, B>(value: Awaitable<A>, then: (value: A) => Awaitable<B>): Awaitable<B> =>
  isPromise(value) ? value.then(then) : then(value)
