// The plugins of the extension. All but the application is optional, so that Notebook 7 loads what it can show.

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { Actions } from './actions';
import { endpointIn } from './api/client';
import { FACES, LiveFace } from './cards/face';
import { MIME, ServiceCard } from './cards/service';
import type { IContext } from './context';
import { InvokeView } from './documents/invoke';
import { LogView } from './documents/log';
import { VerbsView } from './documents/verbs';
import { Panel } from './panel/panel';
import { addCommands, serviceOf } from './reach/commands';
import { addFileCommands } from './reach/files';
import { COMMANDS } from './reach/names';
import { isList, place, reveal } from './reach/places';
import { addServe, loadInKernels } from './reach/serve';
import { StatusItem } from './reach/status';
import { storeOf } from './store';
import { LOGO } from './logo';
import { setTranslation } from './translation';
import { version } from './version';

const icon = new LabIcon({ name: 'jupyter-model-deploy:logo', svgstr: LOGO });
const ID = 'jupyter-model-deploy:panel';

/** What the plugins share. */
const IShared = new Token<IShared>('jupyter-model-deploy:IShared', 'The store and the actions of the panel.');
interface IShared extends IContext {
  loadInNewKernels: boolean;
}

const shared: JupyterFrontEndPlugin<IShared> = {
  id: ID,
  description: 'What is known of models and services, and the user\'s settings.',
  autoStart: true,
  provides: IShared,
  optional: [ISettingRegistry, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ): IShared => {
    const trans = (translator ?? nullTranslator).load('jupyter_model_deploy');
    setTranslation(trans);
    const store = storeOf(app.serviceManager, version);
    const actions = new Actions(store, trans);
    const settings = { defaultTarget: '' };
    const parts = { store, actions, commands: app.commands, trans, state, settings, loadInNewKernels: false };
    void registry
      ?.load(ID)
      .then(found => {
        const read = (): void => {
          const given = found.composite as { pollSeconds?: number; defaultTarget?: string; loadInNewKernels?: boolean };
          store.setPeriod(given.pollSeconds ?? 10);
          settings.defaultTarget = given.defaultTarget === 'auto' ? '' : given.defaultTarget ?? '';
          parts.loadInNewKernels = given.loadInNewKernels ?? false;
        };
        found.changed.connect(read);
        read();
      })
      .catch(error => console.warn(`jupyter-model-deploy: the settings cannot be read, so defaults hold: ${error}`));
    addCommands(parts);
    return parts;
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-model-deploy:side-panel',
  description: 'The side panel of models and services.',
  autoStart: true,
  requires: [IShared],
  optional: [ILayoutRestorer, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    parts: IShared,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ): void => {
    const { trans } = parts;
    const widget = new Panel(parts);
    widget.title.icon = icon;
    widget.title.caption = trans.__('Models and services');
    widget.node.setAttribute('role', 'region');
    widget.node.setAttribute('aria-label', trans.__('Models and services'));
    const add = (): void => place(app, widget, 'left', { rank: 600, type: trans.__('Models and Services') });
    if (isList()) {
      widget.title.label = trans.__('Models and Services');
      // Its tabs are there once all plugins are.
      void app.started.then(add);
    } else {
      add();
    }
    restorer?.add(widget, widget.id);
    app.commands.addCommand(COMMANDS.panel, {
      label: args => (args.isLauncher ? trans.__('Models and Services') : trans.__('Show the Panel of Models and Services')),
      caption: trans.__('All registered models and all services of this workspace'),
      icon,
      execute: () => reveal(app, widget)
    });
    launcher?.add({ command: COMMANDS.panel, args: { isLauncher: true }, category: trans.__('Other'), rank: 5 });
    for (const command of Object.values(COMMANDS)) {
      palette?.addItem({ command, category: trans.__('Model Deploy') });
    }
  }
};

const documents: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-model-deploy:documents',
  description: 'Logs and requests in the main area.',
  autoStart: true,
  requires: [IShared],
  optional: [ILayoutRestorer, ILabShell],
  activate: (app: JupyterFrontEnd, parts: IShared, restorer: ILayoutRestorer | null, lab: ILabShell | null): void => {
    const { trans } = parts;
    // Notebook's main area has room for the notebook only, and refuses more without a word.
    const area = lab ? 'main' : 'down';
    const kinds = [
      { command: COMMANDS.log, label: trans.__('Log'), long: trans.__('Show a Log…'), make: (name: string) => new LogView(parts, name) },
      { command: COMMANDS.invoke, label: trans.__('Invoke'), long: trans.__('Invoke a Service…'), make: (name: string) => new InvokeView(parts, name) }
    ];
    for (const { command, label, long, make } of kinds) {
      const tracker = new WidgetTracker<MainAreaWidget<Widget & { service: string }>>({ namespace: command.replace(':', '-') });
      app.commands.addCommand(command, {
        label: long,
        execute: async args => {
          const service = await serviceOf(parts, args, long, command === COMMANDS.log);
          if (!service) {
            return null;
          }
          let found = tracker.find(one => one.content.service === service);
          if (!found) {
            found = new MainAreaWidget({ content: make(service) });
            found.id = `${command.replace(':', '-')}-${service.replace('/', '-')}`;
            found.title.label = `${label}: ${endpointIn(service) || service}`;
            found.title.icon = icon;
            found.title.closable = true;
            await tracker.add(found);
          }
          if (!found.isAttached) {
            place(app, found, area);
          }
          reveal(app, found);
          return found;
        }
      });
      void restorer?.restore(tracker, {
        command,
        args: one => ({ service: one.content.service }),
        name: one => one.content.service
      });
    }
    addVerbs(app, parts, area);
  }
};

