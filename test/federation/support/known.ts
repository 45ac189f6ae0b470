import type { FederationCase } from './FederationCase.js';

/** A difference that is known and not mended yet. Cases that may show it are counted and do not fail. */
export interface Known {
  readonly why: string;
  readonly mayShow: (asked: FederationCase) => boolean;
}

const sdl = ({ subgraphs }: FederationCase, pattern: RegExp): boolean =>
  Object.values(subgraphs).some((each) => pattern.test(each));

export const KNOWN: readonly Known[] = [
  {
    why: 'what one field requires is not fetched when the field is skipped, and then the others of its fetch are left out, too',
    mayShow: (asked) => /@(skip|include)/.test(asked.operation) && sdl(asked, /@requires\(/),
  },
  { why: 'labels of @override are not decided', mayShow: (asked) => sdl(asked, /label: "percent\(/) },
];
