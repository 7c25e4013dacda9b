/** What the streams of clients follow, for the table of supported specifications. */
export const implemented = [
  { specification: 'RFC 6120', doc: 'Streams, TLS, SASL, resource binding, stanzas and their errors.' },
  { specification: 'RFC 7590', doc: 'TLS 1.2 and 1.3 only, no login without it.' },
  { specification: 'RFC 7622', doc: 'Addresses.' },
  { specification: 'RFC 5802', doc: 'Login with SCRAM-SHA-1.' },
  { specification: 'RFC 7677', doc: 'Login with SCRAM-SHA-256.' },
  { specification: 'RFC 9266', doc: 'Channel binding by the TLS exporter.' },
  { specification: 'RFC 5929', doc: "Channel binding by the server's certificate." },
  { specification: 'RFC 4616', doc: 'Login with PLAIN, under TLS only.' },
  { specification: 'RFC 4422', doc: 'Login with EXTERNAL, by the certificate that a client has shown under TLS.' },
  { specification: 'XEP-0198 1.6.3', doc: 'Acknowledges stanzas, and resumes streams that broke.' },
  { specification: 'RFC 4505', doc: 'Login with ANONYMOUS, for the domains that want it.' },
  { specification: 'XEP-0175 1.2', doc: 'Guests: an account for as long as a session.' },
  {
    specification: 'XEP-0178 1.2',
    doc: 'Login by client certificates (EXTERNAL), where a domain has authorities for them.',
  },
  { specification: 'XEP-0352 1.0.0', doc: 'Lets what needs no eyes wait for a client that is not in use.' },
  { specification: 'XEP-0368 1.1.0', doc: 'TLS from the first byte.' },
  { specification: 'XEP-0440 1.0.0', doc: 'Announces the types of channel binding.' },
  { specification: 'XEP-0474 0.5.0', doc: 'Lets clients find out that somebody took mechanisms away.' },
  { specification: 'XEP-0478 0.2.0', doc: 'Announces how large stanzas may be, and how long a client may be silent.' },
] as const
