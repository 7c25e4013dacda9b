import { readFileSync } from 'node:fs'
import { OwnProcess } from './process.js'
import type { Place, Program, Server } from './server.js'

/** A server that runs in its place. */
export class ServerProcess extends OwnProcess implements Server {
  readonly name
  readonly version
  readonly host
  readonly domain
  readonly ports
  readonly certificateFile
  readonly admin
  readonly component
  readonly #program

  constructor({ dir, host, domain, ports, certificateFile, admin, component }: Place, program: Program) {
    super({ ...program, dir, host, ports: [ports.c2s, ports.c2sTls, component.port, ...(program.ports ?? [])] })
    this.name = program.name
    this.version = program.version
    this.host = host
    this.domain = domain
    this.ports = ports
    this.certificateFile = certificateFile
    this.admin = admin
    this.component = component
    this.#program = program
  }

  get certificate() {
    return readFileSync(this.certificateFile, 'utf8')
  }

  adduser(user: string, password: string) {
    return this.#program.adduser(user, password)
  }
}
