/**
 * What is measured of the gateways. `kind` is the kind of request (shop/operation.mjs). A target says at least how often as many requests
 * per second as the other gateway one of ours must answer.
 */
export const scenarios = {
  same: {
    title: 'Same query: every request is the same',
    kind: 'same',
    gateways: ['ours', 'hive-runtime', 'hive', 'apollo', 'mercurius', 'ceiling'],
    targets: [{ ours: 'ours', against: 'hive-runtime', atLeast: 4 }],
  },
  variable: {
    title: 'A variable differs in each request; of the subgraph requests only one does',
    kind: 'variable',
    gateways: ['ours', 'hive-runtime', 'hive', 'apollo', 'mercurius'],
    targets: [{ ours: 'ours', against: 'hive-runtime', atLeast: 7 }],
  },
  text: {
    title: "The text differs in each request: the operation's name",
    kind: 'text',
    gateways: ['ours', 'hive-runtime', 'hive', 'apollo', 'mercurius'],
    targets: [{ ours: 'ours', against: 'hive-runtime', atLeast: 7.5 }],
  },
  sharing: {
    title: 'Same query without sharing of whole operations (-subgraph), and without any sharing (-off)',
    kind: 'same',
    gateways: ['ours-subgraph', 'ours-off', 'hive-runtime-subgraph', 'hive-runtime-off', 'hive-subgraph'],
    targets: [
      { ours: 'ours-subgraph', against: 'hive-runtime-subgraph', atLeast: 7 },
      { ours: 'ours-off', against: 'hive-runtime-subgraph', atLeast: 3 },
    ],
  },
  distinct: {
    title: 'Distinct data: nothing in one request is in another',
    kind: 'distinct',
    gateways: ['ours', 'hive-runtime', 'hive', 'apollo', 'mercurius'],
    targets: [{ ours: 'ours', against: 'hive-runtime', atLeast: null }],
  },
};
