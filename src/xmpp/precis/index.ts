export { domainPart } from './domain.js'
export { PrecisError } from './errors.js'
export { opaqueString, preparePassword, usernameCaseMapped } from './profiles.js'
