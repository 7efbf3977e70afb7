// Where a widget has room: JupyterLab has sides and a main area, Notebook a side and a lower area,
// and Notebook's list of files has tabs only.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { TabPanel, type Widget } from '@lumino/widgets';

/** Whether this page is Notebook's list of files. */
export function isList(): boolean {
  return PageConfig.getOption('notebookPage') === 'tree';
}

function tabsOf(app: JupyterFrontEnd): TabPanel | null {
  const found = isList() ? [...app.shell.widgets('main')].find(one => one instanceof TabPanel) : undefined;
  return (found as TabPanel | undefined) ?? null;
}

/** Add a widget to the shell's area; in the list of files, as one more tab. */
export function place(app: JupyterFrontEnd, widget: Widget, area: string, options?: { rank: number; type: string }): void {
  const tabs = tabsOf(app);
  if (tabs) {
    tabs.addWidget(widget);
  } else {
    app.shell.add(widget, area, options);
  }
}

/** Bring a widget to the front. */
export function reveal(app: JupyterFrontEnd, widget: Widget): void {
  const tabs = tabsOf(app);
  if (tabs?.widgets.includes(widget)) {
    tabs.currentWidget = widget;
    widget.activate();
  } else {
    app.shell.activateById(widget.id);
  }
}
