/** Something is wrong with the database: a sentence for the operator. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
}

/** What a driver says, without the statement that Knex puts before it. */
export function driverReason(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : String(fault)
  const statement = message.lastIndexOf(' - ')
  return statement < 0 ? message : message.slice(statement + 3)
}
