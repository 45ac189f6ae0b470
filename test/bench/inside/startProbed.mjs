import { fileURLToPath } from 'node:url';
import { startGateway } from '../gateways/startGateway.mjs';

const probe = fileURLToPath(new URL('probe.mjs', import.meta.url));

/** Our gateway with the probe in it; `ask(task)` has one of its tasks done. A value of MESH_SHARING that this build refuses is left out. */
export async function startProbed(contestant) {
  const command = (port) => {
    const [node, ...args] = contestant.command(port);
    return [node, '--import', probe, ...args];
  };
  const start = (env) => startGateway({ ...contestant, command, env, probe: true });
  const gateway = await start(contestant.env).catch((error) => {
    if (!error.message.includes('MESH_SHARING')) throw error;
    return start((port) => ({ ...contestant.env(port), MESH_SHARING: '' }));
  });
  const ask = (task) =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the gateway ${gateway.problem()}`));
      const heard = (message) => {
        if (message.task !== task) return;
        gateway.child.off('message', heard).off('exit', ended);
        resolve(message.result);
      };
      gateway.child.on('message', heard).once('exit', ended);
      gateway.child.send(task);
    });
  return { ...gateway, ask };
}
