import { duration, type Fields, integer, size, type Values } from '../core/config.js'

/** What one client may ask of the server. */
export const limits = {
  loginTime: duration({
    default: '30 seconds',
    doc: 'How long a client may take from connecting to having a resource, however busy it looks.',
  }),
  loginAttempts: integer({ default: 5, min: 1, max: 100, doc: 'Failed logins on one connection before it is closed.' }),
  stanzaBeforeLogin: size({ default: '10 kB', doc: 'The largest element that is read from a client not logged in.' }),
  stanza: size({ default: '256 kB', doc: 'The largest stanza that is read from a client.' }),
  depth: integer({ default: 64, min: 8, max: 500, doc: 'How deep the elements of a stanza may be nested.' }),
  attributes: integer({ default: 64, min: 16, max: 1000, doc: 'Attributes of one element, declarations included.' }),
  resources: integer({
    default: 20,
    min: 1,
    max: 1000,
    doc: 'Clients of one account that may be connected at a time.',
  }),
  inFlight: integer({
    default: 100,
    min: 1,
    max: 10_000,
    doc: 'Stanzas of one client that may wait for the database at a time; then nothing more is read from it.',
  }),
  queue: integer({
    default: 1000,
    min: 100,
    doc: 'Stanzas that a client may leave unacknowledged; then its session ends, and what it does not have goes to other clients or is stored.',
  }),
  queueBytes: size({
    default: '1 MB',
    doc: 'Bytes that may wait for a client that does not read; then its session ends in the same way.',
  }),
  idle: duration({ default: '60 seconds', doc: 'Silence after which a client is asked whether it is still there.' }),
  answerTime: duration({
    default: '30 seconds',
    doc: 'How long a client may take to answer that; then its connection is taken for dead.',
  }),
  resumeTime: duration({
    default: '1 hour',
    doc: 'How long a session without a connection is kept for its client to come back (stream management).',
  }),
} satisfies Fields

export type Limits = Values<typeof limits>
