// Files in Lab's browser: a script becomes a service, a model's file a version of a model.

import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { IContext } from '../context';
import { COMMANDS } from './names';

const SCRIPTS = new Set(['.py']);
// In any case: a script's ending is part of its name as a module, a model's is not.
const MODELS = new Set(['.pkl', '.joblib', '.onnx']);

function endingOf(path: string): string {
  const ending = PathExt.extname(path);
  return MODELS.has(ending.toLowerCase()) ? ending.toLowerCase() : ending;
}

/** Make a name for a service or a model of a file's. */
export function nameOf(path: string): string {
  const stem = PathExt.basename(path, PathExt.extname(path));
  return stem.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'model';
}

export function addFileCommands(context: IContext, browser: IFileBrowserFactory | null): void {
  const { actions, commands, settings, trans } = context;
  /** The files that a command is about, below the server's root; none if one of those that are selected does not fit. */
  const selected = (endings: Set<string>, args: Record<string, unknown>): string[] => {
    if (typeof args.path === 'string') {
      return [args.path];
    }
    const shown = browser?.tracker.currentWidget;
    const items = [...(shown?.selectedItems() ?? [])];
    const fits = items.every(({ path, type }) => type !== 'directory' && endings.has(endingOf(path)));
    return shown && fits ? items.map(({ path }) => shown.model.manager.services.contents.localPath(path)) : [];
  };
  /** Ask for a name for each file; what was cancelled, and what is behind it, is not done. */
  const each = async (
    paths: string[],
    title: (name: string) => string,
    label: string,
    act: (name: string, path: string) => Promise<unknown>
  ): Promise<void> => {
    for (const path of paths) {
      const asked = await InputDialog.getText({ title: title(PathExt.basename(path)), label, text: nameOf(path) });
      const name = asked.value?.trim();
      if (!name) {
        return;
      }
      // Not a name that a shell would look up in another user's home.
      await act(name, `./${path}`);
    }
  };
  commands.addCommand(COMMANDS.deployScript, {
    label: trans.__('Deploy as Entry Script…'),
    isVisible: args => selected(SCRIPTS, args).length > 0,
    execute: args => {
      const target = settings.defaultTarget ? { target: settings.defaultTarget } : {};
      return each(
        selected(SCRIPTS, args),
        name => trans.__('Deploy %1', name),
        trans.__('Name of the service; one of that name takes this script'),
        (service, script) => actions.announce(trans.__('Deploying %1', service), 'deploy', { service, script, ...target })
      );
    }
  });
  commands.addCommand(COMMANDS.registerFile, {
    label: trans.__('Register Model…'),
    isVisible: args => selected(MODELS, args).length > 0,
    execute: args =>
      each(
        selected(MODELS, args),
        name => trans.__('Register %1', name),
        trans.__('Name of the model; one of that name gets a next version'),
        (name, source) => actions.announce(trans.__('Registering %1', name), 'register', { name, source })
      )
  });
}
