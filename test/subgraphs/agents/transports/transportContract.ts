import { afterEach, describe, expect, it } from 'vitest';
import type { AgentTransport } from '../../../../subgraphs/agents/transports/AgentTransport.js';
import { agentCall, type CallParts } from '../../../support/agentCall.js';
import type { Behaviour, Endpoint } from '../../../support/serveEndpoint.js';

/** One adapter and the other side that it talks to. */
export interface TransportUnderTest {
  readonly transport: AgentTransport;
  /** What of a call leads to the other side. */
  readonly parts: CallParts;
  /** A call that is answered with "4" or "Four.", and what it used. */
  readonly answered: { readonly usage: object };
  /** A call that the other side refuses honestly. */
  readonly refused: CallParts;
  /** Null: there is no other side that could break. */
  readonly remote: {
    readonly endpoint: Endpoint;
    /** The good behaviour. */
    readonly answers: Behaviour;
    readonly cannot: Behaviour;
    readonly hangs: Behaviour;
    readonly breaks: readonly Behaviour[];
    readonly floods: Behaviour;
  } | null;
  close(): Promise<void>;
}

/** What the runner relies on, for every adapter. */
export function transportContract(name: string, open: () => Promise<TransportUnderTest>): void {
  describe(`the ${name} transport`, () => {
    const opened: TransportUnderTest[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });
    const start = async (): Promise<TransportUnderTest> => {
      const under = await open();
      opened.push(under);
      return under;
    };

    it('answers, and says what was used', async () => {
      const { transport, parts, answered } = await start();
      const result = await transport.call(agentCall(parts));
      expect(result).toMatchObject({ kind: 'answered', usage: answered.usage });
      expect(result.kind === 'answered' && result.answer.text).toMatch(/4|Four/);
    });

    it('tells an honest refusal from a breakdown', async () => {
      const { transport, parts, refused, remote } = await start();
      remote?.endpoint.behave(remote.cannot);
      const result = await transport.call(agentCall({ ...parts, ...refused }));
      expect(result).toMatchObject({ kind: 'failed', brokeDown: false, message: expect.stringMatching(/.+/) });
      for (const breaks of remote?.breaks ?? []) {
        remote!.endpoint.behave(breaks);
        expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'failed', usage: null, brokeDown: true });
      }
    });

    it('settles at once when it is aborted, and lets go of the connection', async () => {
      const { transport, parts, remote } = await start();
      if (!remote) return;
      remote.endpoint.behave(remote.hangs);
      const controller = new AbortController();
      const calling = transport.call(agentCall({ ...parts, signal: controller.signal }));
      const request = await remote.endpoint.nextRequest();
      const abortedAt = performance.now();
      controller.abort();
      expect(await calling).toMatchObject({ kind: 'failed', usage: null });
      expect(performance.now() - abortedAt).toBeLessThan(1_000);
      await request.disconnected;
      remote.endpoint.behave(remote.answers);
      expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'answered' });
    });

    it('does not begin when it is aborted already', async () => {
      const { transport, parts, remote } = await start();
      if (!remote) return;
      expect(await transport.call(agentCall({ ...parts, signal: AbortSignal.abort() }))).toMatchObject({
        kind: 'failed',
        usage: null,
      });
      expect(remote.endpoint.requests).toHaveLength(0);
    });

    it('takes no more than is allowed', async () => {
      const { transport, parts, remote } = await start();
      if (!remote) return;
      remote.endpoint.behave(remote.floods);
      expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'failed', usage: null, brokeDown: true });
    });

    it('finds nobody at an endpoint that is down, and does not reject', async () => {
      const { transport, parts, remote } = await start();
      if (!remote) return;
      await remote.endpoint.close();
      expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'failed', usage: null, brokeDown: true });
    });
  });
}

/** Writes until the other side has had enough. */
export function flood(contentType: string): Behaviour {
  return ({ response }) => {
    response.writeHead(200, { 'content-type': contentType });
    const piece = `data: {"id":"${'x'.repeat(64 * 1024)}"}\n\n`;
    const pour = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', pour);
    pour();
  };
}
