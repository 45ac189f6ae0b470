import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import { formatUsd, parseUsd } from './money.js';

function bad(name: string, what: string): GraphQLError {
  return new GraphQLError(`${name} ${what}`, { extensions: { code: 'BAD_USER_INPUT' } });
}

function readDateTime(value: unknown): Date {
  const date = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? new Date(value) : undefined;
  if (!date || Number.isNaN(date.getTime())) throw bad('DateTime', `must be RFC 3339 text such as "2026-01-31T12:00:00Z"`);
  return date;
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => (value instanceof Date ? value : new Date(value as string)).toISOString(),
  parseValue: readDateTime,
  parseLiteral: (node) => readDateTime(node.kind === Kind.STRING ? node.value : undefined),
});

function readDecimal(value: unknown): string {
  try {
    parseUsd(value as string);
    return value as string;
  } catch {
    throw bad('Decimal', 'must be a plain decimal in quotes, at most 12 digits before and 12 after the point, such as "0.15"');
  }
}

/** Out in canonical form: no trailing zeros, never an exponent. In as it was written, because route hints are bound to the input as sent. */
export const Decimal = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  serialize: (value) => formatUsd(typeof value === 'bigint' ? value : parseUsd(value as string)),
  parseValue: readDecimal,
  parseLiteral: (node) => readDecimal(node.kind === Kind.STRING ? node.value : undefined),
});

export const JSONScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** For the resolvers of every subgraph. */
export const scalars = { DateTime, Decimal, JSON: JSONScalar };
