/** Elements as plain values: what stands between verbs that are the same for all and the elements of each library. */

export interface Tree {
  readonly name: string
  readonly attrs: Readonly<Record<string, string>>
  readonly children: readonly (Tree | string)[]
}

type Attributes = Readonly<Record<string, string | undefined>>

/** Children and attributes that are undefined are left out. */
export const tree = (
  name: string,
  attrs: Attributes = {},
  ...children: readonly (Tree | string | undefined)[]
): Tree => ({
  name,
  attrs: Object.fromEntries(Object.entries(attrs).filter((pair): pair is [string, string] => pair[1] !== undefined)),
  children: children.filter(child => child !== undefined),
})

export const elements = (of: Tree | undefined): readonly Tree[] =>
  (of?.children ?? []).filter((child): child is Tree => typeof child !== 'string')

export const child = (of: Tree | undefined, name: string, xmlns?: string): Tree | undefined =>
  elements(of).find(found => found.name === name && (xmlns === undefined || found.attrs.xmlns === xmlns))

export const textOf = (of: Tree | undefined): string | undefined =>
  of?.children.map(part => (typeof part === 'string' ? part : '')).join('')
