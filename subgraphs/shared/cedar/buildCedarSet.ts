import { createHash } from 'node:crypto';
import { cedarStatements } from './cedarStatements.js';
import type { PolicyRecord } from '../snapshot.js';

/** One statement under the id that decisions name it by: the policy's id, with `#0`, `#1`, … when its text holds several. */
export interface CedarRule {
  readonly id: string;
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
}

/** The rules that can matter for one action. Equal contents have equal keys, whoever built them. */
export interface CedarRules {
  readonly key: string;
  readonly rules: ReadonlyMap<string, CedarRule>;
}

/** Policies arranged for deciding: the rules of each action that some policy names, and those that hold for all others. */
export interface CedarSet {
  rulesFor(action: string): CedarRules;
  /** Policies that cannot be used, and why. With any of them every decision is a denial: it might have forbidden. */
  readonly broken: readonly string[];
}

/**
 * Arranges the enabled policies among `records` by action, so that a decision reads only what can matter (a set of 500 takes 1 ms,
 * one of 10 takes 0.05 ms). The caller picks the records: those of one tenant and of `*`.
 */
export function buildCedarSet(records: readonly PolicyRecord[]): CedarSet {
  const general: CedarRule[] = [];
  const byAction = new Map<string, CedarRule[]>();
  const broken: string[] = [];
  const taken = new Set<string>();
  for (const record of records.filter(({ enabled }) => enabled)) {
    try {
      const statements = cedarStatements(record.cedar);
      statements.forEach(({ text, effect, actions }, index) => {
        const rule = { id: statements.length === 1 ? record.id : `${record.id}#${index}`, text, effect };
        if (taken.has(rule.id)) throw new Error(`another policy has a rule named ${rule.id}`);
        taken.add(rule.id);
        if (actions === null) general.push(rule);
        for (const action of new Set(actions)) byAction.set(action, [...(byAction.get(action) ?? []), rule]);
      });
    } catch (error) {
      broken.push(`policy ${record.id} cannot be used: ${(error as Error).message}`);
    }
  }
  const others = cedarRules(general);
  const arranged = new Map([...byAction].map(([action, rules]) => [action, cedarRules([...general, ...rules])]));
  return { rulesFor: (action) => arranged.get(action) ?? others, broken };
}

function cedarRules(rules: readonly CedarRule[]): CedarRules {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const hash = createHash('sha256');
  for (const { id, text } of sorted) hash.update(JSON.stringify([id, text]));
  return { key: hash.digest('base64url'), rules: new Map(sorted.map((rule) => [rule.id, rule])) };
}
