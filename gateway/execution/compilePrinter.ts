import {
  getNamedType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
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
import type { Place } from './places.js';
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
) => string | undefined;

interface Printing {
  readonly schema: GraphQLSchema;
  readonly dataName: Supergraph['dataName'];
  readonly fragments: Record<string, FragmentDefinitionNode>;
}

/** Says that the data is not as the schema says. */
const ODD = Symbol('odd');
/** Variants by which of its @skip and @include conditions hold that an operation may keep. */
const MAX_VARIANTS = 32;

/** Functions are made when they are first needed: for the conditions that hold and the types that come. */
export function compilePrinter(
  { apiSchema: schema, dataName }: Pick<Supergraph, 'apiSchema' | 'dataName'>,
  operation: OperationDefinitionNode,
  fragments: Record<string, FragmentDefinitionNode>,
  allowed: OperationDefinitionNode | undefined,
  root: Place,
): PrintAnswer {
  const printing: Printing = { schema, dataName, fragments };
  const conditions = conditionsOf(operation, fragments);
  const variants = new Map<string, PrintVariant>();
  return (data, coerced, knowledge) => {
    const key = conditions.map((name) => (coerced[name] === true ? '1' : '0')).join('');
    let print = variants.get(key);
    if (!print) {
      if (variants.size >= MAX_VARIANTS) variants.clear();
      const held = Object.fromEntries(conditions.map((name) => [name, coerced[name] === true]));
      variants.set(key, (print = compileVariant(printing, operation, allowed, held, root)));
    }
    return print(data, knowledge);
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

type PrintVariant = (data: JsonObject, knowledge: Pick<Run, 'isRepeated' | 'isPlain'>) => string | undefined;
type Print = (value: never) => string;
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
  /** By where in the source they are written: the texts of values that stand in several places. */
  readonly texts: Map<number, Map<unknown, string>>;
}

function compileVariant(
  printing: Printing,
  operation: OperationDefinitionNode,
  allowed: OperationDefinitionNode | undefined,
  variables: Record<string, boolean>,
  rootPlace: Place,
): PrintVariant {
  const { schema, fragments, dataName } = printing;
  const state: State = { isRepeated: new Uint8Array(), isPlain: false, texts: new Map() };
  let sites = 0;

  const printObject = (type: GraphQLObjectType, selected: () => Selected, place: Place | undefined): Print => {
    let print: Print | undefined;
    return (value) => (print ??= compileObject(type, selected(), place))(value);
  };
  const printComposite = (type: GraphQLCompositeType, { nodes, left }: Nodes, place: Place | undefined): Print => {
    const printAs = (concrete: GraphQLObjectType): Print => {
      const fieldsOf = (of: readonly FieldNode[]): Fields => collectSubfields(schema, fragments, variables, concrete, of);
      return printObject(concrete, () => ({ fields: fieldsOf(nodes), left: left && fieldsOf(left) }), place);
    };
    if (isObjectType(type)) return printAs(type);
    const byType = new Map<unknown, Print>();
    return ((value: JsonObject) => {
      const typeName = Object.hasOwn(value, '__typename') ? value['__typename'] : undefined;
      let print = byType.get(typeName);
      if (!print) {
        const concrete = typeof typeName === 'string' ? schema.getType(typeName) : undefined;
        if (!isAbstractType(type) || !isObjectType(concrete) || !schema.isSubType(type, concrete)) throw ODD;
        byType.set(typeName, (print = printAs(concrete)));
      }
      return print(value as never);
    }) as Print;
  };

  const compileObject = (type: GraphQLObjectType, { fields, left }: Selected, place: Place | undefined): Print => {
    const scope: Record<string, unknown> = { q: quoted, j: jsonText, state, ODD, textOnce };
    const name = (value: unknown): string => {
      const known = `x${Object.keys(scope).length}`;
      scope[known] = value;
      return known;
    };
    /** Statements that append the value in `v` to `s`, or throw. */
    const append = (v: string, of: GraphQLOutputType, nodes: Nodes, below: Place | undefined, depth: number): string => {
      const nullable = !isNonNullType(of);
      const inner = isNonNullType(of) ? (of.ofType as GraphQLOutputType) : of;
      const otherwise = nullable ? `s+='null'` : 'throw ODD';
      const body = (): string => {
        if (isListType(inner)) {
          const [i, item] = [`i${depth}`, `e${depth}`];
          const each = append(item, inner.ofType as GraphQLOutputType, nodes, below, depth + 1);
          return `if(!Array.isArray(${v}))throw ODD;s+='[';for(let ${i}=0;${i}<${v}.length;${i}++){if(${i}>0)s+=',';const ${item}=${v}[${i}];${each}}s+=']';`;
        }
        const named = getNamedType(inner);
        if ('getFields' in named || 'getTypes' in named) {
          const print = name(printComposite(named as GraphQLCompositeType, nodes, below));
          return `if(typeof ${v}!=='object'||Array.isArray(${v}))throw ODD;s+=${print}(${v});`;
        }
        return appendLeaf(v, named as GraphQLLeafType, name);
      };
      return `if(${v}===null||${v}===undefined)${otherwise};else{${body()}}`;
    };
    const parts: string[] = [];
    let text = '{';
    for (const [responseName, nodes] of fields) {
      const field = nodes[0]!;
      const fieldName = field.name.value;
      const definition = type.getFields()[fieldName];
      if (!definition && !fieldName.startsWith('__')) continue;
      text += `${text === '{' && parts.length === 0 ? '' : ','}${JSON.stringify(responseName)}:`;
      if (fieldName === '__typename') {
        text += JSON.stringify(type.name);
        continue;
      }
      // Introspection has been answered in its final shape.
      if (fieldName === '__schema' || fieldName === '__type') {
        parts.push(`s+=${JSON.stringify(text)}+j(${member('o', responseName)});`);
        text = '';
        continue;
      }
      if (!definition || (left && !left.has(responseName))) {
        parts.push(isNonNullType(definition?.type) ? 'throw ODD;' : `s+=${JSON.stringify(`${text}null`)};`);
        text = '';
        continue;
      }
      const fetched = dataName(field);
      const below = place?.below.get(fetched);
      const printed = append('v', definition.type, { nodes, left: left?.get(responseName) }, below, 0);
      const read = `s+=${JSON.stringify(text)};v=${member('o', fetched)};`;
      text = '';
      // Only what a fetch of entities has brought can stand in several places.
      if (!below || !isComposite(definition.type)) parts.push(`${read}${printed}`);
      else {
        const once = `s+=textOnce(state,${sites++},v,()=>{let s='';${printed}return s;})`;
        parts.push(`${read}if(state.isRepeated[${below.id}]===1&&v!==null&&typeof v==='object')${once};else{${printed}}`);
      }
    }
    parts.push(`return s+${JSON.stringify(`${text}}`)};`);
    return generate<Print>(scope, `return function(o){const plain=state.isPlain;let s='',v;${parts.join('')}}`);
  };

  const rootType = schema.getRootType(operation.operation)!;
  const printRoot = printObject(
    rootType,
    () => ({
      fields: collectFields(schema, fragments, variables, rootType, operation.selectionSet),
      left: allowed && collectFields(schema, fragments, variables, rootType, allowed.selectionSet),
    }),
    rootPlace,
  );
  return (data, { isRepeated, isPlain }) => {
    state.isRepeated = isRepeated;
    state.isPlain = isPlain;
    try {
      return printRoot(data as never);
    } catch (error) {
      if (error === ODD) return undefined;
      throw error;
    } finally {
      state.texts.clear();
    }
  };
}

