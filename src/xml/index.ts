export * from './element.js'
export * from './parser.js'
export * from './serialise.js'
