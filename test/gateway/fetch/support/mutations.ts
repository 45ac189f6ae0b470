import fc from 'fast-check';

/** What a misbehaving subgraph makes of its right answer. */
export interface Mutation {
  /** To be read when a case fails. */
  readonly name: string;
  /** The bytes of the answer and its status. */
  apply(answer: { data?: unknown; errors?: unknown }): { readonly bytes: Buffer; readonly status: number };
  /** Whether nothing of the answer can be used. */
  readonly isHopeless: boolean;
}

/** Stands for a value that would be too deep to be written as JSON from an object. */
const DEEP = 'levels: ';
const DEEP_TEXT = /"levels: (\d+) (list|object)"/g;

/** Mutations that leave JSON, by themselves and several at once, and such that leave nothing. */
export function mutations(): fc.Arbitrary<Mutation> {
  return fc.oneof({ weight: 4, arbitrary: jsonMutation() }, { weight: 1, arbitrary: hopelessMutation() });
}

const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  { weight: 1, arbitrary: fc.constantFrom(201, 400, 500, 503) },
);

function jsonMutation(): fc.Arbitrary<Mutation> {
  return fc.tuple(fc.array(edit(), { minLength: 1, maxLength: 3 }), status).map(([edits, code]) => ({
    name: `${edits.map(({ name }) => name).join(', ')} (HTTP ${code})`,
    isHopeless: false,
    apply: (answer) => {
      const root = { answer: structuredClone(answer) as unknown };
      for (const { change } of edits) change(root);
      // Undefined is no JSON: then the answer was taken away whole.
      const text = (JSON.stringify(root.answer) ?? '').replaceAll(DEEP_TEXT, (_, levels: string, shape: string) => {
        const [before, after] = shape === 'list' ? ['[', ']'] : ['{"id":', '}'];
        return `${before.repeat(Number(levels))}1${after.repeat(Number(levels))}`;
      });
      return { bytes: Buffer.from(text), status: code };
    },
  }));
}

function hopelessMutation(): fc.Arbitrary<Mutation> {
  const texts = fc.constantFrom(
    '',
    '<html><body>Bad Gateway</body></html>',
    'null',
    '[]',
    '"data"',
    '{}',
    '{"data":[]}',
    '{"data":{"a":1',
    '\u0000',
  );
  const replaced = fc.tuple(texts, status).map(([text, code]): Mutation => ({
    name: `${JSON.stringify(text)} (HTTP ${code})`,
    isHopeless: true,
    apply: () => ({ bytes: Buffer.from(text), status: code }),
  }));
  const halved = fc.double({ min: 0, max: 0.95, noNaN: true }).map((part): Mutation => ({
    name: `only ${part} of it`,
    isHopeless: true,
    apply: (answer) => {
      const bytes = Buffer.from(JSON.stringify(answer));
      return { bytes: bytes.subarray(0, Math.floor(bytes.length * part)), status: 200 };
    },
  }));
  const notUtf8: Mutation = {
    name: 'a byte that is not UTF-8',
    isHopeless: true,
    apply: (answer) => ({ bytes: Buffer.from(JSON.stringify({ ...answer, extensions: '\xff' }), 'latin1'), status: 200 }),
  };
  return fc.oneof(replaced, halved, fc.constant(notUtf8));
}

interface Root {
  answer: unknown;
}

interface Edit {
  readonly name: string;
  change(root: Root): void;
}

/** One of the places of the answer, by its number among all. */
const anywhere = fc.nat(10_000);

