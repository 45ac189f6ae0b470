// The mesh's own operations that are timed.
export const FIVE_SUBGRAPHS = `{
  agents(first: 4) { nodes { id name skills { name } models { id pricing { inputPerMTokUsd } } quality { samples successRate } spend { usd requests }
    decisions(first: 3) { nodes { action outcome } } } }
}`;
export const ONE_SUBGRAPH = `{ agents(first: 4) { nodes { id name skills { name } } } }`;
/** Tasks are never kept, their models are. */
export const ENTITIES = `{ tasks(first: 20) { nodes { id model { name pricing { inputPerMTokUsd outputPerMTokUsd } } agent { name } } } }`;
export const KEPT_WHOLE = `{ agents(first: 4) { nodes { id name skills { name } models { id name pricing { inputPerMTokUsd } } } } }`;
/** What a request costs that asks for nothing: HTTP, the token, parsing. The rest is the operation's own time in the process. */
export const NOTHING = `{ __typename }`;
export const ASK = `{ ask(input: { taskClass: "math.arithmetic", prompt: "12 * (7 + 3)" }) { text costUsd } }`;
