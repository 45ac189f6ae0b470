import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { generate, member } from './generate.js';
import { jsonText, quoted } from './jsonText.js';
import { around } from './Outcome.js';
import type { Brought } from './shareSections.js';
import type { Place } from './places.js';
import { toSource, type Piece, type ScalarPiece } from './printSource.js';
import type { Run } from './Run.js';
import type { JsonObject } from './Target.js';

/**
 * Writes the answer of an operation as JSON text straight from what the subgraphs brought: the operation's fields in its order, under its
 * names, nothing else. Undefined when something in the data is not as the schema says, a null where none may be among it: then
 * shapeResponse finds out what, and where. Values that stand in several places are written once. `allowed` is what governance has left of
 * the operation, its fragments written out; what is not in it is null.
 */
export type PrintAnswer = (
  data: JsonObject,
  coerced: Readonly<JsonObject>,
  knowledge: Pick<Run, 'isRepeated' | 'isPlain'>,
  /** Texts to put before and after it. */
  around: Around,
) => string | undefined;

type Around = ReturnType<typeof around>;

export interface Printer {
  readonly whole: PrintAnswer;
  /** The same from what its sections brought. What stands in one of them is written once for all who hold it. */
  readonly sections: (brought: readonly Brought[], coerced: Readonly<JsonObject>, around: Around) => Buffer | undefined;
}

interface Printing {
  readonly schema: GraphQLSchema;
  readonly dataName: Supergraph['dataName'];
  readonly fragments: Record<string, FragmentDefinitionNode>;
}

/** Says that the data is not as the schema says. */
const ODD = Symbol('odd');
const MAX_KEPT_PIECES = 20_000;
/**
 * Where all answers are put together: one after the other, since printing is synchronous. If every operation had its own, each would hold
 * the texts of its last answer.
 */
let kept: (string | number)[] = [];
const NO_PIECES: (string | number)[] = [];
/** Variants by which of its @skip and @include conditions hold that an operation may keep. */
const MAX_VARIANTS = 32;

/** Functions are made when they are first needed: for the conditions that hold and the types that come. */
export function compilePrinter(
  { apiSchema: schema, dataName }: Pick<Supergraph, 'apiSchema' | 'dataName'>,
  operation: OperationDefinitionNode,
  fragments: Record<string, FragmentDefinitionNode>,
  allowed: OperationDefinitionNode | undefined,
  root: Place,
): Printer {
  const printing: Printing = { schema, dataName, fragments };
  const conditions = conditionsOf(operation, fragments);
  const variants = new Map<string, Variant>();
  const variantOf = (coerced: Readonly<JsonObject>): Variant => {
    const key = conditions.map((name) => (coerced[name] === true ? '1' : '0')).join('');
    let variant = variants.get(key);
    if (!variant) {
      if (variants.size >= MAX_VARIANTS) variants.clear();
      const held = Object.fromEntries(conditions.map((name) => [name, coerced[name] === true]));
      variants.set(key, (variant = compileVariant(printing, operation, allowed, held, root)));
    }
    return variant;
  };
  return {
    whole: (data, coerced, knowledge, texts) => variantOf(coerced).whole(data, knowledge, texts),
    sections: (brought, coerced, texts) => printSections(variantOf(coerced), brought, texts),
  };
}

