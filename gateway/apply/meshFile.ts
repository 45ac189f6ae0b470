import { RE2JS } from 're2js';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { MeshError } from '../errors.js';
import { cedarProblems } from './cedarProblems.js';

const decimal = z.string().regex(/^\d{1,12}(\.\d{1,12})?$/, 'must be a decimal in quotes, for example "0.15"');
const id = z.string().min(1).max(200);
const ids = z.array(id).max(1000);

const model = z.strictObject({
  id,
  provider: z.string().min(1),
  name: z.string().min(1),
  modalities: z.array(z.string()).min(1).default(['text']),
  taskClasses: z.array(z.string()).default([]),
  contextWindow: z.int().positive().nullable().default(null),
  endpoint: z.string().nullable().default(null),
  apiKeyEnv: z.string().nullable().default(null),
  regions: z.array(z.string()).default([]),
  pricing: z.strictObject({
    inputPerMTokUsd: decimal,
    outputPerMTokUsd: decimal,
    cachedInputPerMTokUsd: decimal.nullable().default(null),
    perRequestUsd: decimal.nullable().default(null),
  }),
  approval: z.enum(['PENDING', 'APPROVED', 'REVOKED']).default('PENDING'),
});

const agent = z.strictObject({
  id,
  name: z.string().min(1),
  description: z.string().nullable().default(null),
  role: z.enum(['WORKER', 'ORCHESTRATOR', 'ROUTER', 'GOAL', 'STRATEGY', 'EVALUATOR', 'OPTIMIZER']).default('WORKER'),
  tier: z.enum(['GENERALIST', 'SPECIALIST', 'EXPERT']).default('GENERALIST'),
  status: z.enum(['ACTIVE', 'DRAINING', 'SUSPENDED', 'RETIRED']).default('ACTIVE'),
  transport: z.enum(['BUILTIN', 'A2A', 'DAPR', 'HTTP', 'LLM']),
  endpoint: z.string().nullable().default(null),
  instructions: z.string().nullable().default(null),
  skills: z
    .array(
      z.strictObject({
        id,
        name: z.string().min(1),
        tags: z.array(z.string()).default([]),
        taskClasses: z.array(z.string()).min(1),
      }),
    )
    .min(1),
  authority: z
    .strictObject({ decisionKinds: z.array(z.string()), maxAmountUsd: decimal.nullable().default(null) })
    .default({ decisionKinds: [], maxAmountUsd: null }),
  regions: z.array(z.string()).default([]),
  models: ids.default([]),
  supervisor: id.nullable().default(null),
});

const budget = z.strictObject({
  id,
  scope: z
    .string()
    .regex(/^(tenant|agent|customer|user|task-class):.+$/, 'must be tenant:, agent:, customer:, user: or task-class: and a name'),
  limitUsd: decimal,
  period: z.enum(['HOUR', 'DAY', 'MONTH', 'TOTAL']),
  hard: z.boolean().default(true),
});

const policy = z.strictObject({
  id,
  cedar: z.string().min(1),
  description: z.string().nullable().default(null),
  tags: z.array(z.string()).default([]),
  enabled: z.boolean().default(true),
});

const judged = { id, taskClass: id, enabled: z.boolean().default(true) };
const evaluator = z.discriminatedUnion('kind', [
  z.strictObject({ ...judged, kind: z.literal('EXACT_MATCH') }),
  z.strictObject({ ...judged, kind: z.literal('NUMERIC'), tolerance: decimal.default('0') }),
  z.strictObject({ ...judged, kind: z.literal('REGEX'), pattern: z.string().min(1).max(1_000).superRefine(refuseNoPattern) }),
  z.strictObject({
    ...judged,
    kind: z.literal('JSON_SCHEMA'),
    schema: z.union([z.record(z.string(), z.unknown()), z.boolean()]),
  }),
  z.strictObject({
    ...judged,
    kind: z.literal('JUDGE'),
    rubric: z.string().max(10_000).nullable().default(null),
    judgeTaskClass: id.default('evaluation.judge'),
    passScore: z.number().min(0).max(1).default(0.5),
    maxCostUsd: decimal.nullable().default(null),
  }),
]);

function refuseNoPattern(pattern: string, context: z.RefinementCtx): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
}

const meshFileSchema = z.strictObject({
  mesh: z.literal('v1', 'must be v1'),
  models: z.array(model).max(1000).default([]),
  agents: z.array(agent).max(1000).default([]),
  budgets: z.array(budget).max(1000).default([]),
  policies: z.array(policy).max(1000).default([]),
  evaluators: z.array(evaluator).max(1000).default([]),
});

