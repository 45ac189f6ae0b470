/** What a budget is for: a tenant, an agent, a customer, a user or a class of tasks. */
export interface BudgetScope {
  readonly kind: 'tenant' | 'agent' | 'customer' | 'user' | 'task-class';
  readonly name: string;
}

const SCOPE = /^(tenant|agent|customer|user|task-class):([^\p{Cc}]{1,200})$/u;

/** Reads `agent:a1`. Undefined: it is not a scope. */
export function parseBudgetScope(text: string): BudgetScope | undefined {
  const match = SCOPE.exec(text);
  return match ? { kind: match[1] as BudgetScope['kind'], name: match[2]! } : undefined;
}
