import { passwords } from '../core/accounts.js'
import { defineModule, get, type IqHandler, offer, set } from '../core/module.js'
import { registrar } from '../core/registration.js'
import { value } from '../core/stores.js'
import { StanzaError } from '../xmpp/errors.js'
import { JID_ESCAPING, REGISTER } from '../xmpp/ns.js'
import { Applicants } from './registration-applicants.js'
import { RegistrationError } from './registration-form.js'
import { Members } from './registration-members.js'
import { type Details, fields } from './registration-rules.js'

/** Lets people make accounts, change their passwords and go again, from their clients. XEP-0077 */
export const registration = defineModule({
  name: 'registration',
  doc: 'Lets users change their passwords and remove their accounts from their clients, and people make accounts if it is open, under names that look like no others (XEP-0077, XEP-0106).',
  implements: ['XEP-0077 2.4', 'XEP-0106 1.1.1'],
  // XEP-0106 §6
  features: [JID_ESCAPING],
  config: fields,
  settingsInPlace: true,
  stores: { details: value<Details>() },
  setup({ config, stores: { details }, use, ...world }) {
    const parts = { ...world, config, details, passwords: () => use(passwords) }
    const members = new Members(parts)
    return {
      iq: [
        get(
          ['server', 'self'],
          'query',
          REGISTER,
          coded(request => members.tell(request)),
        ),
        set(
          ['server', 'self'],
          'query',
          REGISTER,
          coded(request => members.change(request)),
        ),
      ],
      info: () => ({ features: config.open || config.changePassword || config.remove ? [REGISTER] : [] }),
      offers: [offer(registrar, new Applicants(parts))],
    }
  },
})

/** Refuses in words that older clients understand, too. */
const coded =
  (answer: IqHandler['answer']): IqHandler['answer'] =>
  async request => {
    try {
      return await answer(request)
    } catch (fault) {
      throw fault instanceof StanzaError ? new RegistrationError(fault) : fault
    }
  }
