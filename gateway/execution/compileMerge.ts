import { generate, member } from './generate.js';
import { copyJson, type Place } from './places.js';
import type { SelectionTree } from './selectionTree.js';
import { merged, type IsInterface, type JsonObject } from './Target.js';

/**
 * Adds to a target what a fetch asked for, and nothing else of what it got: objects that other fetches bring too are joined, everything
 * else is taken as it is. With `copies` the source is somebody else's as well, so what is joined is copied first. A null leaves standing
 * what another subgraph gave, and a type stays what it is, unless it is only an interface, as a subgraph with @interfaceObject names it.
 */
export type Merge = (target: JsonObject, source: JsonObject, copies: boolean) => void;

/** With `apart` no two targets share an object: where the way to it decides what a fetch brings (@fromContext). */
export function compileMerge(place: Place, brings: SelectionTree, isInterface: IsInterface, apart: boolean): Merge {
  const lines = [...brings].map(([name, inner]) => {
    const read = `v=${member('s', name)};`;
    const present = member('t', name);
    const write = `t.${name}=`;
    if (name === '__typename')
      return `${read}if(v!==undefined&&(${present}===undefined||isInterface(String(${present}))))${write}v;`;
    if (inner && place.below.get(name)!.isContested)
      return `${read}if(v!==undefined)${write}merged(${present},copies?copy(v):v,isInterface);`;
    const value = inner && apart ? '(copies?copy(v):v)' : 'v';
    return `${read}if(v!==undefined&&(v!==null||${present}===undefined))${write}${value};`;
  });
  return generate<Merge>({ merged, copy: copyJson, isInterface }, `return function(t,s,copies){let v;${lines.join('')}}`);
}
