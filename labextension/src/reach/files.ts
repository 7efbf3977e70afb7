// Files in Lab's browser: a script becomes a service, a model's file a version of a model.

import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { IContext } from '../context';
import { COMMANDS } from './names';

const SCRIPTS = new Set(['.py']);
const MODELS = new Set(['.pkl', '.joblib', '.onnx']);

/** Make a name for a service or a model of a file's. */
export function nameOf(path: string): string {
  const stem = PathExt.basename(path, PathExt.extname(path));
  return stem.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'model';
}

export function addFileCommands(context: IContext, browser: IFileBrowserFactory | null): void {
  const { actions, commands, settings, trans } = context;
  const selected = (endings: Set<string>, args: Record<string, unknown>): string => {
    if (typeof args.path === 'string') {
      return args.path;
    }
    const items = [...(browser?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 && endings.has(PathExt.extname(items[0].path)) ? items[0].path : '';
  };
  commands.addCommand(COMMANDS.deployScript, {
    label: trans.__('Deploy as Entry Script…'),
    isVisible: args => selected(SCRIPTS, args) !== '',
    execute: async args => {
      const path = selected(SCRIPTS, args);
      const title = trans.__('Deploy %1', PathExt.basename(path));
      const service = path && (await InputDialog.getText({ title, label: trans.__('Name of the service'), text: nameOf(path) })).value;
      if (service) {
        const target = settings.defaultTarget ? { target: settings.defaultTarget } : {};
        await actions.announce(trans.__('Deploying %1', service), 'deploy', { service, script: path, ...target });
      }
    }
  });
  commands.addCommand(COMMANDS.registerFile, {
    label: trans.__('Register Model…'),
    isVisible: args => selected(MODELS, args) !== '',
    execute: async args => {
      const path = selected(MODELS, args);
      const title = trans.__('Register %1', PathExt.basename(path));
      const name = path && (await InputDialog.getText({ title, label: trans.__('Name of the model'), text: nameOf(path) })).value;
      if (name) {
        await actions.announce(trans.__('Registering %1', name), 'register', { name, source: path });
      }
    }
  });
}
