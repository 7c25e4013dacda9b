import { findCommand, readArguments, renderResult } from '../core/commands.js'
import type { Arguments, Command } from '../core/module.js'

/** What can be told of a command to somebody who cannot run it himself. */
export type CommandSummary = Pick<Command, 'name' | 'doc' | 'args'>

export const summaryOf = ({ name, doc, args }: Command): CommandSummary => ({ name, doc, args })

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
  run: (name, args) => runCommand(findCommand(commands, name), args),
  close,
})

/** Runs it with arguments that nobody has checked yet. What to print; rejects with a CommandError. */
export const runCommand = async (command: Command, args: Arguments): Promise<string> =>
  renderResult(await command.run(readArguments(command, args)))