function isComposite(type: GraphQLOutputType): boolean {
  const named = getNamedType(type);
  return 'getFields' in named || 'getTypes' in named;
}

function textOnce({ texts }: State, site: number, value: unknown, print: () => string): string {
  let ofSite = texts.get(site);
  if (!ofSite) texts.set(site, (ofSite = new Map()));
  let text = ofSite.get(value);
  if (text === undefined) ofSite.set(value, (text = flat(print())));
  return text;
}

/** V8 keeps joined strings as trees; a text that is used again is made one piece once. */
function flat(text: string): string {
  Number(text);
  return text;
}

/** By the rules of the schema's own scalars, the common case without a call. */
function appendLeaf(v: string, type: GraphQLLeafType, name: (value: unknown) => string): string {
  if (isEnumType(type)) {
    const texts = new Map<unknown, string>(type.getValues().map((value) => [value.value, JSON.stringify(value.name)]));
    const known = name(texts);
    return `const t=${known}.get(${v});if(t===undefined)throw ODD;s+=t;`;
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
      return `if(typeof ${v}!=='string')s+=${serialize}(${v});else if(plain)s+='"'+${v}+'"';else s+=q(${v});`;
    case 'Int':
      return `if(typeof ${v}==='number'&&(${v}|0)===${v})s+=${v};else s+=${serialize}(${v});`;
    case 'Float':
      return `if(typeof ${v}==='number'&&Number.isFinite(${v}))s+=${v};else s+=${serialize}(${v});`;
    case 'Boolean':
      return `s+=${v}===true?'true':${v}===false?'false':${serialize}(${v});`;
    default:
      return `s+=${serialize}(${v});`;
  }
}
