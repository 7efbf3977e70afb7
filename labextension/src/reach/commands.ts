// The commands about services, for the palette, the launcher, menus and the panel's own buttons.

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { IContext } from '../context';
import { modelsOf } from '../text';
import { addEndpointCommands } from './endpoints';
import { COMMANDS, confirmed } from './names';

interface IDoing {
  id: string;
  label: string;
  doing: (name: string) => string;
  verb: string;
}

/** Find the service that a command is about; ask where it was not told. A log may be that of a failed deployment. */
export async function serviceOf(
  context: IContext,
  args: Record<string, unknown>,
  title: string,
  isLog = false
): Promise<string | null> {
  if (typeof args.service === 'string' && args.service) {
    return args.service;
  }
  const { client, overview } = context.store;
  const { trans } = context;
  const names = (overview ?? (await client.overview())).services.map(one => one.name);
  if (isLog) {
    const label = trans.__('A service, or a name whose first deployment has failed');
    return (await InputDialog.getItem({ title, label, items: names, editable: true })).value?.trim() || null;
  }
  if (!names.length) {
    await showDialog({ title, body: trans.__('There is no service yet.'), buttons: [Dialog.okButton()] });
    return null;
  }
  return (await InputDialog.getItem({ title, items: names })).value;
}

export function addCommands(context: IContext): void {
  const { actions, commands, trans } = context;
  const simple: IDoing[] = [
    { id: COMMANDS.start, label: trans.__('Start a Service…'), doing: name => trans.__('Starting %1', name), verb: 'deploy' },
    { id: COMMANDS.reload, label: trans.__('Reload a Service…'), doing: name => trans.__('Reloading %1', name), verb: 'reload' }
  ];
  for (const { id, label, doing, verb } of simple) {
    commands.addCommand(id, {
      label,
      execute: async args => {
        const service = await serviceOf(context, args, label);
        return service && (await actions.run(`service ${service}`, doing(service), verb, { service }));
      }
    });
  }
  commands.addCommand(COMMANDS.refresh, {
    label: trans.__('Refresh the Panel'),
    execute: () => context.store.refresh()
  });
  addEnding(context, commands);
  addEndpointCommands(context);
  addVersion(context, commands);
}

function addEnding(context: IContext, commands: CommandRegistry): void {
  const { actions, trans } = context;
  commands.addCommand(COMMANDS.stop, {
    label: trans.__('Stop a Service…'),
    execute: async args => {
      const service = await serviceOf(context, args, trans.__('Stop a Service'));
      const body = trans.__('It finishes its present requests and answers no others.');
      if (service && (await confirmed(trans, trans.__('Stop %1?', service), body, trans.__('Stop')))) {
        await actions.run(`service ${service}`, trans.__('Stopping %1', service), 'stop', { service }, true);
      }
    }
  });
  commands.addCommand(COMMANDS.remove, {
    label: trans.__('Delete a Service…'),
    execute: async args => {
      const service = await serviceOf(context, args, trans.__('Delete a Service'));
      const body = trans.__('Its log and what it has collected go with it. Its models and its script stay.');
      if (service && (await confirmed(trans, trans.__('Delete %1?', service), body, trans.__('Delete')))) {
        await actions.run(`service ${service}`, trans.__('Deleting %1', service), 'delete', { service }, true);
      }
    }
  });
}

function addVersion(context: IContext, commands: CommandRegistry): void {
  const { actions, store, trans } = context;
  commands.addCommand(COMMANDS.version, {
    label: trans.__('Serve Another Model Version…'),
    execute: async args => {
      const title = trans.__('Serve Another Version');
      const name = await serviceOf(context, args, title);
      const service = store.overview?.services.find(one => one.name === name);
      if (!name || !service) {
        return;
      }
      const served = modelsOf(service);
      const models = [...new Set(served.map(one => one.split(':')[0]))];
      const found = await Promise.all(models.map(one => store.client.model(one)));
      const items = found.flatMap(one => one.versions.map(version => version.id)).filter(id => !served.includes(id));
      if (!items.length) {
        actions.tell(`service ${name}`, trans.__('There is no other version of %1.', models.join(', ')));
        return;
      }
      const chosen = (await InputDialog.getItem({ title: trans.__('Version that %1 serves', name), items })).value;
      if (chosen) {
        await actions.run(`service ${name}`, trans.__('Loading %1', chosen), 'reload', { service: name, model: chosen });
      }
    }
  });
}
