/** What one caller, one operation and one gateway may use at most. Everything beyond is refused with a code of its own. */
export const LIMITS = {
  /** Lexical tokens of an operation's text. */
  tokens: 15_000,
  /** Levels of selections, fragments followed. */
  depth: 30,
  /** Fields after fragments are spread; validation compares fields in pairs. */
  fields: 3_000,
  aliases: 200,
  rootFields: 100,
  /** Characters of an Authorization value. */
  authorization: 8_192,
  /** Milliseconds that an operation may take unless the caller asks for less or more with x-mesh-deadline-ms. */
  deadlineMs: 30_000,
  maxDeadlineMs: 120_000,
  /** HTTP connections, WebSockets among them. */
  connections: 10_000,
  webSockets: 5_000,
  /** Operations in flight on one WebSocket, subscriptions among them. */
  operationsPerSocket: 1_000,
  subscriptions: 20_000,
  /** Of graphql-sse's single connection mode, reserved ones among them. */
  eventStreams: 5_000,
  /** Answers of subgraphs that came again, with what was made of them; all together, about. */
  knownAnswerBytes: 32 * 1024 * 1024,
  /** Milliseconds that requests in flight are given when the gateway closes. */
  drainMs: 10_000,
  /** Milliseconds that a new supergraph is given to be ready, or the old one goes on. */
  reloadMs: 30_000,
  /** Supergraphs that have been replaced and still end their work. */
  retiringSupergraphs: 8,
  /** Milliseconds after which the snapshot is too old to govern or route by. */
  snapshotMs: 30_000,
} as const;
