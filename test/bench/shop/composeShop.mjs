import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { sdlOf, subgraphNames } from './subgraphSchemas.mjs';

/** The supergraph over subgraphs at these URLs. */
export function composeShop(urls) {
  const services = subgraphNames.map((name) => ({ name, url: urls[name], typeDefs: parse(sdlOf(name)) }));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors?.length)
    throw new Error(`The benchmark's subgraphs do not compose: ${errors.map(({ message }) => message).join('; ')}`);
  return supergraphSdl;
}
