import type { Field } from '../core/config.js'
import { defineModule } from '../core/module.js'
import { type FormField, formTypeField } from '../xmpp/forms/index.js'
import { SERVER_INFO } from '../xmpp/ns.js'

/** What somebody may want to write to the operators about. XEP-0157 §8.1 */
const ROLES = ['abuse', 'admin', 'feedback', 'sales', 'security', 'status', 'support'] as const

/** Tells how to reach the people behind the server. XEP-0157 */
export const contactAddresses = defineModule({
  name: 'contact',
  doc: 'Tells how to reach the people who run the server (XEP-0157).',
  implements: ['XEP-0157 1.1.1'],
  config: {
    abuse: addresses('Where to report spam and other abuse.'),
    admin: addresses('How to reach the administrators.'),
    feedback: addresses('Where users write what they think.'),
    sales: addresses('Where to ask for an offer.'),
    security: addresses('Where to report a weakness.'),
    status: addresses('Where to see whether the server works, from elsewhere: https://status.example.org.'),
    support: addresses('Where users get help.'),
  },
  setup({ config }) {
    const fields = ROLES.flatMap((role): readonly FormField[] =>
      config[role].length > 0 ? [{ var: `${role}-addresses`, type: 'list-multi', values: config[role] }] : [],
    )
    if (fields.length === 0) return {}
    const form = { type: 'result', fields: [formTypeField(SERVER_INFO), ...fields] } as const
    return { info: () => ({ forms: [form] }) }
  },
})

/** URIs: status addresses have to be, the others should (§3). */
function addresses(doc: string): Field<readonly string[]> {
  return {
    default: [],
    doc,
    expects:
      'a list of addresses such as mailto:abuse@example.org, xmpp:juliet@example.org or https://example.org/help',
    parse: raw => (Array.isArray(raw) && raw.every(isUri) ? raw : undefined),
    format: uris => (uris.length === 0 ? '[]' : `[ ${uris.map(uri => JSON.stringify(uri)).join(', ')} ]`),
  }
}

const isUri = (raw: unknown): raw is string =>
  typeof raw === 'string' && /^[a-z][a-z\d+.-]*:[^\s]+$/i.test(raw) && URL.canParse(raw)
