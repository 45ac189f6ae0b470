const TOP = 25;

/** In this order; the first that fits counts. `(program)` is native code that is not JavaScript: mostly system calls. */
const CATEGORIES = [
  ['idle', ({ name }) => name === '(idle)'],
  ['garbage collection', ({ name }) => name === '(garbage collector)'],
  ['generated code', ({ generated }) => generated],
  ['native code, system calls', ({ url }) => url === ''],
  ['JSON and text', ({ name }) => /json|stringify|utf8|toString|byteLength/i.test(name)],
  [
    'network, HTTP and streams',
    ({ url }) => /^node:(net|http|_http|internal\/(stream|http|js_stream|net)|stream|internal\/url|url)/.test(url),
  ],
  ['HTTP client', ({ url }) => /node_modules\/undici|gateway\/fetch\//.test(url)],
  ['timers, promises, events', ({ url }) => url.startsWith('node:')],
  ['graphql: parse, validate, types', ({ url }) => /node_modules\/graphql\//.test(url)],
  ['Apollo Server', ({ url }) => /node_modules\/@apollo\/(server|utils|usage)/.test(url)],
  ['Apollo planner', ({ url }) => /node_modules\/@apollo\//.test(url)],
  ['ours: execution', ({ url }) => /dist\/gateway\/execution\//.test(url)],
  ['ours: planner', ({ url }) => /dist\/gateway\/planner\//.test(url)],
  ['ours: pipeline, governance, transport', ({ url }) => /dist\/gateway\//.test(url)],
  ['other packages', ({ url }) => /node_modules\//.test(url)],
  ['other', () => true],
];

/** A V8 CPU profile as text: self time by category, by file group and of the 25 dearest functions. Shares are of the time not idle. */
export function summarizeProfile(profile) {
  const functions = selfTimes(profile);
  const busy = functions.filter(({ name }) => name !== '(idle)').reduce((sum, { us }) => sum + us, 0);
  const share = (us) => `${((us / busy) * 100).toFixed(1).padStart(6)} %`;
  const sums = (keyOf) => {
    const byKey = new Map();
    for (const one of functions) if (one.name !== '(idle)') byKey.set(keyOf(one), (byKey.get(keyOf(one)) ?? 0) + one.us);
    return [...byKey].toSorted(([, a], [, b]) => b - a);
  };
  const table = (title, rows) => [title, ...rows.map(([what, us]) => `  ${share(us)}  ${what}`), ''];
  return [
    `CPU profile: ${(busy / 1e6).toFixed(2)} s busy`,
    '',
    ...table(
      'By category',
      sums((one) => CATEGORIES.find(([, fits]) => fits(one))[0]),
    ),
    ...table('By files', sums(groupOf).slice(0, TOP)),
    ...table(
      `By function (self time, top ${TOP})`,
      sums(({ name, url, line }) => `${name}  ${placeOf(url)}${url ? `:${line}` : ''}`).slice(0, TOP),
    ),
  ].join('\n');
}

function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, { frame: node.callFrame, us: 0 }]));
  samples.forEach((id, at) => (byId.get(id).us += timeDeltas[at]));
  // The inspector's own work when the profile is taken.
  const isProbe = ({ functionName, url }) => functionName === 'dispatch' && url === '';
  return [...byId.values()]
    .filter(({ frame }) => !isProbe(frame))
    .map(({ frame, us }) => ({
      name: frame.functionName || '(anonymous)',
      url: frame.url,
      line: frame.lineNumber + 1,
      generated: frame.url === '' && frame.scriptId !== '0',
      us,
    }));
}

function groupOf({ name, url, generated }) {
  if (generated) return 'generated code';
  if (url === '') return name.startsWith('(') && name !== '(anonymous)' ? name : 'native functions';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  const place = placeOf(url);
  const [, packageName] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url) ?? [];
  return packageName ?? place.split('/').slice(0, -1).join('/');
}

/** Without the folders above the package. */
function placeOf(url) {
  return url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
}