/** The variables that @skip and @include ask for. */
function conditionsOf(operation: OperationDefinitionNode, fragments: Record<string, FragmentDefinitionNode>): string[] {
  const names = new Set<string>();
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...Object.values(fragments)] };
  visit(document, {
    Directive: ({ name, arguments: args }) => {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of args ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

interface Variant {
  readonly whole: PrintVariant;
  /** By response name, in the order of the operation: the field alone, in braces. */
  readonly fields: readonly RootPrint[];
}

interface RootPrint {
  readonly dataName: string;
  readonly print: PrintVariant;
}

type PrintVariant = (data: JsonObject, knowledge: Pick<Run, 'isRepeated' | 'isPlain'>, texts: Around) => string | undefined;
/** Adds the pieces of a value's text from `at` on, and says where the next ones go. */
type Print = (value: never, at: number) => number;
type Fields = ReadonlyMap<string, readonly FieldNode[]>;

/** What the client asks for, and, unless that is all of it, what governance has left of it. */
interface Selected {
  readonly fields: Fields;
  readonly left: Fields | undefined;
}

interface Nodes {
  readonly nodes: readonly FieldNode[];
  readonly left: readonly FieldNode[] | undefined;
}

/** What the functions of one variant have in common while they print one answer; printing is synchronous, so one is enough. */
interface State {
  isRepeated: Uint8Array;
  isPlain: boolean;
  /** Joined at the end: strings that grow by concatenation leave four times as much for the garbage collector. */
  pieces: typeof NO_PIECES;
  /** By where in the source they are written: the texts of values that stand in several places. */
  readonly texts: Map<number, Map<unknown, string>>;
}

function compileVariant(
  printing: Printing,
  operation: OperationDefinitionNode,
  allowed: OperationDefinitionNode | undefined,
  variables: Record<string, boolean>,
  rootPlace: Place,
): Variant {
  const { schema, fragments, dataName } = printing;
  const state: State = { isRepeated: new Uint8Array(), isPlain: false, pieces: NO_PIECES, texts: new Map() };
  let sites = 0;

  const printObject = (type: GraphQLObjectType, selected: () => Selected, place: Place | undefined): Print => {
    let print: Print | undefined;
    return (value, at) => (print ??= compileObject(type, selected(), place))(value, at);
  };
  const printComposite = (type: GraphQLCompositeType, { nodes, left }: Nodes, place: Place | undefined): Print => {
    const printAs = (concrete: GraphQLObjectType): Print => {
      const fieldsOf = (of: readonly FieldNode[]): Fields => collectSubfields(schema, fragments, variables, concrete, of);
      return printObject(concrete, () => ({ fields: fieldsOf(nodes), left: left && fieldsOf(left) }), place);
    };
    if (isObjectType(type)) return printAs(type);
    const byType = new Map<unknown, Print>();
    return ((value: JsonObject, at: number) => {
      const typeName = Object.hasOwn(value, '__typename') ? value['__typename'] : undefined;
      let print = byType.get(typeName);
      if (!print) {
        const concrete = typeof typeName === 'string' ? schema.getType(typeName) : undefined;
        if (!isAbstractType(type) || !isObjectType(concrete) || !schema.isSubType(type, concrete)) throw ODD;
        byType.set(typeName, (print = printAs(concrete)));
      }
      return print(value as never, at);
    }) as Print;
  };

  const compileObject = (type: GraphQLObjectType, { fields, left }: Selected, place: Place | undefined): Print => {
    const scope: Record<string, unknown> = { q: quoted, j: jsonText, state, ODD, textOnce };
    const name = (value: unknown): string => {
      const known = `x${Object.keys(scope).length}`;
      scope[known] = value;
      return known;
    };
    /** Statements that add the text of the value in `v`, or throw. */
    const append = (v: string, of: GraphQLOutputType, nodes: Nodes, below: Place | undefined, depth: number): string => {
      const nullable = !isNonNullType(of);
      const inner = isNonNullType(of) ? (of.ofType as GraphQLOutputType) : of;
      const otherwise = nullable ? `a[n++]='null'` : 'throw ODD';
      const body = (): string => {
        if (isListType(inner)) {
          const [i, item] = [`i${depth}`, `e${depth}`];
          const each = append(item, inner.ofType as GraphQLOutputType, nodes, below, depth + 1);
          return `if(!Array.isArray(${v}))throw ODD;a[n++]='[';for(let ${i}=0;${i}<${v}.length;${i}++){if(${i}>0)a[n++]=',';const ${item}=${v}[${i}];${each}}a[n++]=']';`;
        }
        const named = getNamedType(inner);
        if (isCompositeType(named)) {
          const print = name(printComposite(named, nodes, below));
          return `if(typeof ${v}!=='object'||Array.isArray(${v}))throw ODD;n=${print}(${v},n);`;
        }
        return appendLeaf(v, named as GraphQLLeafType, name);
      };
      return `if(${v}===null||${v}===undefined)${otherwise};else{${body()}}`;
    };
    const pieces: Piece[] = [];
    const say = (text: string): void => void pieces.push({ kind: 'text', text });
    say('{');
    for (const [responseName, nodes] of fields) {
      const field = nodes[0]!;
      const fieldName = field.name.value;
      const definition = type.getFields()[fieldName];
      if (!definition && !fieldName.startsWith('__')) continue;
      say(`${pieces.length > 1 ? ',' : ''}${JSON.stringify(responseName)}:`);
      if (fieldName === '__typename') say(JSON.stringify(type.name));
      // Introspection has been answered in its final shape.
      else if (!definition) pieces.push({ kind: 'code', code: `a[n++]=j(${member('o', responseName)});` });
      else if (left && !left.has(responseName)) {
        if (isNonNullType(definition.type)) pieces.push({ kind: 'code', code: 'throw ODD;' });
        else say('null');
      } else {
        const fetched = dataName(field);
        const read = member('o', fetched);
        const below = place?.below.get(fetched);
        const otherwise = (v: string): string => append(v, definition.type, { nodes, left: left?.get(responseName) }, below, 0);
        const usual = usualScalar(definition.type);
        if (usual) pieces.push({ kind: 'scalar', read, otherwise, ...usual });
        // Only what a fetch of entities has brought can stand in several places.
        else if (!below || !isCompositeType(getNamedType(definition.type)))
          pieces.push({ kind: 'code', code: `v=${read};${otherwise('v')}` });
        else {
          const printed = otherwise('v');
          const once = `n=textOnce(state,${sites++},v,n,(n)=>{${printed}return n;})`;
          const isRepeated = `state.isRepeated[${below.id}]===1&&v!==null&&typeof v==='object'`;
          pieces.push({ kind: 'code', code: `v=${read};if(${isRepeated})${once};else{${printed}}` });
        }
      }
    }
    say('}');
    return generate<Print>(
      scope,
      `return function(o,n){const a=state.pieces,plain=state.isPlain;let v;${toSource(pieces)}return n}`,
    );
  };

  const rootType = schema.getRootType(operation.operation)!;
  const rootFields = collectFields(schema, fragments, variables, rootType, operation.selectionSet);
  const rootLeft = allowed && collectFields(schema, fragments, variables, rootType, allowed.selectionSet);
  const printed = (print: Print): PrintVariant => {
    return (data, { isRepeated, isPlain }, { before, after }) => {
      state.isRepeated = isRepeated;
      state.isPlain = isPlain;
      const pieces = (state.pieces = kept);
      try {
        pieces[0] = before;
        const count = print(data as never, 1);
        pieces.length = count;
        pieces.push(after);
        return pieces.join('');
      } catch (error) {
        if (error === ODD) return undefined;
        throw error;
      } finally {
        state.texts.clear();
        state.pieces = NO_PIECES;
        // What is left in it is written over by the next answer; a very large one is not held until then.
        if (pieces.length > MAX_KEPT_PIECES) kept = [];
      }
    };
  };
  const printFields = (fields: Fields): PrintVariant =>
    printed(printObject(rootType, () => ({ fields, left: rootLeft }), rootPlace));
  return {
    whole: printFields(rootFields),
    fields: [...rootFields].map(([name, nodes]) => ({
      dataName: dataName(nodes[0]!),
      print: printFields(new Map([[name, nodes]])),
    })),
  };
}

/** No data name. */
const WHOLE = '';
const { before: NO_ERRORS } = around();
const NOTHING_AROUND: Around = { before: '', after: '' };
const [OPEN, COMMA, CLOSE] = ['{', ',', '}'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
const NO_DATA: JsonObject = {};
const NOTHING_KNOWN = { isRepeated: new Uint8Array(), isPlain: false };

function printSections({ fields }: Variant, brought: readonly Brought[], around: Around): Buffer | undefined {
  const [only, ...more] = brought;
  // Whoever holds the one section of an operation, and has nothing else to say, has the very same answer.
  const isWhole = only && more.length === 0 && around.before === NO_ERRORS;
  const known = isWhole ? only.texts.get(WHOLE) : undefined;
  if (known) return known;
  const chunks: Buffer[] = [Buffer.from(around.before), OPEN];
  for (const field of fields) {
    const from = brought.find(({ section }) => section.names.has(field.dataName));
    const text = from ? textOf(field, from) : printAlone(field, NO_DATA, NOTHING_KNOWN);
    if (!text) return undefined;
    if (chunks.length > 2) chunks.push(COMMA);
    chunks.push(text);
  }
  chunks.push(CLOSE, Buffer.from(around.after));
  const bytes = Buffer.concat(chunks);
  if (isWhole) only.texts.set(WHOLE, bytes);
  return bytes;
}

function textOf(field: RootPrint, brought: Brought): Buffer | null {
  const { texts, data } = brought;
  let text = texts.get(field.dataName);
  if (text === undefined) texts.set(field.dataName, (text = printAlone(field, data, brought)));
  return text;
}

/** A root field and its value, without the braces around. */
function printAlone({ print }: RootPrint, data: JsonObject, knowledge: Pick<Run, 'isRepeated' | 'isPlain'>): Buffer | null {
  const text = print(data, knowledge, NOTHING_AROUND);
  return text === undefined ? null : Buffer.from(text.slice(1, -1));
}

function textOnce({ pieces, texts }: State, site: number, value: unknown, at: number, print: (at: number) => number): number {
  let ofSite = texts.get(site);
  if (!ofSite) texts.set(site, (ofSite = new Map()));
  let text = ofSite.get(value);
  if (text === undefined) ofSite.set(value, (text = pieces.slice(at, print(at)).join('')));
  pieces[at] = text;
  return at + 1;
}

/** What values of the schema's own scalars mostly are. Undefined for other types. */
function usualScalar(type: GraphQLOutputType): Pick<ScalarPiece, 'isUsual' | 'before' | 'usual' | 'after'> | undefined {
  const named = isNonNullType(type) ? (type.ofType as GraphQLOutputType) : type;
  switch (isScalarType(named) ? named.name : undefined) {
    case 'ID':
    case 'String':
      return { isUsual: (v) => `typeof ${v}==='string'&&plain`, before: '"', usual: (v) => v, after: '"' };
    case 'Int':
      return { isUsual: (v) => `typeof ${v}==='number'&&(${v}|0)===${v}`, before: '', usual: (v) => v, after: '' };
    case 'Boolean':
      return { isUsual: (v) => `typeof ${v}==='boolean'`, before: '', usual: (v) => `(${v}?'true':'false')`, after: '' };
    default:
      return undefined;
  }
}

/** By the rules of the schema's scalars, the common case without a call. */
function appendLeaf(v: string, type: GraphQLLeafType, name: (value: unknown) => string): string {
  if (isEnumType(type)) {
    const texts = new Map<unknown, string>(type.getValues().map((value) => [value.value, JSON.stringify(value.name)]));
    const known = name(texts);
    return `const t=${known}.get(${v});if(t===undefined)throw ODD;a[n++]=t;`;
  }
  const serialize = name((value: unknown): string => {
    try {
      return jsonText(type.serialize(value));
    } catch {
      throw ODD;
    }
  });
  switch (type.name) {
    case 'ID':
    case 'String':
      return `a[n++]=typeof ${v}==='string'?q(${v}):${serialize}(${v});`;
    case 'Int':
      return `a[n++]=typeof ${v}==='number'&&(${v}|0)===${v}?${v}:${serialize}(${v});`;
    case 'Float':
      return `a[n++]=typeof ${v}==='number'&&Number.isFinite(${v})?${v}:${serialize}(${v});`;
    case 'Boolean':
      return `a[n++]=${v}===true?'true':${v}===false?'false':${serialize}(${v});`;
    default:
      return `a[n++]=${serialize}(${v});`;
  }
}
