import assert from 'node:assert/strict'
import type { Server } from '../servers/index.js'
import { register, TextClient, type Transport } from '../servers/text-client.js'
import { type Feature, LIBRARIES, type Library, TRANSPORTS } from './library.js'
import { Person, type Program, type Way } from './program.js'

export interface Stage {
  readonly library: Library
  readonly transport: Transport
  server(): Server
  way(): Way
  program(): Program
}

/** Of everybody, until it is changed. */
export const PASSWORD = 'wherefore-art-thou'

/** Those who stay logged in: two devices of Romeo, and Juliet. */
interface People {
  readonly romeo: Person
  readonly balcony: Person
  readonly juliet: Person
}

/** Who plays, and where. */
export class Cast {
  /** Sets the accounts of one library over one transport apart. */
  readonly tag
  readonly stage
  #people: People | undefined
  #offered = ''

  constructor(stage: Stage) {
    this.stage = stage
    this.tag = `${LIBRARIES.indexOf(stage.library)}${TRANSPORTS.indexOf(stage.transport)}`
  }

  get people(): People {
    return this.#people ?? assert.fail('nobody is there yet')
  }

  /** The server's mechanisms over this transport, as it sent them. */
  get offered(): string {
    return this.#offered
  }

  get server(): Server {
    return this.stage.server()
  }

  get way(): Way {
    return this.stage.way()
  }

  person(name: string, resource: string, password = PASSWORD): Person {
    return new Person(this.stage.program(), `${name}-${this.tag}@${this.server.domain}`, password, resource)
  }

  scene(feature: Feature, title: string, play: () => Promise<void>): void {
    if (!this.stage.library.lacks.includes(feature)) it(title, play)
  }

  async gather(): Promise<void> {
    const names = ['romeo', 'juliet', 'tybalt', 'mercutio'].map(name => [`${name}-${this.tag}`, PASSWORD])
    await register(this.server, Object.fromEntries(names))
    const scout = await TextClient.connect(this.server, this.stage.transport)
    this.#offered = scout.features
    await scout.close()
    this.#people = {
      romeo: this.person('romeo', 'orchard'),
      balcony: this.person('romeo', 'balcony'),
      juliet: this.person('juliet', 'chamber'),
    }
  }
}
