// Search of a site opened from a folder: browsers start no worker from file://, so its script runs
// in a hidden frame instead. Ours, since the theme would fetch such a one from the network.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.documentElement.append(frame);
      this.inside = frame.contentWindow;
      this.frame = frame;
      this.inside.postMessage = (data) =>
        this.dispatchEvent(new MessageEvent("message", { data }));
      this.inside.importScripts = (...names) => Promise.all(names.map((name) => this.load(name)));
      this.ready = this.load(new URL(address, location.href).href);
    }

    load(name) {
      const page = this.inside.document;
      const script = page.createElement("script");
      script.src = name;
      return new Promise((done, failed) => {
        script.onload = done;
        script.onerror = () => failed(new Error(`cannot load ${name}`));
        page.head.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;
}
