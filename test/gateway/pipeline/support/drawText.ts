import { buildSchema, GraphQLScalarType, valueFromASTUntyped, type GraphQLSchema } from 'graphql';
import type { Choices } from '../../../federation/generate/Choices.js';

/** Every field answers with the arguments that reached it. */
export const ECHO_SDL = `
  scalar JSON
  enum Color { RED GREEN query }
  input In { s: String n: Int f: Float id: ID flag: Boolean color: Color ns: [Int] within: In json: JSON d: Int = 7 }
  input One @oneOf { s: String n: Int }
  interface Thing { echo(s: String = "of", n: Int! = 3, f: Float, id: ID, b: Boolean, e: Color, ns: [Int!], rows: [[String]], i: In, is: [In!],
    j: JSON, js: [JSON], one: One): JSON self: Thing }
  type Query implements Thing { echo(s: String = "of", n: Int! = 3, f: Float, id: ID, b: Boolean, e: Color, ns: [Int!], rows: [[String]], i: In,
    is: [In!], j: JSON, js: [JSON], one: One): JSON self: Thing }
`;

export function echoSchema(): GraphQLSchema {
  const schema = buildSchema(ECHO_SDL);
  const json = schema.getType('JSON') as GraphQLScalarType;
  json.parseLiteral = (node, variables) => valueFromASTUntyped(node, variables);
  const { echo, self } = (
    schema.getType('Query') as { getFields(): Record<string, { resolve?: unknown }> } & object
  ).getFields() as {
    echo: { resolve?: unknown };
    self: { resolve?: unknown };
  };
  echo.resolve = (_: unknown, args: object) => ({ ...args });
  self.resolve = () => ({ __typename: 'Query' });
  return schema;
}

/** A sign or word of a text; `other` is what may stand there instead in a text of the same shape. */
export interface Token {
  readonly text: string;
  readonly other?: string;
}

export interface DrawnText {
  readonly tokens: readonly Token[];
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

const ARGUMENTS = {
  s: 'String',
  n: 'Int!',
  f: 'Float',
  id: 'ID',
  b: 'Boolean',
  e: 'Color',
  ns: '[Int!]',
  rows: '[[String]]',
  i: 'In',
  is: '[In!]',
  j: 'JSON',
  js: '[JSON]',
  one: 'One',
} as const;
const FIELDS = {
  s: 'String',
  n: 'Int',
  f: 'Float',
  id: 'ID',
  flag: 'Boolean',
  color: 'Color',
  ns: '[Int]',
  within: 'In',
  json: 'JSON',
  d: 'Int',
} as const;

const STRINGS = ['""', '"a"', '"b c"', '"0"', '"é, #(x){}"', '"😀"', '"~s0 $_l0"', '"RED"', '"\ufeff\t"'];
const OTHER_STRINGS = ['"\\n"', '"\\u00e9\\""', '"""block"""', '"""\n  two "lines"\n    \\""" #\n"""', '""""""'];
const WHOLE = ['0', '1', '-1', '42', '2147483647', '-2147483648'];
const DECIMALS = ['0.5', '-1.25', '1.0', '1.50', '1e3', '-0.0', '1E-2', '0.1234567890123', '0.12345678901234567', '0.0000001'];
const LONG = ['3000000000', '12345678901234567890', '-0', '9007199254740993'];
/** Names of variables, of values for them, and of what stands for literals look alike. */
const NAMES = ['v', '_l', '_l0', '_l1', '_l_0', 'representations', 'query'];
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  String: ['x', '', null],
  'Int!': [5, 0],
  Boolean: [true, false, null],
  'Boolean!': [true, false],
  In: [{ s: 'in', ns: [1] }, null],
  JSON: [{ a: [1, 'x'] }, 'j', null],
};
const DEFAULTS: Readonly<Record<string, string>> = {
  String: '"d"',
  'Int!': '9',
  Boolean: 'true',
  In: '{ s : "x" n : 1 }',
  JSON: '[ 1 "x" ]',
};

