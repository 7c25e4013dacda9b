/** Namespaces, each under the specification that defines it. A new extension starts here. */

// RFC 6120: core
export const CLIENT = 'jabber:client'
export const STREAM = 'http://etherx.jabber.org/streams'
export const STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
export const STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
export const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
export const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
export const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

// RFC 3921 §3: a step that RFC 6121 dropped and that older clients still take
export const SESSION = 'urn:ietf:params:xml:ns:xmpp-session'

// RFC 6121: instant messaging and presence
export const ROSTER = 'jabber:iq:roster'
export const ROSTER_VERSIONING = 'urn:xmpp:features:rosterver'
export const PRE_APPROVAL = 'urn:xmpp:features:pre-approval'

// XEP-0004: data forms
export const DATA_FORMS = 'jabber:x:data'

// XEP-0012: last activity
export const LAST_ACTIVITY = 'jabber:iq:last'

// XEP-0030: service discovery
export const DISCO_INFO = 'http://jabber.org/protocol/disco#info'
export const DISCO_ITEMS = 'http://jabber.org/protocol/disco#items'

// XEP-0033: extended stanza addressing
export const ADDRESSES = 'http://jabber.org/protocol/address'

// XEP-0045: multi-user chat
export const MUC_USER = 'http://jabber.org/protocol/muc#user'

// XEP-0049: private XML storage
export const PRIVATE = 'jabber:iq:private'

// XEP-0050: ad-hoc commands
export const COMMANDS = 'http://jabber.org/protocol/commands'

// XEP-0054: vcard-temp
export const VCARD = 'vcard-temp'

// XEP-0060: publish-subscribe
export const PUBSUB_EVENT = 'http://jabber.org/protocol/pubsub#event'

// XEP-0066: out of band data
export const OUT_OF_BAND = 'jabber:x:oob'

// XEP-0077: in-band registration
export const REGISTER = 'jabber:iq:register'
export const REGISTER_FEATURE = 'http://jabber.org/features/iq-register'
export const REGISTER_CANCEL = 'jabber:iq:register:cancel'
export const REGISTER_PASSWORD = 'jabber:iq:register:changepassword'

// XEP-0106: JID escaping; a word of its own, not a namespace
export const JID_ESCAPING = 'jid\\20escaping'

// XEP-0059: result set management
export const RSM = 'http://jabber.org/protocol/rsm'

// XEP-0085: chat state notifications
export const CHAT_STATES = 'http://jabber.org/protocol/chatstates'

// XEP-0092: software version
export const VERSION = 'jabber:iq:version'

// XEP-0114: external components
export const COMPONENT = 'jabber:component:accept'

// XEP-0115: entity capabilities
export const CAPS = 'http://jabber.org/protocol/caps'
export const CAPS_OPTIMIZE = 'http://jabber.org/protocol/caps#optimize'

// XEP-0122: data forms validation
export const DATA_VALIDATE = 'http://jabber.org/protocol/xdata-validate'

// XEP-0131: stanza headers and internet metadata
export const HEADERS = 'http://jabber.org/protocol/shim'

// XEP-0133: service administration
export const ADMIN = 'http://jabber.org/protocol/admin'

// XEP-0157: contact addresses for XMPP services
export const SERVER_INFO = 'http://jabber.org/network/serverinfo'

// XEP-0160: best practices for handling offline messages
export const OFFLINE = 'msgoffline'

// XEP-0184: message delivery receipts
export const RECEIPTS = 'urn:xmpp:receipts'

// XEP-0191: blocking command
export const BLOCKING = 'urn:xmpp:blocking'
export const BLOCKING_ERRORS = 'urn:xmpp:blocking:errors'

// XEP-0198: stream management
export const STREAM_MANAGEMENT = 'urn:xmpp:sm:3'

// XEP-0199: XMPP ping
export const PING = 'urn:xmpp:ping'

// XEP-0202: entity time
export const TIME = 'urn:xmpp:time'

// XEP-0203: delayed delivery
export const DELAY = 'urn:xmpp:delay'

// XEP-0249: direct MUC invitations
export const DIRECT_INVITATION = 'jabber:x:conference'

// XEP-0280: message carbons
export const CARBONS = 'urn:xmpp:carbons:2'
export const CARBONS_RULES = 'urn:xmpp:carbons:rules:0'

// XEP-0297: stanza forwarding
export const FORWARD = 'urn:xmpp:forward:0'

// XEP-0300: use of cryptographic hash functions
export const HASHES = 'urn:xmpp:hashes:2'

// XEP-0333: displayed markers
export const CHAT_MARKERS = 'urn:xmpp:chat-markers:0'

// XEP-0334: message processing hints
export const HINTS = 'urn:xmpp:hints'

// XEP-0352: client state indication
export const CLIENT_STATE = 'urn:xmpp:csi:0'

// XEP-0355: namespace delegation
export const DELEGATION = 'urn:xmpp:delegation:2'

// XEP-0356: privileged entity
export const PRIVILEGE = 'urn:xmpp:privilege:2'

// XEP-0359: unique and stable stanza ids
export const STANZA_ID = 'urn:xmpp:sid:0'

// XEP-0390: entity capabilities 2.0
export const CAPS_2 = 'urn:xmpp:caps'
export const CAPS_2_OPTIMIZE = 'urn:xmpp:caps:optimize'

// XEP-0421: occupant identifiers
export const OCCUPANT_ID = 'urn:xmpp:occupant-id:0'

// XEP-0440: SASL channel-binding type capability
export const CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0'

// XEP-0478: stream limits advertisement
export const STREAM_LIMITS = 'urn:xmpp:stream-limits:0'
