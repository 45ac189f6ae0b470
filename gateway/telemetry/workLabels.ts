/** Who worked on what. All three are ids of the catalog: only what is registered there is ever routed to. */
export interface Work {
  readonly agentId: string;
  readonly modelId: string;
  readonly taskClass: string;
}

export interface WorkLabels extends Record<string, string> {
  readonly agent: string;
  readonly model: string;
  readonly task_class: string;
}

const OTHER: WorkLabels = { agent: 'other', model: 'other', task_class: 'other' };

/**
 * Labels for the first `max` combinations that are seen; all further ones count together as `other`, since every combination is a time
 * series, for each outcome again, that Prometheus keeps for ever.
 */
export function createWorkLabels(max: number): (work: Work) => WorkLabels {
  const known = new Map<string, WorkLabels>();
  return ({ agentId, modelId, taskClass }) => {
    const key = JSON.stringify([agentId, modelId, taskClass]);
    const found = known.get(key);
    if (found) return found;
    if (known.size >= max) return OTHER;
    const labels = { agent: agentId, model: modelId, task_class: taskClass };
    known.set(key, labels);
    return labels;
  };
}
