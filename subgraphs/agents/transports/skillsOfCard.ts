import type { AgentCard } from '@a2a-js/sdk';
import type { AgentSkill } from '../agentStore.js';

const TASK_TAG = 'task:';

/** A card's skills as the mesh routes by them: each tag `task:<class>` is a task class; a skill without one is for the class of its id. */
export function skillsOfCard({ skills }: AgentCard): AgentSkill[] {
  return skills.map(({ id, name, tags }) => {
    const taskClasses = tags.filter((tag) => tag.startsWith(TASK_TAG)).map((tag) => tag.slice(TASK_TAG.length));
    return { id, name: name || id, tags, taskClasses: taskClasses.length > 0 ? taskClasses : [id] };
  });
}
