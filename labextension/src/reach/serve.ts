// "Serve this model…": the cells that serve a variable of the notebook.

import { InputDialog } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IContext } from '../context';
import { nameOf } from './files';
import { COMMANDS } from './names';

const LOAD = '%load_ext jupyter_deploy';
const NAMES =
  "[n for n, v in list(globals().items()) if not n.startswith('_') and not isinstance(v, type) and callable(getattr(v, 'predict', None))]";

/** Evaluate an expression in a notebook's kernel; its text is empty if it fails. */
async function evaluated(panel: NotebookPanel, expression: string): Promise<string> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel || kernel.status === 'busy') {
    return '';
  }
  const asked = { code: '', silent: true, store_history: false, user_expressions: { found: expression } };
  const reply = await kernel.requestExecute(asked).done;
  const content = reply.content as { user_expressions?: Record<string, unknown> };
  const found = content.user_expressions?.found as { status?: string; data?: Record<string, unknown> } | undefined;
  return found?.status === 'ok' ? String(found.data?.['text/plain'] ?? '') : '';
}

/** The cells that serve a variable, as text. */
export function cellsFor(variable: string, service: string, columns: number, target: string): string[] {
  const row = Array.from({ length: columns || 2 }, () => '0').join(', ');
  return [
    `%%score_script ${service}\ndef run(rows):\n    return ${variable}.predict(rows).tolist()`,
    `%deploy ${service}${target ? ` --target ${target}` : ''}`,
    `%invoke ${service} [[${row}]]`
  ];
}

async function ask(panel: NotebookPanel, trans: TranslationBundle): Promise<{ variable: string; service: string } | null> {
  const names = [...(await evaluated(panel, NAMES)).matchAll(/'([^']+)'/g)].map(found => found[1]);
  const title = trans.__('Serve This Model');
  const label = names.length
    ? trans.__('Variable of the notebook')
    : trans.__('Variable of the notebook; the kernel has none with a predict method yet');
  const variable = names.length
    ? (await InputDialog.getItem({ title, label, items: names, editable: true })).value?.trim()
    : (await InputDialog.getText({ title, label, text: 'model' })).value?.trim();
  if (!variable) {
    return null;
  }
  const text = nameOf(variable);
  const service = (await InputDialog.getText({ title, label: trans.__('Name of the service'), text })).value?.trim();
  return service ? { variable, service } : null;
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
      const columns = Number(await evaluated(panel, `int(getattr(${chosen.variable}, 'n_features_in_', 0))`)) || 0;
      const sources = cellsFor(chosen.variable, chosen.service, columns, settings.defaultTarget);
      // They need the magics, which are loaded once in a notebook.
      const isLoaded = model.cells.some(cell => cell.getSource().includes(LOAD));
      const cells = (isLoaded ? sources : [LOAD, ...sources]).map(source => ({ cell_type: 'code' as const, source, metadata: { trusted: true } }));
      const place = panel.content.activeCellIndex + 1;
      model.insertCells(place, cells);
      panel.content.activeCellIndex = place;
    }
  });
}

/** Load the magics in new Python kernels, where the user wants it. */
export function loadInKernels(notebooks: INotebookTracker, isWanted: () => boolean): void {
  notebooks.widgetAdded.connect((_, panel) => {
    panel.sessionContext.kernelChanged.connect((_session, { newValue }) => {
      if (!newValue || !isWanted()) {
        return;
      }
      void newValue.info.then(async info => {
        if (info.language_info.name !== 'python') {
          return;
        }
        const reply = await newValue.requestExecute({ code: LOAD, silent: true, store_history: false }).done;
        if (reply.content.status === 'error') {
          // The kernel's environment has no such package: the first magic in a cell says so as well.
          console.warn(`jupyter-model-deploy: ${LOAD} failed in the kernel of ${panel.context.path}: ${reply.content.evalue}`);
        }
      });
    });
  });
}
