// The few messages of Streamlit's component protocol that we use, spoken directly.

function send(type, fields) {
  window.parent.postMessage({ isStreamlitMessage: true, type, ...fields }, "*");
}

/** Calls `render({args, theme})` whenever the page's script ran. */
export function connect(render) {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.type !== "streamlit:render") return;
    render({ args: event.data.args ?? {}, theme: event.data.theme ?? null });
  });
  send("streamlit:componentReady", { apiVersion: 1 });
}

/** Tells the page's script what was clicked. The stamp makes a second click on the same thing a new event. */
export function report(kind, id, more = {}) {
  send("streamlit:setComponentValue", { dataType: "json", value: { kind, id, ...more, stamp: Date.now() } });
}

/** Gives the frame the height that its content has. */
export function resize(height) {
  send("streamlit:setFrameHeight", { height });
}
