/** What a newcomer finds in the first three tabs. The token is a development token; gateways in production refuse it. */
const headers = JSON.stringify({ authorization: 'Bearer dev-admin' }, null, 2);

export const exampleTabs = [
  {
    headers,
    query: `# The fleet, across all five subgraphs.
query Fleet {
  agents(first: 10) {
    nodes {
      id
      name
      tier
      skills { name taskClasses }
      models { id pricing { inputPerMTokUsd outputPerMTokUsd } }
      quality { samples successRate }
      spend { usd requests }
      decisions(first: 3) { nodes { action outcome at } }
    }
  }
}
`,
  },
  {
    headers,
    query: `# Ask the mesh about itself. The answer says who gave it, what it cost, and why that agent was chosen.
query Ask {
  ask(input: { taskClass: "docs.question", prompt: "What does the directive @governed do?" }) {
    text
    costUsd
    agent { name }
    model { id }
    task { id route { objective reasons fallbacks { agent { name } model { id } } } }
  }
}
`,
  },
  {
    headers,
    query: `# Leave this running and send Ask or a taskRun from another tab.
subscription Watch {
  taskEvents {
    kind
    status
    taskClass
    agent { name }
    task { id latencyMs cost { usd } }
    cursor
  }
}
`,
  },
];
