import { AbstractActor } from '@dapr/dapr';
import { BLANK, recall, remember, type AgentMemory } from './agentMemory.js';
import { answerAsBuiltin, DaprRequest, type DaprReply } from './answerAsBuiltin.js';

/** An actor type's methods, as its callers see them. */
export interface MeshAgentMethods {
  /** The same attempt again is answered with the same reply, and neither computed nor counted again. */
  answer(request: unknown): Promise<DaprReply>;
  /** What it remembers. */
  memory(): Promise<AgentMemory>;
}

const KEY = 'memory';

/**
 * The actor type MeshAgent: an agent whose memory is in Dapr's state store. Dapr lets one call in at a time, in the whole cluster, so
 * that no two calls count at once. The SDK makes its actors itself, from a class of this name; what they need is closed over.
 */
export function meshAgentActor({ builtin, clock }: { builtin: string; clock: () => number }) {
  return class MeshAgent extends AbstractActor implements MeshAgentMethods {
    async answer(request: unknown): Promise<DaprReply> {
      const parsed = DaprRequest.safeParse(request);
      if (!parsed.success) return { error: { message: 'the request has no attemptId, taskId or model.id' } };
      const { attemptId, taskId } = parsed.data;
      const memory = await this.memory();
      const known = recall(memory, attemptId);
      if (known) return known;
      const reply = answerAsBuiltin(builtin, parsed.data);
      await this.keep(remember(memory, { attemptId, taskId, at: new Date(clock()).toISOString(), reply }));
      return reply;
    }

    async memory(): Promise<AgentMemory> {
      const [found, memory] = await this.getStateManager<AgentMemory>().tryGetState(KEY);
      return found && memory ? memory : BLANK;
    }

    /** Saved before the caller is answered. What could not be saved is not remembered either: the SDK would take it for saved. */
    async keep(memory: AgentMemory): Promise<void> {
      const state = this.getStateManager<AgentMemory>();
      await state.setState(KEY, memory);
      await state.saveState().catch(async (cause: unknown) => {
        await state.clearCache();
        throw cause;
      });
    }
  };
}
