import { policySetTextToParts, policyToJson, type EntityUidJson } from '@cedar-policy/cedar-wasm/nodejs';
import { LRUCache } from 'lru-cache';
import { checkCedarPolicy } from './checkCedarPolicy.js';

/** One `permit` or `forbid` of a policy text. */
export interface CedarStatement {
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  /** The ids of the actions that it is about. Null: every action. */
  readonly actions: readonly string[] | null;
}

/** Parsing takes about 0.1 ms a statement; with this, a changed policy costs its own parsing and not that of all others. */
const parsed = new LRUCache<string, readonly CedarStatement[]>({ max: 2_000 });

/** The statements of a policy text, in its order. Throws an Error that names the first problem when the text is not valid. */
export function cedarStatements(text: string): readonly CedarStatement[] {
  const known = parsed.get(text);
  if (known) return known;
  const [problem] = checkCedarPolicy(text);
  if (problem) throw new Error(`${problem.line}:${problem.column}: ${problem.message}`);
  const statements = inTextOrder(text).map(toStatement);
  parsed.set(text, statements);
  return statements;
}

/** The engine numbers the statements `policy0`, `policy1`, … and hands them over sorted by that name: `policy10` before `policy2`. */
function inTextOrder(text: string): string[] {
  const parts = policySetTextToParts(text);
  const sorted = parts.type === 'success' ? parts.policies : [];
  const names = sorted.map((_, index) => `policy${index}`).sort();
  return sorted.map((_, index) => sorted[names.indexOf(`policy${index}`)]!);
}

function toStatement(text: string): CedarStatement {
  const answer = policyToJson(text);
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'not a statement');
  const { effect, action } = answer.json;
  if (action.op === 'All') return { text, effect, actions: null };
  if ('slot' in action) throw new Error('a template is not a policy');
  const entities = 'entities' in action ? action.entities : [action.entity];
  return { text, effect, actions: entities.map(actionId) };
}

/** Our actions have no parents, so `action in Action::"x"` says the same as `action == Action::"x"`. */
function actionId(entity: EntityUidJson): string {
  return '__entity' in entity ? entity.__entity.id : entity.id;
}
