/**
 * One request that a service would take: method and path with `{kind}` where the name or id of a thing
 * goes; its body, a document to be sent as JSON or bytes; the body's type when it is no JSON.
 */
export type Operation = readonly [
  request: string,
  body?: object | Buffer | undefined,
  headers?: Readonly<Record<string, string>>,
];

/** What requests to one service are made of. */
export interface Vocabulary {
  readonly operations: readonly Operation[];
  readonly queries: readonly (readonly [name: string, ...values: string[]])[];
  readonly headers: readonly (readonly [name: string, ...values: string[]])[];
}
