import { type Arguments, type Command, CommandError } from '../core/module.js'

/** What can be told of a command to somebody who cannot run it himself. */
export type CommandSummary = Pick<Command, 'name' | 'doc' | 'args'>

export const summaryOf = ({ name, doc, args }: Command): CommandSummary => ({ name, doc, args })

/** An argument of this name is asked for without echo, and never logged. */
export const SECRET = 'password'

/** A way to the commands: through a running server, or past it. */
export interface Door {
  readonly commands: readonly CommandSummary[]
  /** Whether a server is running behind it: else there are only the commands that need none. */
  readonly toServer: boolean
  /** What to print. Rejects with a CommandError. */
  run(name: string, args: Arguments): Promise<string>
  close(): Promise<void>
}

/** The door to commands of this process. */
export const openLocalDoor = (commands: readonly Command[], close: () => Promise<void>): Door => ({
  commands,
  toServer: false,
  run: (name, args) => findCommand(commands, name).run(args),
  close,
})

export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find(command => command.name === name)
  if (!command) throw new CommandError(`There is no command "${name}".`)
  return command
}
