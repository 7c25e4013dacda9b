import { duration, type Fields, flag, integer, size, type Values } from '../core/config.js'
import type { XmlLimits } from '../xml/index.js'

/** What one client may ask of the server. */
export const limits = {
  loginTime: duration({
    default: '30 seconds',
    doc: 'How long a client may take from connecting to having a resource, however busy it looks.',
  }),
  loginAttempts: integer({ default: 5, min: 1, max: 100, doc: 'Failed logins on one connection before it is closed.' }),
  failedLogins: integer({
    default: 5,
    min: 1,
    max: 1000,
    doc: 'Failed logins of an account, or from an address, before each further one has to wait: a second, two, four, and so on. Not on this very machine.',
  }),
  loginDelay: duration({
    default: '10 seconds',
    doc: 'The longest that a login has to wait for that; 0 seconds to let none wait.',
  }),
  loginMemory: duration({ default: '15 minutes', doc: 'After so long without another, failed logins are forgotten.' }),
  loginsWaiting: integer({
    default: 20,
    min: 1,
    max: 10_000,
    doc: 'Logins from one address that may wait at a time; more are refused.',
  }),
  stanzaBeforeLogin: size({ default: '10 kB', doc: 'The largest element that is read from a client not logged in.' }),
  stanza: size({ default: '256 kB', doc: 'The largest stanza that is read from a client.' }),
  depth: integer({ default: 64, min: 8, max: 500, doc: 'How deep the elements of a stanza may be nested.' }),
  attributes: integer({ default: 64, min: 16, max: 1000, doc: 'Attributes of one element, declarations included.' }),
  partsBeforeLogin: integer({
    default: 200,
    min: 50,
    doc: 'Elements, attributes and pieces of text, together, in one element that is read from a client not logged in: each takes up a multiple of its bytes.',
  }),
  parts: integer({ default: 10_000, min: 100, doc: 'The same in one stanza of a client.' }),
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
  stanzaRate: integer({
    default: 1000,
    doc: 'Stanzas a second that are read of a client that sends without pause; 0 for all that it sends. What is beyond that is read later.',
  }),
  stanzaBurst: integer({
    default: 10_000,
    min: 100,
    doc: 'Stanzas that are read at once of a client that was quiet before.',
  }),
  byteRate: size({
    default: '2 MB',
    doc: 'The same in bytes a second; 0 bytes for all that it sends.',
  }),
  byteBurst: size({ default: '20 MB', doc: 'Bytes that are read at once of a client that was quiet before.' }),
  queue: integer({
    default: 1000,
    min: 100,
    doc: 'Stanzas that a client may leave unacknowledged for `answerTime`, or ten times as many in a moment; then its session ends, and what it does not have goes to other clients or is stored.',
  }),
  queueBytes: size({
    default: '1 MB',
    doc: 'Bytes that may wait so long for a client that does not read, or ten times as many (but not over 8 MB) in a moment; then its session ends in the same way.',
  }),
  idle: duration({ default: '60 seconds', doc: 'Silence after which a client is asked whether it is still there.' }),
  answerTime: duration({
    default: '30 seconds',
    doc: 'How long a client may take to answer that, or to take what waits for it; then its connection is taken for dead.',
  }),
  resumeTime: duration({
    default: '1 hour',
    doc: 'How long a session without a connection is kept for its client to come back (stream management).',
  }),
  inactiveQueue: integer({
    default: 500,
    doc: 'Stanzas that may wait for a client that says that it is not in use (client state indication): presence, chat states and the like. What is more is sent with all of them. 0 to let nothing wait.',
  }),
  inactiveQueueBytes: size({ default: '256 kB', doc: 'The same in bytes.' }),
  inactiveWait: duration({
    default: '10 minutes',
    doc: 'How long they may wait, if nothing is sent before that they go along with.',
  }),
  inactiveRooms: flag({
    default: false,
    doc: 'Whether messages in rooms wait, too, for a client that is not in use, unless they name its user as in the address before the @. None is lost.',
  }),
  inactiveIdle: duration({
    default: '5 minutes',
    doc: 'The same as `idle` for a client that is not in use, if it has acknowledged all that it was sent.',
  }),
} satisfies Fields

export type Limits = Values<typeof limits>

/** How much is read of one element: less of a client that is not logged in. */
export const xmlLimits = (limits: Limits, isLoggedIn: boolean): XmlLimits => ({
  maxStanzaBytes: isLoggedIn ? limits.stanza : limits.stanzaBeforeLogin,
  maxParts: isLoggedIn ? limits.parts : limits.partsBeforeLogin,
  maxDepth: limits.depth,
  maxAttributes: limits.attributes,
})
