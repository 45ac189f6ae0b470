import { stem } from './terms.js';

/** Words of general English and of computing that people use for one another. Nothing of this project's own vocabulary. */
const GROUPS = [
  'die dead down crash fail failure broken unreachable',
  'start launch run boot begin',
  'stop end close shut quit halt kill',
  'folder directory',
  'setting variable option environment configure configuration flag',
  'price cost pay charge spend money expensive',
  'token login authenticate credential password',
  'choose pick select decide',
  'show display print see view list',
  'error problem failure trouble',
  'fast quick speed performance slow time benchmark',
  'allow permit permission access',
  'deny forbid refuse reject block',
  'separate alone standalone',
  'deep depth level nesting',
  'large big size maximum limit most',
  'store keep save persist',
  'create add register new make',
  'delete remove erase',
  'change update modify edit',
  'resume continue reconnect again',
  'answer reply respond response result',
  'health healthy alive liveness readiness',
  'database postgresql postgres',
  'licence license',
  'find locate where',
  'install setup deploy',
  'language written',
  'version release',
  'compare difference versus',
  'own custom',
  'anonymous unauthenticated',
  'often period interval frequency',
  'metric monitor measure',
  'history audit record log',
  'docs documentation readme manual',
];

const table = new Map<string, ReadonlySet<string>>();
for (const group of GROUPS) {
  const terms = group.split(' ').map(stem);
  for (const term of terms) table.set(term, new Set([...(table.get(term) ?? []), ...terms]));
}

/** The terms that can stand for this one, itself not among them. */
export function synonymsOf(term: string): string[] {
  return [...(table.get(term) ?? [])].filter((other) => other !== term);
}
