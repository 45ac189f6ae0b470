import { expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../subgraphs/shared/money.js';
import { dataOf, send, socketClient, watch } from './graphqlClient.js';
import { eventually } from './meshContract.js';
import { startMeshProcess } from './meshProcess.js';

/** What any running mesh with the demo fleet does about the quality and the costs of work. The last of it changes whom routing chooses. */
export function qualityContract(urlOf: () => string): void {
  const ask = (input: object) =>
    dataOf<{ ask: { text: string; task: { id: string } } }>(
      urlOf(),
      `query ($input: TaskInput!) { ask(input: $input) { text task { id } } }`,
      { input: { taskClass: 'math.arithmetic', ...input } },
    );

  it('marks an answer against the reference that came with the task, and agents never see that', async () => {
    const right = await ask({ prompt: '6 * 7', reference: '42.0' });
    const wrong = await ask({ prompt: '6 * 7', reference: '54' });
    expect(wrong.ask.text).toBe(right.ask.text);
    const seenBy = async (token: string) => {
      const query = `query ($id: ID!) { task(id: $id) { input } }`;
      return (await dataOf<{ task: { input: object } }>(urlOf(), query, { id: wrong.ask.task.id }, token)).task.input;
    };
    expect(await seenBy('dev-viewer')).toMatchObject({ prompt: '6 * 7', reference: '54' });
    expect(await seenBy('dev-agent:abacus')).toMatchObject({ prompt: '6 * 7' });
    expect(await seenBy('dev-agent:abacus')).not.toHaveProperty('reference');
    for (const [{ ask: asked }, passed] of [
      [right, true],
      [wrong, false],
    ] as const) {
      const { task } = await eventually(
        () =>
          dataOf<{ task: { evaluations: { metric: string }[] } }>(
            urlOf(),
            `query ($id: ID!) { task(id: $id) { evaluations { metric passed evaluator explanation } } }`,
            { id: asked.task.id },
          ),
        (data) => data.task.evaluations.length === 2,
      );
      expect(task.evaluations.find(({ metric }) => metric === 'numeric')).toMatchObject({ passed, evaluator: 'sums-are-right' });
    }
  });

  it('tells of evaluations as they are made, with the work that they are about', async () => {
    const socket = socketClient(urlOf());
    const results = watch<{ evaluationResults: { cursor: string; passed: boolean; evaluation: { metric: string } } }>(
      socket,
      `subscription { evaluationResults(taskClass: "math.arithmetic") { cursor at passed score
         evaluation { metric taskClass evaluator task { id } agent { id name } model { id } } } }`,
    );
    const marked = results.until(({ evaluationResults }) => evaluationResults.evaluation.metric === 'numeric');
    await whileWaiting(marked, () => ask({ prompt: '8 + 8', reference: '17' }));
    expect((await marked).at(-1)).toMatchObject({
      evaluationResults: {
        passed: false,
        score: 0,
        evaluation: { taskClass: 'math.arithmetic', task: { id: expect.any(String) }, agent: { name: expect.any(String) } },
      },
    });
    await socket.dispose();
  });

  it('tells of the money of a budget as it moves', async () => {
    const socket = socketClient(urlOf());
    const results = watch<{ budgetEvents: { kind: string; percentUsed: number; budget: { id: string } } }>(
      socket,
      `subscription { budgetEvents(budgetId: "demo-daily") { cursor at kind percentUsed budget { id limitUsd spentUsd } } }`,
    );
    const moved = results.take(1);
    await whileWaiting(moved, () => ask({ prompt: '9 + 9' }));
    const [event] = await moved;
    expect(event).toMatchObject({ budgetEvents: { kind: 'WITHIN', budget: { id: 'demo-daily', limitUsd: '5' } } });
    expect(event!.budgetEvents.percentUsed).toBeGreaterThan(0);
    await socket.dispose();
  });

  it('keeps evaluations and money from who may not see them', async () => {
    for (const field of ['evaluationResults { cursor }', 'budgetEvents { cursor }']) {
      const socket = socketClient(urlOf(), 'dev-viewer');
      await expect(watch(socket, `subscription { ${field} }`).take(1)).rejects.toMatchObject([
        { extensions: { code: 'FORBIDDEN' } },
      ]);
      await socket.dispose();
    }
    for (const field of ['leaderboard { agent { id } }', 'evaluators { totalCount }', 'ledger { totalCount }']) {
      const answer = await send(urlOf(), `{ ${field} }`, {}, 'dev-viewer');
      expect(answer.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const refused = await send(
      urlOf(),
      `mutation { evaluatorSet(input: { id: "e", taskClass: "c", kind: NUMERIC }) { userErrors { code } } }`,
      {},
      'dev-analyst',
    );
    expect(refused).toMatchObject({ data: { evaluatorSet: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it('exports what was spent to the last digit', async () => {
    const to = new Date().toISOString();
    const spent = async (): Promise<string> => {
      const { spend } = await dataOf<{ spend: { usd: string }[] }>(
        urlOf(),
        `query ($to: DateTime) { spend(groupBy: TENANT, to: $to) { usd } }`,
        { to },
      );
      return spend[0]!.usd;
    };
    const exported = await eventually(
      async () => {
        const env = { MESH_URL: urlOf(), MESH_TOKEN: 'dev-admin' };
        const command = startMeshProcess(['costs', 'export', '--to', to, '--format', 'csv'], env);
        const before = await spent();
        expect(await command.exited(), command.output()).toBe(0);
        // Usage still on its way changes both; then it is compared again.
        return { before, after: await spent(), text: command.output() };
      },
      ({ before, after }) => before === after,
    );
    const rows = exported.text.split('\r\n').slice(1, -1);
    const sum = rows.reduce((total, row) => total + parseUsd(row.split(',')[0]!), 0n);
    expect(rows.length).toBeGreaterThan(10);
    expect(formatUsd(sum)).toBe(exported.after);
  });

  it('sends work elsewhere once a cheap model is found wrong, and says why', async () => {
    type Preview = {
      routePreview: {
        model: { id: string };
        reasons: string[];
        rejected: { code: string; reason: string; model: { id: string } | null }[];
      };
    };
    const preview = () =>
      dataOf<Preview>(
        urlOf(),
        `{ routePreview(input: { taskClass: "math.arithmetic", prompt: "5 + 5" }) { model { id } reasons rejected { code reason model { id } } } }`,
      );
    expect((await preview()).routePreview.model.id).toBe('local/arithmetic-small');
    for (let n = 0; n < 40; n++)
      await Promise.all(
        ['abacus', 'mathematician'].map((agentId) =>
          ask({ prompt: `${n} + 1`, reference: 'minus 1', agentId, modelId: 'local/arithmetic-small', latencyClass: 'BATCH' }),
        ),
      );
    const { routePreview } = await eventually(preview, (data) => data.routePreview.model.id === 'local/arithmetic-large');
    const small = routePreview.rejected.filter(({ model }) => model?.id === 'local/arithmetic-small');
    expect(small.map(({ code }) => code)).toContain('BELOW_QUALITY');
    expect(small.map(({ reason }) => reason).join()).toMatch(
      /its expected quality is 0\.[0-5]\d after \d+ results, and 0\.6 is wanted/,
    );
    const { leaderboard } = await dataOf<{ leaderboard: { agent: { id: string }; quality: { upperBound: number } }[] }>(
      urlOf(),
      `{ leaderboard(taskClass: "math.arithmetic", order: WORST) { agent { id } quality { samples lowerBound upperBound } } }`,
    );
    expect(leaderboard.map(({ agent }) => agent.id)).toEqual(expect.arrayContaining(['abacus', 'mathematician']));
    expect(leaderboard[0]!.quality.upperBound).toBeLessThanOrEqual(leaderboard[1]!.quality.upperBound);
  });
}

/** Does it again and again until `awaited` has come: a subscription does not say when it is open. */
async function whileWaiting(awaited: Promise<unknown>, act: () => Promise<unknown>): Promise<void> {
  let over = false;
  const end = (): void => void (over = true);
  awaited.then(end, end);
  while (!over) {
    await act();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
