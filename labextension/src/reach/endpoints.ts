// The commands about endpoints, for the palette and the panel's own buttons.

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { IContext } from '../context';
import { COMMANDS, confirmed } from './names';

/** Find the endpoint that a command is about; ask where it was not told. */
async function endpointOf(context: IContext, args: Record<string, unknown>, title: string): Promise<string | null> {
  if (typeof args.endpoint === 'string' && args.endpoint) {
    return args.endpoint;
  }
  const { client, overview } = context.store;
  const names = (overview ?? (await client.overview())).endpoints.map(one => one.name);
  if (!names.length) {
    await showDialog({ title, body: context.trans.__('There is no endpoint yet.'), buttons: [Dialog.okButton()] });
    return null;
  }
  return (await InputDialog.getItem({ title, items: names })).value;
}

export function addEndpointCommands(context: IContext): void {
  const { actions, commands, settings, store, trans } = context;
  commands.addCommand(COMMANDS.createEndpoint, {
    label: trans.__('Create an Endpoint…'),
    caption: trans.__('One address for several deployments'),
    execute: async () => {
      const title = trans.__('Name of the endpoint');
      const { value } = await InputDialog.getText({ title, placeholder: trans.__('3 to 32 letters, digits and -') });
      const endpoint = value?.trim();
      return endpoint
        ? actions.announce(trans.__('Creating endpoint %1', endpoint), 'endpoint', { action: 'create', endpoint })
        : null;
    }
  });
  commands.addCommand(COMMANDS.deployTo, {
    label: trans.__('Deploy to an Endpoint…'),
    execute: async args => {
      const title = trans.__('Deploy to an Endpoint');
      const endpoint = await endpointOf(context, args, title);
      const scripts = (store.overview ?? (await store.client.overview())).scripts;
      if (!endpoint) {
        return;
      }
      if (!scripts.length) {
        const body = trans.__('There is no stored script yet. In a notebook, %1 above a run(data) makes one.', '%%score_script NAME');
        await showDialog({ title, body, buttons: [Dialog.okButton()] });
        return;
      }
      const script = (await InputDialog.getItem({ title: trans.__('Script that it serves'), items: scripts })).value;
      const there = store.overview?.endpoints.find(one => one.name === endpoint)?.deployments ?? [];
      const free = ['blue', 'green'].find(name => !there.some(one => one.name === name)) ?? '';
      const named = script && (await InputDialog.getText({ title: trans.__('Name of the deployment'), text: free })).value;
      const deployment = named && named.trim();
      if (script && deployment) {
        const what = trans.__('Deploying %1 to %2', deployment, endpoint);
        const target = settings.defaultTarget ? { target: settings.defaultTarget } : {};
        await actions.run(`endpoint ${endpoint}`, what, 'deploy', { service: script, endpoint, deployment, ...target });
      }
    }
  });
  commands.addCommand(COMMANDS.removeEndpoint, {
    label: trans.__('Delete an Endpoint…'),
    execute: async args => {
      const endpoint = await endpointOf(context, args, trans.__('Delete an Endpoint'));
      const body = trans.__('Its deployments, its keys and their logs go with it. Models and scripts stay.');
      if (endpoint && (await confirmed(trans, trans.__('Delete endpoint %1?', endpoint), body, trans.__('Delete')))) {
        const what = trans.__('Deleting %1', endpoint);
        await actions.run(`endpoint ${endpoint}`, what, 'endpoint', { action: 'delete', endpoint }, true);
      }
    }
  });
}
