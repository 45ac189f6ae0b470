import type { GraphQLFormattedError } from 'graphql';
import { MeshError } from '../errors.js';
import type { FetchContext } from '../fetch/SubgraphClient.js';
import { createInFlight, type Alike } from '../fetch/inFlight.js';
import type { CompiledOperation, Section } from './compileOperation.js';
import type { FetchCache } from './FetchCache.js';
import type { Run } from './Run.js';
import { runSteps } from './runSteps.js';
import { variablesText } from './sendFetch.js';
import type { JsonObject, ResponsePath } from './Target.js';

/** What was fetched for a section. Several operations may hold it; nobody changes it. */
export interface Brought {
  readonly section: Section;
  readonly data: JsonObject;
  readonly isPlain: boolean;
  readonly isRepeated: Uint8Array;
  readonly told: readonly Told[];
  readonly cache: FetchCache | null;
  /**
   * By data name: root fields as JSON with their names, once somebody has written them. Null: they are not as the schema says. Under no
   * name the whole answer, where there is no other section.
   */
  readonly texts: Map<string, Buffer | null>;
}

/** What its fetches had to say about places in the answer. */
interface Told {
  /** Null: the places are excused. */
  readonly error: GraphQLFormattedError | null;
  readonly places: readonly ResponsePath[];
}

/** Sections that are on the way, for every operation that has the same one: MESH_SHARING=operation. */
export interface SectionSharing {
  /**
   * What the section brings, fetched now or for somebody else already. `view` says all of the caller, and of the moment, that may change
   * it. Never rejects: when the time is over before, that is what is told.
   */
  join(compiled: CompiledOperation, section: Section, run: Run, view: string): Promise<Brought>;
}

export function createSectionSharing(clock: () => number): SectionSharing {
  const join = createInFlight<Brought>({ name: 'the operation', clock, toShared: (brought) => brought });
  const flights = new WeakMap<Section, Alike<Brought>>();
  return {
    join: (compiled, section, run, view) => {
      let alike = flights.get(section);
      if (!alike) flights.set(section, (alike = new Map()));
      const key = `${variablesText(variablesOf(section, run))}\n${view}`;
      return join(alike, key, run.context, (context) => bring(compiled, section, run, context)).catch(() =>
        nothing(compiled, section),
      );
    },
  };
}

function variablesOf(section: Section, { variables }: Run): JsonObject {
  const used: JsonObject = {};
  for (const name of section.variables) if (variables[name] !== undefined) used[name] = variables[name];
  return used;
}

async function bring(
  { places, introspection }: CompiledOperation,
  section: Section,
  { clients, variables, isPossible, cache }: Run,
  context: FetchContext,
): Promise<Brought> {
  const told: Told[] = [];
  const own: Run = {
    data: {},
    variables,
    clients,
    context,
    cache: cache?.fork() ?? null,
    isPossible,
    isRepeated: new Uint8Array(places),
    isPlain: introspection === null,
    parts: null,
    report: (error, at) => void told.push({ error, places: at }),
    excuse: (at) => void told.push({ error: null, places: at }),
  };
  await runSteps(section.steps, own);
  const { data, isPlain, isRepeated } = own;
  return { section, data, isPlain, isRepeated, told, cache: own.cache, texts: new Map() };
}

function nothing({ places }: CompiledOperation, section: Section): Brought {
  const { message, extensions } = new MeshError('DEADLINE_EXCEEDED', 'The time of the operation was over.');
  const told = [{ error: { message, extensions }, places: [...section.names].map((name) => [name]) }];
  return { section, data: {}, isPlain: true, isRepeated: new Uint8Array(places), told, cache: null, texts: new Map() };
}