/** A valid text, mostly of one operation, with what the client sends beside it. */
export function drawText(choices: Choices): DrawnText {
  const { below, chance, pick, some } = choices;
  const fragments: Token[][] = [];
  let aliases = 0;

  const literal = (from: readonly string[]): Token => ({ text: pick(from), other: pick(from) });
  const words = (text: string): Token[] => text.split(' ').map((each) => ({ text: each }));

  const drawOperation = (name: string | null): { tokens: Token[]; values: Record<string, unknown> } => {
    const declared = new Map(some(NAMES, 25).map((each) => [each, pick(Object.keys(VALUES))] as const));
    const used = new Set<string>();
    const values: Record<string, unknown> = {};
    const ofType = (types: readonly string[]): string[] =>
      [...declared].flatMap(([each, type]) => (types.includes(type) ? [each] : []));
    const use = (from: readonly string[]): Token[] => {
      const taken = pick(from);
      used.add(taken);
      return [{ text: '$' }, { text: taken }];
    };

    /** `plain`: one value for a list of it, which a variable cannot be. */
    const value = (type: string, depth: number, plain = false): Token[] => {
      const fitting = ofType(type === 'Int' ? ['Int!'] : [type]);
      if (!plain && fitting.length > 0 && chance(40)) return use(fitting);
      if (!type.endsWith('!') && chance(8)) return words('null');
      const named = type.replace(/!$/, '');
      if (named.startsWith('[')) {
        const inner = named.slice(1, -1);
        if (chance(25)) return value(`${inner.replace(/!$/, '')}!`, depth + 1, true);
        const items = Array.from({ length: below(3) }, () => value(inner, depth + 1, plain));
        return [...words('['), ...items.flat(), ...words(']')];
      }
      switch (named) {
        case 'String':
          return [literal(chance(70) ? STRINGS : OTHER_STRINGS)];
        case 'Int':
          return [literal(WHOLE)];
        case 'Float':
          return [literal(chance(50) ? WHOLE : [...DECIMALS, ...LONG])];
        case 'ID':
          return [literal(pick([STRINGS, WHOLE, LONG]))];
        case 'Boolean':
          return words(pick(['true', 'false']));
        case 'Color':
          return words(pick(['RED', 'GREEN', 'query']));
        case 'JSON':
          return json(depth);
        case 'One':
          return [
            ...words('{'),
            ...(chance(50) ? [...words('s :'), literal(STRINGS)] : [...words('n :'), literal(WHOLE)]),
            ...words('}'),
          ];
        default: {
          const names = depth > 3 ? [] : some(Object.keys(FIELDS) as (keyof typeof FIELDS)[], 25);
          return [
            ...words('{'),
            ...names.flatMap((each) => [...words(`${each} :`), ...value(FIELDS[each], depth + 1)]),
            ...words('}'),
          ];
        }
      }
    };
    const json = (depth: number): Token[] => {
      const kind = depth > 3 ? below(3) : below(5);
      if (kind === 0) return [literal(STRINGS)];
      if (kind === 1) return [literal([...WHOLE, ...DECIMALS])];
      if (kind === 2) return words(pick(['true', 'null', 'WORD']));
      const items = Array.from({ length: below(3) }, () => json(depth + 1));
      if (kind === 3) return [...words('['), ...items.flat(), ...words(']')];
      return [...words('{'), ...items.flatMap((each, at) => [...words(`k${at} :`), ...each]), ...words('}')];
    };
    const condition = (): Token[] => {
      if (!chance(20)) return [];
      const fitting = ofType(['Boolean!']);
      const decided = fitting.length > 0 && chance(60) ? use(fitting) : words(pick(['true', 'false']));
      return [...words(pick(['@ skip ( if :', '@ include ( if :'])), ...decided, ...words(')')];
    };
    const selections = (depth: number): Token[] => [
      ...words('{'),
      ...Array.from({ length: 1 + below(3) }, () => selection(depth)).flat(),
      ...words('}'),
    ];
    const selection = (depth: number): Token[] => {
      const kind = depth > 2 ? 0 : below(6);
      if (kind === 1) return [...words(`a${aliases++} : self`), ...condition(), ...selections(depth + 1)];
      if (kind === 2) return [...words(pick(['...', '... on Thing', '... on Query'])), ...condition(), ...selections(depth + 1)];
      if (kind === 3) {
        const spread = `F${fragments.length}`;
        const place = fragments.push([]) - 1;
        fragments[place] = [...words(`fragment ${spread} on ${pick(['Query', 'Thing'])}`), ...selections(depth + 1)];
        return [...words(`... ${spread}`), ...condition()];
      }
      const args = some(Object.keys(ARGUMENTS) as (keyof typeof ARGUMENTS)[], 20);
      const given = args.flatMap((each) => [...words(`${each} :`), ...value(ARGUMENTS[each], 0)]);
      const field = [
        ...words(`a${aliases++} : echo`),
        ...(given.length > 0 ? [...words('('), ...given, ...words(')')] : []),
        ...condition(),
      ];
      // The same twice is one field.
      return chance(10) ? [...field, ...field] : field;
    };

    const body = selections(0);
    const definitions = [...declared].flatMap(([each, type]): Token[] => {
      if (!used.has(each)) return [];
      const hasDefault = type in DEFAULTS && chance(40);
      if (!hasDefault || chance(60)) values[each] = pick(VALUES[type]!);
      return [...words(`$ ${each} : ${type.replace('!', ' !')}`), ...(hasDefault ? words(`= ${DEFAULTS[type]!}`) : [])];
    });
    const head = name !== null || definitions.length > 0 || chance(30) ? words(name === null ? 'query' : `query ${name}`) : [];
    return {
      tokens: [...head, ...(definitions.length > 0 ? [...words('('), ...definitions, ...words(')')] : []), ...body],
      values,
    };
  };

  const several = chance(15);
  const name = several || chance(50) ? pick(['One', 'query', 'fragment', 'on']) : null;
  const { tokens, values } = drawOperation(name);
  const others = several ? drawOperation('Other').tokens : [];
  const operationName = name !== null && (several || chance(30)) ? name : undefined;
  return { tokens: [...tokens, ...others, ...fragments.flat()], variables: values, operationName };
}

const GAPS = [' ', '\n', ', ', ' # "x" { (\n', '\t,,\r\n', '\ufeff '];

/** The tokens as a text, with gaps and comments between them; with `other` literals, and another name of the operation. */
export function writeText(tokens: readonly Token[], { pick, chance }: Choices, other = false): string {
  return tokens.map(({ text, other: instead }) => `${other && instead && chance(70) ? instead : text}${pick(GAPS)}`).join('');
}
