/** Data forms: XEP-0004, with field names by XEP-0068 and validation by XEP-0122. Values and pure functions. */
export * from './form.js'
export { Answers, InvalidSubmission, InvalidValue, readSubmission } from './submission.js'
export type { Method, Validation } from './validation.js'