/** What a mesh file asks for, with every default filled in. */
export type MeshFile = z.infer<typeof meshFileSchema>;

const MAX_CHARACTERS = 1_000_000;
type Path = readonly (string | number)[];

/** Something that is wrong, under its path in the file: `['agents', 0, 'supervisor']`. */
export interface MeshFileProblem {
  readonly path: Path;
  readonly message: string;
}

export interface ReadMeshFile {
  readonly file: MeshFile;
  /** INVALID_MESH_FILE with problems that were found later, each with its place. */
  readonly refuse: (problems: readonly MeshFileProblem[]) => MeshError;
}

export function parseMeshFile(text: string, name: string): MeshFile {
  return readMeshFile(text, name).file;
}

/** Reads a mesh file. Throws INVALID_MESH_FILE with every problem as `name:line:column: what`, and then nothing is to be applied. */
export function readMeshFile(text: string, name: string): ReadMeshFile {
  if (text.length > MAX_CHARACTERS) throw invalid([`${name}:1:1: the file is over ${MAX_CHARACTERS} characters; split it`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw invalid(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`));
  }
  const parsed = meshFileSchema.safeParse(toValue(document, name));
  const refuse = (problems: readonly MeshFileProblem[]): MeshError =>
    invalid(problems.map(({ path, message }) => `${at(offsetOf(document, path))}: ${path.join('.') || 'file'}: ${message}`));
  const problems: MeshFileProblem[] = parsed.success
    ? crossReferences(parsed.data)
    : parsed.error.issues.map((issue) => {
        const path = issue.path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
        return { path: issue.code === 'unrecognized_keys' ? [...path, issue.keys[0]!] : path, message: wayOut(issue.message) };
      });
  if (problems.length > 0 || !parsed.success) throw refuse(problems);
  const cedar = parsed.data.policies.flatMap((policy, index) =>
    cedarProblems(policy.cedar, index, { text, document, lines }).map(
      ({ place, message }) => `${name}:${place.line}:${place.col}: policies.${index}.cedar: ${message}`,
    ),
  );
  if (cedar.length > 0) throw invalid(cedar);
  return { file: parsed.data, refuse };
}

/** YAML takes `0.15` for a number; a float would not be exact. */
function wayOut(message: string): string {
  return /expected string, received (?:number|boolean)/.test(message) ? `${message}; put it in quotes` : message;
}

const MAX_ALIASES = 100;

function toValue(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid([`${name}:1:1: ${(error as Error).message}; use at most ${MAX_ALIASES} aliases`]);
  }
}

/** What one entry cannot know by itself: ids used twice, and agents that would supervise themselves, directly or through others. */
function crossReferences(file: MeshFile): MeshFileProblem[] {
  const problems: MeshFileProblem[] = [];
  for (const kind of ['models', 'agents', 'budgets', 'policies', 'evaluators'] as const) {
    const first = new Map<string, number>();
    file[kind].forEach((entry, index) => {
      const earlier = first.get(entry.id);
      if (earlier === undefined) first.set(entry.id, index);
      else problems.push({ path: [kind, index, 'id'], message: `"${entry.id}" is already the id of ${kind}.${earlier}` });
    });
  }
  const supervisorOf = new Map(file.agents.map(({ id: agentId, supervisor }) => [agentId, supervisor]));
  file.agents.forEach(({ id: agentId, supervisor }, index) => {
    let above = supervisor;
    for (let level = 0; above !== null && above !== agentId && level < file.agents.length; level++)
      above = supervisorOf.get(above) ?? null;
    if (above !== agentId) return;
    const message =
      supervisor === agentId ? 'an agent cannot supervise itself' : `the chain of supervisors leads back to "${agentId}"`;
    problems.push({ path: ['agents', index, 'supervisor'], message });
  });
  return problems;
}

/** Where in the text a path is: the key where there is one, else the nearest thing around it that exists. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const last = path[length - 1]!;
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (parent !== null && typeof parent === 'object' && 'items' in parent && typeof last === 'string') {
      for (const pair of parent.items as { key?: { value?: unknown; range?: [number, number, number] } }[]) {
        if (pair.key?.value === last && pair.key.range) return pair.key.range[0];
      }
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (node !== null && typeof node === 'object' && 'range' in node) return (node.range as [number, number, number])[0];
  }
  return 0;
}

function invalid(problems: string[]): MeshError {
  return new MeshError(
    'INVALID_MESH_FILE',
    `The mesh file has ${problems.length} problem(s); nothing was applied.\n${problems.join('\n')}`,
    {
      extensions: { problems },
    },
  );
}
