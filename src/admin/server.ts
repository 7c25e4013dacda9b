import type { AnyModule, Command, Result } from '../core/module.js'

export interface ServerParts {
  /** All modules that there are, switched on or not. */
  readonly modules: readonly AnyModule[]
  /** Those that are on, with their settings as they are written in the configuration. */
  readonly loaded: () => readonly { readonly module: AnyModule; readonly written: Readonly<Record<string, string>> }[]
  /** Reads the configuration anew. Rejects with a CommandError when it is not taken. */
  readonly reload: () => Promise<Result>
  readonly log: { level: string }
  readonly levels: readonly string[]
}

/** What concerns the server as a whole, for operators. */
export const serverCommands = (parts: ServerParts): readonly Command[] => [
  {
    name: 'reload',
    doc: 'Reads the configuration and the certificates anew. If anything is wrong with them, nothing changes.',
    args: {},
    run: () => parts.reload(),
  },
  {
    name: 'module list',
    doc: 'Lists the modules: which are on, what they follow and how they are set.',
    args: {},
    run: async () => moduleTable(parts),
  },
  {
    name: 'log level',
    doc: 'Has the log say more or less until the next start or reload, or tells what it says.',
    args: { level: { doc: 'what to leave out is below this', of: parts.levels, optional: true } },
    run: async ({ level }) => {
      if (level !== undefined) parts.log.level = level
      return `The log is at the level ${parts.log.level}.`
    },
  },
]

function moduleTable({ modules, loaded }: ServerParts): Result {
  const on = new Map(loaded().map(({ module, written }) => [module.name, written]))
  return {
    columns: { module: 'MODULE', state: 'STATE', specifications: 'SPECIFICATIONS', settings: 'SETTINGS' },
    rows: modules.map(({ name, implements: specifications }) => {
      const written = Object.entries(on.get(name) ?? {})
      return {
        module: name,
        state: on.has(name) ? 'on' : 'off',
        specifications: specifications.join(', '),
        settings: written.map(([name, value]) => `${name}: ${value}`).join(', '),
      }
    }),
  }
}
