import type { Answer } from './compareAnswers.js';
import type { FederationCase } from './FederationCase.js';

/** A module for `test/federation/regressions/`. */
export function printCase({ subgraphs, data, operation, variables, scopes, down }: FederationCase): string {
  const json = (value: unknown): string => JSON.stringify(value);
  const lines = [
    "import type { FederationCase } from '../support/FederationCase.js';",
    '',
    'export const regression: FederationCase = {',
    '  subgraphs: {',
    ...Object.entries(subgraphs).map(([name, sdl]) => `    ${name}: \`\n${indent(text(sdl), 6)}\`,`),
    '  },',
    '  data: {',
    ...Object.entries(data).map(([name, object]) => `    ${json(name)}: ${json(object)},`),
    '  },',
    `  operation: \`${text(operation)}\`,`,
    ...(variables && Object.keys(variables).length > 0 ? [`  variables: ${json(variables)},`] : []),
    ...(scopes ? [`  scopes: ${json(scopes)},`] : []),
    ...(down && down.length > 0 ? [`  down: ${json(down)},`] : []),
    '};',
  ];
  return lines.join('\n');
}

export function printAnswer(answer: Answer | Error | null): string {
  if (answer === null) return '(does not support it)';
  if (answer instanceof Error) return `thrown: ${answer.message}${answer.cause ? ` (${String(answer.cause)})` : ''}`;
  const errors = answer.errors?.map(
    (error) => `${(error.path ?? []).join('.')}: ${(error as { message?: string }).message ?? ''}`,
  );
  return `${JSON.stringify(answer.data)}${errors ? `\n  ${errors.join('\n  ')}` : ''}`;
}

function text(graphql: string): string {
  return graphql.trim().replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
}

function indent(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
}
