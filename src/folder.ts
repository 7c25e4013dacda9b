import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from './config.js'
import { ConfigError } from './core/config.js'
import { reasonOf } from './core/system-error.js'

type WithFolder = Pick<Config, 'data'>

export const adminSocketIn = ({ data }: WithFolder): string => path.join(data, 'admin.sock')

export const certificatesIn = ({ data }: WithFolder): string => path.join(data, 'certs')

/** Makes the folder unless it is there. What is in it is nobody else's business. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (fault) {
    throw cannotUse(folder, fault)
  }
}

export const cannotUse = (folder: string, fault: unknown): ConfigError =>
  new ConfigError('data', `${folder} cannot be used: ${reasonOf(fault)}; a folder that can be written was expected`)
