/** What the streams of clients follow, for the table of supported specifications. */
export const implemented = [
  { specification: 'RFC 6120', doc: 'Streams, TLS, SASL, resource binding, stanzas and their errors.' },
  { specification: 'RFC 7590', doc: 'TLS 1.2 and 1.3 only, no login without it.' },
  { specification: 'RFC 7622', doc: 'Addresses.' },
  { specification: 'RFC 5802', doc: 'Login with SCRAM-SHA-1.' },
  { specification: 'RFC 7677', doc: 'Login with SCRAM-SHA-256.' },
  { specification: 'RFC 4616', doc: 'Login with PLAIN, under TLS only.' },
  { specification: 'XEP-0198 1.6.3', doc: 'Acknowledges stanzas, and resumes streams that broke.' },
  { specification: 'XEP-0368 1.1.0', doc: 'TLS from the first byte.' },
] as const
