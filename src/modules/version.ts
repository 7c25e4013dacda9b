import { release, type } from 'node:os'
import { flag } from '../core/config.js'
import { defineModule, get } from '../core/module.js'
import { ownVersion } from '../core/own-version.js'
import { xml } from '../xml/index.js'
import { VERSION } from '../xmpp/ns.js'

/** Tells which program the server is. XEP-0092 */
export const version = defineModule({
  name: 'version',
  doc: 'Tells name and version of the server (XEP-0092).',
  implements: ['XEP-0092 1.1'],
  features: [VERSION],
  config: {
    os: flag({ default: false, doc: 'Whether it tells the operating system, too: that helps attackers as well (§5).' }),
  },
  setup({ config }) {
    const os = config.os ? xml('os', {}, `${type()} ${release()}`) : null
    const number = ownVersion()
    return {
      iq: [
        get(['server'], 'query', VERSION, () =>
          xml('query', { xmlns: VERSION }, xml('name', {}, 'Parlance'), xml('version', {}, number), os),
        ),
      ],
    }
  },
})
