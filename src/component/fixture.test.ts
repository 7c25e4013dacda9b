import { type AnyModule, defineModule } from '../core/module.js'

export const GATEWAY = 'gateway.verona.example'

/** As much of presence as it takes to want messages. */
export const availability: AnyModule = defineModule({
  ...{ name: 'availability', doc: '', implements: [] },
  setup: () => ({
    hooks: {
      fromClient: {
        rewrite({ stanza, session }) {
          if (stanza.kind === 'presence' && !stanza.to) session.presence = { stanza, priority: 0 }
        },
      },
    },
  }),
})

export const message = (from: string, to: string, words: string | number) =>
  `<message type='chat' from='${from}' to='${to}'><body>${words}</body></message>`
