// "Serve this model…": the cells that serve a variable of the notebook.

import { InputDialog, type ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IContext } from '../context';
import { nameOf } from './files';
import { COMMANDS } from './names';

const LOAD = '%load_ext jupyter_deploy';
// Not the line magic: after it, the user's own line would say that the extension is loaded already. Where it is loaded,
// settings that %config has changed stay.
const QUIET_LOAD =
  "get_ipython().find_cell_magic('score_script') or __import__('jupyter_deploy').load_ipython_extension(get_ipython())";
/** Milliseconds. */
const PATIENCE = 1500;
const OURS = "__import__('jupyter_deploy.magics', fromlist=['magics'])";

/** What a kernel answered; `why` is why there is no answer. */
interface IAnswer {
  found: string[] | null;
  why: 'none' | 'busy' | 'missing' | '';
}

/** Ask the package in a notebook's kernel; one that runs a cell does not answer in time. */
async function asked(panel: NotebookPanel, call: string, patience: number): Promise<IAnswer> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel || kernel.status === 'dead') {
    return { found: null, why: 'none' };
  }
  const request = { code: '', silent: true, store_history: false, user_expressions: { asked: `${OURS}.${call}` } };
  const late = new Promise<null>(resolve => window.setTimeout(() => resolve(null), patience));
  const reply = await Promise.race([kernel.requestExecute(request).done.catch(() => null), late]);
  if (!reply) {
    return { found: null, why: 'busy' };
  }
  const content = reply.content as { user_expressions?: Record<string, unknown> };
  const answer = content.user_expressions?.asked as { ename?: string; data?: Record<string, unknown> } | undefined;
  const found = answer?.data?.['application/json'];
  const why = answer?.ename === 'ModuleNotFoundError' ? 'missing' : '';
  return { found: Array.isArray(found) ? found.map(String) : null, why };
}

/** The cells that serve a variable of which the kernel tells nothing. */
function plainCells(variable: string, service: string): string[] {
  return [
    `%%score_script ${service}\ndef run(rows):\n    return ${variable}.predict(rows)`,
    `%deploy ${service}`,
    `%invoke ${service} [[0, 0]]`
  ];
}

function labelOf({ found, why }: IAnswer, trans: TranslationBundle): string {
  if (found?.length) {
    return trans.__('Variable of the notebook');
  }
  return {
    none: trans.__('Variable of the notebook; it has no kernel that could be asked'),
    busy: trans.__('Variable of the notebook; the kernel is busy, so it was not asked'),
    missing: trans.__("Variable of the notebook; the kernel's environment has no jupyter_deploy yet"),
    '': trans.__('Variable of the notebook; the kernel has no model yet')
  }[why];
}

async function ask(panel: NotebookPanel, trans: TranslationBundle): Promise<{ variable: string; service: string } | null> {
  const answer = await asked(panel, 'models_here()', PATIENCE);
  const title = trans.__('Serve This Model');
  const label = labelOf(answer, trans);
  const variable = answer.found?.length
    ? (await InputDialog.getItem({ title, label, items: answer.found, editable: true })).value?.trim()
    : (await InputDialog.getText({ title, label, text: 'model' })).value?.trim();
  if (!variable) {
    return null;
  }
  const text = nameOf(variable);
  const given = (await InputDialog.getText({ title, label: trans.__('Name of the service'), text })).value?.trim();
  // The magics read their line as a shell does.
  return given ? { variable, service: /[\s'"\\]/.test(given) ? nameOf(given) : given } : null;
}

export function addServe(context: IContext, notebooks: INotebookTracker): void {
  const { commands, settings, trans } = context;
  commands.addCommand(COMMANDS.serve, {
    label: trans.__('Serve This Model…'),
    caption: trans.__('Insert the cells that serve a variable of this notebook'),
    isEnabled: () => notebooks.currentWidget !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      const chosen = panel && (await ask(panel, trans));
      const model = panel?.content.model?.sharedModel;
      if (!panel || !chosen || !model) {
        return;
      }
      const { variable, service } = chosen;
      const call = `cells_here(${JSON.stringify(variable)}, ${JSON.stringify(service)})`;
      // A model may take its time to say what it takes.
      const written = await asked(panel, call, 5 * PATIENCE);
      const target = settings.defaultTarget ? ` --target ${settings.defaultTarget}` : '';
      const sources = (written.found ?? plainCells(variable, service)).map(source =>
        source.startsWith('%deploy ') ? source + target : source
      );
      // They need the magics, which are loaded once in a notebook.
      const isLoaded = model.cells.some(cell => cell.getSource().split('\n').some(line => line.trim() === LOAD));
      const cells = (isLoaded ? sources : [LOAD, ...sources]).map(source => ({ cell_type: 'code' as const, source, metadata: { trusted: true } }));
      const place = panel.content.activeCellIndex + 1;
      model.insertCells(place, cells);
      panel.content.activeCellIndex = place;
    }
  });
}

/** Load the magics in new and restarted Python kernels, where the user wants it. */
export function loadInKernels(notebooks: INotebookTracker, isWanted: () => boolean): void {
  const load = async (kernel: Kernel.IKernelConnection, path: string): Promise<void> => {
    if (!isWanted() || (await kernel.info).language_info.name !== 'python') {
      return;
    }
    try {
      const { content } = await kernel.requestExecute({ code: QUIET_LOAD, silent: true, store_history: false }).done;
      if (content.status === 'error') {
        // The kernel's environment has no such package: the first magic in a cell says so as well.
        console.warn(`jupyter-model-deploy: ${LOAD} failed in the kernel of ${path}: ${content.evalue}`);
      }
    } catch {
      // The kernel has ended, or is restarted again.
    }
  };
  const begun = (session: ISessionContext, path: string): void => {
    const kernel = session.session?.kernel;
    if (kernel) {
      // Lab forgets what was sent to a kernel right after it says that the kernel restarts.
      void Promise.resolve().then(() => load(kernel, path));
    }
  };
  notebooks.widgetAdded.connect((_, panel) => {
    const { sessionContext: session, context } = panel;
    session.kernelChanged.connect(() => begun(session, context.path));
    session.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        begun(session, context.path);
      }
    });
  });
}
