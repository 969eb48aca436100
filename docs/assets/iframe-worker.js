/* Search from a disk: browsers start no worker there, so its script runs in a hidden frame. */
if (location.protocol === "file:") {
  // Its script looks for this name, and then for its own address.
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.appendChild(frame);
      const inside = frame.contentWindow;
      this.ready = new Promise((resolve) => {
        const begin = () => {
          const page = inside.document;
          inside.postMessage = (data) => {
            const message = new MessageEvent("message", { data });
            this.dispatchEvent(message);
            if (this.onmessage) this.onmessage(message);
          };
          const load = (source) =>
            new Promise((loaded, failed) => {
              const script = page.createElement("script");
              script.src = source;
              script.onload = loaded;
              script.onerror = failed;
              page.body.appendChild(script);
            });
          // In order: each language of the search needs the one before.
          inside.importScripts = (...sources) =>
            sources.reduce((before, source) => before.then(() => load(source)), Promise.resolve());
          load(String(url)).then(resolve);
        };
        begin();
      });
      this.inside = inside;
      this.frame = frame;
    }
    postMessage(data) {
      this.ready.then(() =>
        this.inside.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }))
      );
    }
    terminate() {
      this.frame.remove();
    }
  };
}
