export { type Database, type DatabaseOptions, openDatabase } from './database.js'
export { checkDriver } from './driver.js'
export { DatabaseError } from './errors.js'
