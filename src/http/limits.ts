import { duration, type Fields, integer, size, type Values } from '../core/config.js'

/** What visitors may ask of an HTTP listener. */
export const httpLimits = {
  connections: integer({
    default: 100,
    min: 1,
    max: 100_000,
    doc: 'Connections that a listener has at a time; further ones are closed.',
  }),
  headerSize: size({ default: '8 kB', doc: 'The largest head of a request, all its fields together.' }),
  requestTime: duration({ default: '10 seconds', doc: 'How long a request may take to arrive.' }),
  idle: duration({ default: '65 seconds', doc: 'How long a connection is kept for a further request.' }),
} satisfies Fields

export type HttpLimits = Values<typeof httpLimits>
