import type { Draft, FieldPart, TypePart } from './Draft.js';

const IMPORTS = [
  'key', 'shareable', 'external', 'requires', 'provides', 'override', 'inaccessible', 'interfaceObject', 'tag', 'composeDirective',
  'authenticated', 'requiresScopes', 'policy', 'context', 'fromContext', 'cost', 'listSize',
].map((name) => `"@${name}"`); // prettier-ignore

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: [IMPORTS])`;

/** The SDL of every subgraph that has something to say. */
export function printSubgraphs(draft: Draft): Record<string, string> {
  const printed: Record<string, string> = {};
  for (const [name, types] of draft.subgraphs) {
    if (types.size === 0) continue;
    const parts = [...types].map(([typeName, part]) => printType(draft, typeName, part));
    const text = parts.join('\n');
    const used = IMPORTS.filter((each) =>
      new RegExp(`${each.slice(1, -1)}\\b`).test(`${text} ${(draft.heads.get(name) ?? []).join(' ')}`),
    );
    const head = draft.federation1 ? [] : [LINK.replace('IMPORTS', used.join(', '))];
    printed[name] = [...head, ...(draft.heads.get(name) ?? []), text].join('\n');
  }
  return printed;
}

function printType(
  draft: Draft,
  name: string,
  { keyword, implements: interfaces, directives, fields, members }: TypePart,
): string {
  const extend = draft.federation1 && directives.has('@extends') ? 'extend ' : '';
  const shown = [...directives].filter((each) => each !== '@extends');
  const head = [
    `${extend}${keyword} ${name}`,
    ...(interfaces.size > 0 ? [`implements ${[...interfaces].join(' & ')}`] : []),
    ...shown,
  ].join(' ');
  if (keyword === 'scalar') return head;
  if (keyword === 'union') return `${head} = ${[...members].join(' | ')}`;
  if (keyword === 'enum') return `${head} { ${[...members].join(' ')} }`;
  return `${head} {\n${[...fields].map((field) => `  ${printField(field)}`).join('\n')}\n}`;
}

function printField([name, { type, args, directives }]: [string, FieldPart]): string {
  return [`${name}${args}: ${type}`, ...directives].join(' ');
}
