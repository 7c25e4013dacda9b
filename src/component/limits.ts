import { duration, type Fields, integer, size, type Values } from '../core/config.js'

/** What one component may ask of the server. */
export const componentLimits = {
  loginTime: duration({
    default: '30 seconds',
    doc: 'How long a component may take from connecting to having shown that it knows its secret.',
  }),
  stanzaBeforeLogin: size({
    default: '10 kB',
    doc: 'The largest element that is read from a component that has not shown that it knows its secret.',
  }),
  stanza: size({ default: '1 MB', doc: 'The largest stanza that is read from a component.' }),
  depth: integer({ default: 64, min: 8, max: 500, doc: 'How deep the elements of a stanza may be nested.' }),
  attributes: integer({ default: 64, min: 16, max: 1000, doc: 'Attributes of one element, declarations included.' }),
  partsBeforeLogin: integer({
    default: 200,
    min: 50,
    doc: 'Elements, attributes and pieces of text, together, in one element that is read from a component that has not shown that it knows its secret: each takes up a multiple of its bytes.',
  }),
  parts: integer({ default: 50_000, min: 100, doc: 'The same in one stanza of a component.' }),
  inFlight: integer({
    default: 1000,
    min: 1,
    max: 100_000,
    doc: 'Stanzas of one component that may wait for the database at a time; then nothing more is read from it.',
  }),
  queueBytes: size({
    default: '8 MB',
    doc: 'Bytes that may wait for a component that does not read. At half of it nothing more is read from the component; then its connection is cut, and who has sent it something that it was not given gets an error.',
  }),
  idle: duration({ default: '60 seconds', doc: 'Silence after which a component is asked whether it is still there.' }),
  answerTime: duration({
    default: '30 seconds',
    doc: 'How long a component may take to answer that; then its connection is taken for dead.',
  }),
} satisfies Fields

export type ComponentLimits = Values<typeof componentLimits>