function addVerbs(app: JupyterFrontEnd, parts: IShared, area: string): void {
  const label = parts.trans.__('Run Any Verb…');
  let found: MainAreaWidget<VerbsView> | null = null;
  app.commands.addCommand(COMMANDS.verbs, {
    label,
    caption: parts.trans.__('What the command line does, with a form'),
    execute: () => {
      if (!found || found.isDisposed) {
        found = new MainAreaWidget({ content: new VerbsView(parts) });
        found.id = 'model-deploy-verbs';
        found.title.label = parts.trans.__('Verbs');
        found.title.icon = icon;
        found.title.closable = true;
        place(app, found, area);
      }
      reveal(app, found);
    }
  });
}

const notebooks: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-model-deploy:notebooks',
  description: 'Cells that serve a model of a notebook, and files that become models and services.',
  autoStart: true,
  requires: [IShared],
  optional: [INotebookTracker, IFileBrowserFactory],
  activate: (
    _app: JupyterFrontEnd,
    parts: IShared,
    tracker: INotebookTracker | null,
    browser: IFileBrowserFactory | null
  ): void => {
    addFileCommands(parts, browser);
    if (tracker) {
      addServe(parts, tracker);
      loadInKernels(tracker, () => parts.loadInNewKernels);
    }
  }
};

const status: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-model-deploy:status',
  description: 'The number of unhealthy services in the status bar.',
  autoStart: true,
  requires: [IShared],
  optional: [IStatusBar],
  activate: (_app: JupyterFrontEnd, parts: IShared, bar: IStatusBar | null): void => {
    bar?.registerStatusItem('jupyter-model-deploy:status', { item: new StatusItem(parts), align: 'left', rank: 90 });
  }
};

const cards: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-model-deploy:cards',
  description: 'What cells have shown, live without a kernel.',
  autoStart: true,
  requires: [IShared, IRenderMimeRegistry],
  activate: (_app: JupyterFrontEnd, parts: IShared, registry: IRenderMimeRegistry): void => {
    const html = (): IRenderMime.IRenderer => registry.createRenderer('text/html');
    const card = { safe: true, mimeTypes: [MIME], createRenderer: () => new ServiceCard(parts, html()) };
    const face = {
      safe: true,
      mimeTypes: Object.keys(FACES),
      createRenderer: ({ mimeType }: IRenderMime.IRendererOptions) => new LiveFace(parts, FACES[mimeType], html)
    };
    registry.addFactory(card, 10);
    registry.addFactory(face, 10);
  }
};

const plugins: JupyterFrontEndPlugin<unknown>[] = [shared, panel, documents, notebooks, status, cards];
export default plugins;