function edit(): fc.Arbitrary<Edit> {
  const replaced = fc.tuple(anywhere, oddValue()).map(([at, value]): Edit => ({
    name: `place ${at} is ${value.name}`,
    change: (root) => {
      const { holder, key } = placeAt(root, at);
      holder[key] = value.make();
    },
  }));
  const removed = anywhere.map((at): Edit => ({
    name: `place ${at} is missing`,
    change: (root) => {
      const { holder, key } = placeAt(root, at);
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
    },
  }));
  const added = fc
    .tuple(anywhere, fc.constantFrom('extra', 'constructor', '__typename', 'toString', 'length'), oddValue())
    .map(([at, key, value]): Edit => ({
      name: `${key} at ${at} is ${value.name}`,
      change: (root) => {
        const { holder } = placeAt(root, at);
        if (!Array.isArray(holder)) holder[key] = value.make();
      },
    }));
  const proto = anywhere.map((at): Edit => ({
    name: `a __proto__ at ${at}`,
    change: (root) => {
      const { holder } = placeAt(root, at);
      if (!Array.isArray(holder))
        Object.defineProperty(holder, '__proto__', {
          value: { polluted: true },
          enumerable: true,
          writable: true,
          configurable: true,
        });
    },
  }));
  const reordered = fc.tuple(anywhere, fc.constantFrom('reversed', 'doubled', 'of the first only')).map(([at, how]): Edit => ({
    name: `the list near ${at} is ${how}`,
    change: (root) => {
      const lists = placesOf(root).flatMap(({ holder, key }) => (Array.isArray(holder[key]) ? [holder[key] as unknown[]] : []));
      const list = lists[at % Math.max(1, lists.length)];
      if (!list) return;
      if (how === 'reversed') list.reverse();
      else if (how === 'doubled') list.push(...(structuredClone(list) as unknown[]));
      else list.fill(structuredClone(list[0]));
    },
  }));
  const erring = fc.array(oddError(), { maxLength: 4 }).map((errors): Edit => ({
    name: `errors ${JSON.stringify(errors)}`,
    change: (root) => {
      if (root.answer !== null && typeof root.answer === 'object') (root.answer as { errors?: unknown }).errors = errors;
    },
  }));
  return fc.oneof(replaced, replaced, removed, added, proto, reordered, erring);
}

function oddValue(): fc.Arbitrary<{ readonly name: string; make(): unknown }> {
  const plain = fc
    .constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1.5,
      1e300,
      2 ** 31,
      '',
      'Book',
      'Nothing',
      [],
      {},
      [null],
      [[]],
      { id: 1 },
      { __typename: 'User' },
      { __typename: 5 },
    )
    .map((value) => ({ name: JSON.stringify(value), make: () => structuredClone(value) }));
  const giant = fc
    .constantFrom(100_000, 2_000_000)
    .map((size) => ({ name: `a string of ${size}`, make: () => '\u00e4"'.repeat(size / 2) }));
  const deep = fc.tuple(fc.constantFrom(100, 501, 5_000, 100_000), fc.boolean()).map(([levels, isList]) => ({
    name: `${levels} levels of ${isList ? 'lists' : 'objects'}`,
    make: () => `${DEEP}${levels} ${isList ? 'list' : 'object'}`,
  }));
  return fc.oneof({ weight: 8, arbitrary: plain }, { weight: 1, arbitrary: giant }, { weight: 1, arbitrary: deep });
}

function oddError(): fc.Arbitrary<unknown> {
  const step = fc.constantFrom<unknown>(
    '_entities',
    'u_me',
    'p_products',
    'u_name',
    'nope',
    '__proto__',
    0,
    1,
    99,
    -1,
    1.5,
    null,
    {},
  );
  const path = fc.oneof(fc.array(step, { maxLength: 5 }), fc.constantFrom<unknown>('path', 5, null, Array(1_000).fill('x')));
  const message = fc.constantFrom<unknown>('wrong', '', 5, null, { a: 1 });
  const extensions = fc.constantFrom<unknown>({ code: 'X' }, { code: 5 }, 'no', null, [], { __typename: 'a' });
  return fc.oneof(fc.record({ message, path, extensions }, { requiredKeys: [] }), fc.constantFrom<unknown>(null, 'error', 5, []));
}

type Holder = Record<string, unknown>;

function placeAt(root: Root, at: number): { holder: Holder; key: string } {
  const places = placesOf(root);
  return places[at % places.length]!;
}

/** Every value inside the answer, the answer itself among them, and what holds it. */
function placesOf(root: Root): { holder: Holder; key: string }[] {
  const found: { holder: Holder; key: string }[] = [];
  const waiting: { holder: Holder; key: string }[] = [{ holder: root as unknown as Holder, key: 'answer' }];
  // No recursion: a place may hold thousands of levels.
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    found.push(place);
    const value = place.holder[place.key];
    if (value === null || typeof value !== 'object') continue;
    for (const key of Object.keys(value)) waiting.push({ holder: value as Holder, key });
  }
  return found;
}
