import type { GraphQLFormattedError } from 'graphql';
import { createInFlight, type Alike, type Flight } from '../fetch/inFlight.js';
import type { CompiledOperation, Section } from './compileOperation.js';
import type { Step } from './compileSteps.js';
import type { FetchCache } from './FetchCache.js';
import { copyJson } from './places.js';
import type { Run } from './Run.js';
import { runRest, runSteps } from './runSteps.js';
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
   * it. When the time is over before, that is what is told of the rest. Rejects for nothing that a subgraph does.
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
      return join(alike, key, run.context, (flight) => bring(compiled, section, run, flight));
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
  flight: Flight<Brought>,
): Promise<Brought> {
  const told: Told[] = [];
  const over = new Set<Step>();
  const { report, excuse } = telling(told);
  const own: Run = {
    data: {},
    variables,
    clients,
    context: flight,
    cache: cache?.fork() ?? null,
    isPossible,
    isRepeated: new Uint8Array(places),
    isPlain: introspection === null,
    parts: null,
    over,
    report,
    excuse,
  };
  flight.soFar = () => bringSoFar(section, own, told, over);
  await runSteps(section.steps, own);
  const { data, isPlain, isRepeated } = own;
  return { section, data, isPlain, isRepeated, told, cache: own.cache, texts: new Map() };
}

/** What is there, as it is now, and errors where the rest would be. */
async function bringSoFar(section: Section, run: Run, before: readonly Told[], over: ReadonlySet<Step>): Promise<Brought> {
  const told = [...before];
  const own: Run = {
    ...run,
    // The flight may go on for others.
    data: copyJson(run.data) as JsonObject,
    isRepeated: new Uint8Array(run.isRepeated.length),
    context: { request: run.context.request, signal: AbortSignal.abort() },
    cache: null,
    over: null,
    ...telling(told),
  };
  await runRest(section.steps, own, new Set(over));
  const { data, isPlain, isRepeated } = own;
  return { section, data, isPlain, isRepeated, told, cache: run.cache, texts: new Map() };
}

function telling(told: Told[]): Pick<Run, 'report' | 'excuse'> {
  return {
    report: (error, places) => void told.push({ error, places }),
    excuse: (places) => void told.push({ error: null, places }),
  };
}
