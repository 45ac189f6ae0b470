import { addField, addRoot, subgraphsWith, typePart } from '../Draft.js';
import { featureEntity, lead, markedField, someSubgraphs, type Feature } from './featureEntity.js';

/** One subgraph has both keys; every other one finds the entity by either. */
export const severalKeys: Feature = (draft) => {
  const { choose } = draft;
  const [hub, ...others] = someSubgraphs(draft, 2, 4) as [string, ...string[]];
  const name = featureEntity(draft, [hub, ...others]);
  for (const home of [hub, ...others]) {
    const part = typePart(draft, home, name);
    if (home !== hub && choose.chance(40)) {
      markedField(draft, home, name);
      continue;
    }
    addField(draft, home, name, 'code', 'ID!');
    part.directives.add('@key(fields: "code")');
    if (home !== hub && part.implements.size === 0 && choose.chance(80)) {
      part.directives.delete('@key(fields: "id")');
      part.fields.delete('id');
    }
    markedField(draft, home, name);
  }
  draft.solid.add(`${name}.code`);
  draft.given.set(`${name}.code`, ({ id }) => `code of ${String(id)}`);
};

/** Only both fields together name one entity. */
export const compoundKey: Feature = (draft) => {
  const homes = someSubgraphs(draft, 2, 3);
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    const part = typePart(draft, home, name);
    part.directives.clear();
    part.directives.add(draft.choose.pick(['@key(fields: "id kind")', '@key(fields: "kind id")']));
    addField(draft, home, name, 'kind', 'String!');
    markedField(draft, home, name);
  }
  draft.solid.add(`${name}.kind`);
  draft.given.set(`${name}.kind`, ({ id }) => (String(id).endsWith('1') ? 'odd' : 'even'));
  draft.given.set(`${name}.id`, ({ id }) => (String(id).endsWith('3') ? String(id) : 'twin'));
};

/** A key with an object in it, with or without a field beside that. */
export const nestedKey: Feature = (draft) => {
  const homes = someSubgraphs(draft, 2, 3);
  const name = featureEntity(draft, homes);
  const alone = draft.choose.chance(50);
  const key = alone ? '@key(fields: "home { no street { name } }")' : '@key(fields: "id home { no }")';
  for (const home of homes) {
    const part = typePart(draft, home, name);
    part.directives.clear();
    part.directives.add(key);
    if (alone) part.fields.get('id')!.directives.push('@shareable');
    addField(draft, home, name, 'home', `${name}Home!`);
    addField(draft, home, `${name}Home`, 'no', 'ID!', { directives: ['@shareable'] });
    addField(draft, home, `${name}Home`, 'street', `${name}Street!`, { directives: ['@shareable'] });
    addField(draft, home, `${name}Street`, 'name', 'String!', { directives: ['@shareable'] });
    markedField(draft, home, name);
  }
  for (const field of ['home', 'id']) draft.solid.add(`${name}.${field}`);
  for (const field of [`${name}Home.no`, `${name}Home.street`, `${name}Street.name`]) draft.solid.add(field);
  const number = (id: unknown): string => String(id).at(-1)!;
  draft.given.set(`${name}.home`, ({ id }) => ({ $ref: `${name}Home:${number(id)}` }));
  draft.given.set(`${name}Home.no`, ({ id }) => `no ${String(id)}`);
  draft.given.set(`${name}Home.street`, ({ id }) => ({ $ref: `${name}Street:${number(id)}` }));
};

/** A subgraph that refers to an entity, and cannot be asked for it. */
export const unresolvableKey: Feature = (draft) => {
  const [referring, ...homes] = someSubgraphs(draft, 2, 3) as [string, ...string[]];
  const name = featureEntity(draft, homes);
  typePart(draft, referring, name).directives.add('@key(fields: "id", resolvable: false)');
  addField(draft, referring, name, 'id', 'ID!');
  lead(draft, referring, name);
  for (const home of homes) markedField(draft, home, name);
  if (draft.choose.chance(50)) {
    // A second key that does let it in.
    typePart(draft, referring, name).directives.add('@key(fields: "code")');
    for (const each of [referring, homes[0]!]) {
      addField(draft, each, name, 'code', 'ID!');
      typePart(draft, each, name).directives.add('@key(fields: "code")');
    }
    markedField(draft, referring, name);
    draft.solid.add(`${name}.code`);
    draft.given.set(`${name}.code`, ({ id }) => `code of ${String(id)}`);
  }
};

/** Without a key an entity cannot be had from elsewhere: what is there of it is in one subgraph. */
export const nullKey: Feature = (draft) => {
  const [home, ...others] = someSubgraphs(draft, 2, 3) as [string, ...string[]];
  const name = featureEntity(draft, [home, ...others]);
  for (const each of subgraphsWith(draft, name)) {
    const part = typePart(draft, each, name);
    part.directives.clear();
    part.directives.add('@key(fields: "code")');
    addField(draft, each, name, 'code', 'String');
    if (each !== home) part.fields.delete('id');
    markedField(draft, each, name, draft.choose.pick(['String', 'Int', '[Tone]']));
  }
  addRoot(draft, home, `[${name}]`);
  draft.given.set(`${name}.code`, ({ id }) => (String(id).endsWith('2') ? null : `code of ${String(id)}`));
  draft.unknownTo.set(`${name}:2`, others);
};

/** An entity that is known by another entity, which is itself known by more than one key. */
export const entityAsKey: Feature = (draft) => {
  const homes = someSubgraphs(draft, 2, 3);
  const owner = featureEntity(draft, homes);
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    const part = typePart(draft, home, name);
    part.directives.clear();
    part.directives.add('@key(fields: "owner { id }")');
    part.fields.get('id')!.directives.push('@shareable');
    addField(draft, home, name, 'owner', `${owner}!`);
    markedField(draft, home, name);
    markedField(draft, home, owner);
  }
  draft.solid.add(`${name}.owner`);
  draft.given.set(`${name}.owner`, ({ id }) => ({ $ref: `${owner}:${String(id).at(-1)!}` }));
};
