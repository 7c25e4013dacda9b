import { components } from '../core/components.js'
import { duration, integer } from '../core/config.js'
import { broadcasts, contacts, rosterAccess } from '../core/contacts.js'
import { defineModule } from '../core/module.js'
import { asking } from '../core/requests.js'
import { PrivilegeNews } from './privilege-news.js'
import { PrivilegedPresence } from './privilege-presence.js'
import { PrivilegedRequests } from './privilege-requests.js'

/** Lets components do in the name of users what the configuration says. XEP-0356 */
export const privilege = defineModule({
  name: 'privilege',
  doc: 'Lets components do in the name of users what their `privileges` say (XEP-0356).',
  implements: ['XEP-0356 0.4.1'],
  needs: ['roster'],
  config: {
    answerTime: duration({
      default: '1 minute',
      doc: 'How long others may take to answer what a component asks them in the name of a user.',
    }),
    maxRequests: integer({ default: 1000, min: 1, doc: 'How many such requests of one component may wait.' }),
    maxSeen: integer({
      default: 10_000,
      min: 1,
      doc: 'Of how many resources elsewhere the presence is remembered for components that may see it.',
    }),
  },
  settingsInPlace: true,
  setup({ use, tryUse, ...world }) {
    const requests = new PrivilegedRequests({ ...world, rosters: () => use(rosterAccess), asking: () => use(asking) })
    const known = () => tryUse(components)
    const presence = new PrivilegedPresence({ ...world, components: known, contacts: () => use(contacts) })
    const news = new PrivilegeNews({
      ...{ ...world, presence, components: known },
      rosters: () => use(rosterAccess),
      broadcasts: () => use(broadcasts),
    })
    world.clock.after(0, () => news.catchUp())
    return {
      hooks: {
        fromComponent: { check: sent => requests.take(sent) },
        toAccount: { record: met => presence.receive(met) },
      },
      on: { entitled: component => news.entitled(component), detached: component => news.detached(component) },
      stop: () => news.stop(),
    }
  },
})
